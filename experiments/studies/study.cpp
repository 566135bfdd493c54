#include "experiments/studies/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace theoremeter {

const Parameter<std::int64_t> seed{{.name = "seed",
                                    .meaning = "seed of every random stream",
                                    .example = std::int64_t{1},
                                    .least = 0,
                                    .type_name = "N",
                                    .group = "The instance, drawn or given"}};

Stream draw_stream(const Setting& at, std::uint64_t draw) {
  Stream stream(static_cast<std::uint64_t>(at[seed]));
  for (const AnyParameter& p : *at.parameters()) {
    if (p.scope != Scope::size) continue;
    const Value& size = at.at(p.name);
    if (const auto* all = std::get_if<Widths>(&size))
      for (const std::int64_t n : *all) stream = stream.at({static_cast<std::uint64_t>(n)});
    else if (!std::holds_alternative<std::monostate>(size))
      stream = stream.at({static_cast<std::uint64_t>(std::get<std::int64_t>(size))});
  }
  return stream.at({draw});
}

Complaints differences(const Row& anew, const Row& stored, const Schema& schema) {
  Complaints all;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const Schema one{{schema.columns[i]}, {}};
    if (encode({anew[i]}, one) != encode({stored[i]}, one))
      all.push_back(fmt::format("{} is not what follows from the rest of the draw", schema.columns[i].name));
  }
  return all;
}

Complaints unlike(const Row& again, const Row& stored, const Schema& schema) {
  constexpr double rounding = 1e-10;
  const auto same = [](double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b)) ||
           (std::isfinite(a) && std::isfinite(b) && std::abs(a - b) <= rounding * std::max(std::abs(a), std::abs(b)));
  };
  Complaints all;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const Column& c = schema.columns[i];
    if (c.says == Says::seconds) continue;
    const Cell &a = again[i], &b = stored[i];
    const bool alike = c.type != Type::real
                           ? a.values == b.values
                           : std::equal(a.reals().begin(), a.reals().end(), b.reals().begin(), b.reals().end(), same);
    if (!alike || a.lengths != b.lengths) all.push_back(fmt::format("{} is another, measured again", c.name));
  }
  return all;
}

}  // namespace theoremeter
