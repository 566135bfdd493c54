#include "experiments/stated_sizes.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace theoremeter {
namespace {

constexpr std::int64_t most_layers = 1'000'000;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// "10,500,1000": the latent dimension and the widths of the layers.
std::vector<double> widths_said(const std::string& option, const std::string& text) {
  std::vector<double> widths;
  if (text.empty()) return widths;
  const std::string_view all(text);
  for (std::size_t begin = 0; begin <= all.size();) {
    const std::size_t end = std::min(all.find(',', begin), all.size());
    std::int64_t width = 0;
    const auto [stop, error] = std::from_chars(all.data() + begin, all.data() + end, width);
    if (error != std::errc() || stop != all.data() + end || width < 1)
      throw InputError(
          fmt::format("{} {}: must be positive whole numbers separated by commas, as 10,500,1000", option, text));
    widths.push_back(static_cast<double>(width));
    begin = end + 1;
  }
  if (widths.size() < 2)
    throw InputError(fmt::format("{} {}: must be the latent dimension and at least one width", option, text));
  return widths;
}

/// Sets a size that widths determine, or refuses what was said of it.
void determined(double& size, const std::string& option, double value, const std::string& by) {
  if (!std::isnan(size) && size != value)
    throw InputError(fmt::format("{} {}: contradicts {}, which makes it {}", option, size, by, value));
  size = value;
}

void check_real(const std::string& name, double value, bool positive, double most) {
  if (std::isfinite(value) && (positive ? value > 0 : value >= 0) && value <= most) return;
  throw InputError(fmt::format("--{} {}: must be {}{}", name, value, positive ? "positive" : "0 or more",
                               std::isfinite(most) ? fmt::format(", at most {}", most) : ""));
}

double* size_of(At& at, const std::string& name) {
  if (name == "d" || name == "depth") return &at.d;
  if (name == "s" || name == "depth2") return &at.s;
  if (name == "k") return &at.k;
  if (name == "m") return &at.m;
  if (name == "n") return &at.n;
  if (name == "p") return &at.p;
  return name == "l" ? &at.l : nullptr;
}

}  // namespace

bool says_sizes(const TheoremsOptions& o) {
  return !o.whole.empty() || !o.real.empty() || !o.widths.empty() || !o.widths2.empty();
}

At at_said(const TheoremsOptions& o) {
  At at;
  for (const auto& [name, value] : o.whole) {
    if (value < 1) throw InputError(fmt::format("--{} {}: must be at least 1", name, value));
    if ((name == "d" || name == "s") && value > most_layers)
      throw InputError(fmt::format("--{} {}: must be at most {}", name, value, most_layers));
    *size_of(at, name) = static_cast<double>(value);
  }
  at.widths = widths_said("--widths", o.widths), at.widths2 = widths_said("--widths2", o.widths2);
  if (!at.widths.empty()) {
    determined(at.d, "--d", static_cast<double>(at.widths.size() - 1), "--widths " + o.widths);
    determined(at.k, "--k", at.widths[0], "--widths " + o.widths);
  }
  if (!at.widths2.empty()) {
    determined(at.s, "--s", static_cast<double>(at.widths2.size() - 1), "--widths2 " + o.widths2);
    determined(at.l, "--l", at.widths2.back(), "--widths2 " + o.widths2);
    if (!at.widths.empty() && at.widths.back() != at.widths2.back())
      throw InputError(fmt::format("--widths2 {}: must end with {}, as --widths {} does: both networks have l outputs",
                                   o.widths2, at.widths.back(), o.widths));
  }
  const auto real = [&](const char* name, double& to, bool positive, double most) {
    const auto said = o.real.find(name);
    if (said == o.real.end()) return;
    check_real(name, said->second, positive, most);
    to = said->second;
  };
  at.alpha = 1;
  real("alpha", at.alpha, true, 1);
  real("eps", at.eps, true, infinity);
  real("noise", at.noise, false, infinity);
  real("sigma", at.sigma, false, infinity);
  return at;
}

At at_point(const Setting& setting, const At& said) {
  At at;
  at.d = said.d, at.s = said.s, at.alpha = said.alpha;
  for (const AnyParameter& p : *setting.parameters()) {
    const Value& value = setting.at(p.name);
    if (p.scope != Scope::size) continue;
    if (const auto* n = std::get_if<std::int64_t>(&value)) {
      if (double* size = size_of(at, p.name)) *size = static_cast<double>(*n);
    } else if (const auto* list = std::get_if<Widths>(&value); list && !list->empty()) {
      const bool second = p.name == "widths2";
      (second ? at.widths2 : at.widths).assign(list->begin(), list->end());
      (second ? at.s : at.d) = static_cast<double>(list->size() - 1);
      if (!second) at.k = static_cast<double>(list->front());
    }
  }
  return at;
}

}  // namespace theoremeter
