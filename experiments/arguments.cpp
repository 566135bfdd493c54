#include "experiments/arguments.hpp"

#include "results/weights.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <limits>

namespace theoremeter {
namespace {

constexpr std::int64_t max_threads = 1024;

}  // namespace

void require_between(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least) throw InputError(fmt::format("--{} {}: must be at least {}", name, value, least));
  if (value > most) throw InputError(fmt::format("--{} {}: must be at most {}", name, value, most));
}

void require_positive(const char* name, std::int64_t value) {
  require_between(name, value, 1, std::numeric_limits<std::int64_t>::max());
}

int thread_count(const Options& o) {
  require_between("threads", o.threads, 1, max_threads);
  return static_cast<int>(o.threads);
}

Matrices read_given(const std::vector<Given>& all, const Options& o, std::string& option, std::string& spec) {
  Matrices given;
  for (const Given& g : all) {
    const auto files = o.given.find(g.option);
    if (files == o.given.end() || files->second.empty()) continue;
    if (option.empty()) option = g.option;
    spec += (spec.empty() ? "" : " ") + files->second;
    if (!g.matrix.empty()) {
      given[g.matrix] = read_weights(files->second);
      continue;
    }
    const std::vector<Rows> layers = read_network(files->second);
    for (std::size_t i = 0; i < layers.size(); ++i) given[layer_name(i, g.network)] = layers[i];
  }
  return given;
}

Sizes sizes_of(const std::vector<Symbol>& symbols, const std::vector<Given>& all, const Options& o, const Sizes& given,
               const std::string& option) {
  Sizes sizes = given;
  for (const Symbol& size : symbols) {
    const std::string& text = o.sizes.at(size.name);
    if (sizes.contains(size.name)) {
      if (!text.empty()) throw InputError(fmt::format("--{}: has no place beside --{}", size.name, option));
      continue;
    }
    if (text.empty())
      throw InputError(fmt::format("--{} is missing: give the sizes, or --{} FILE", size.name, all[0].option));
    sizes[size.name] = *whole_numbers(text);
    for (const std::int64_t number : sizes[size.name]) require_positive(size.name.c_str(), number);
  }
  return sizes;
}

}  // namespace theoremeter
