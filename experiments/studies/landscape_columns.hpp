// What one draw of a landscape holds.
#pragma once

#include "experiments/studies/landscape_results.hpp"
#include "results/columns.hpp"

namespace theoremeter {

Columns<MeasuredLandscape> columns_of(Problem problem);
/// Where lemmas are measured too.
Columns<MeasuredLandscape> columns_with_lemmas(Problem problem);
Columns<Census> census_columns();
Columns<Epsilon> epsilon_columns();

/// Of what measure_census returns.
Columns<MeasuredLandscape> columns_of_census(Problem problem);

/// A point, one column for each argument: `name`_x, or `name`_h and `name`_m.
template <class T, class In>
void add_point(Columns<T>& c, const std::vector<std::string>& arguments, const std::string& name,
               const std::string& meaning, const In& in) {
  for (std::size_t i = 0; i < arguments.size(); ++i)
    c.vector(
        name + (name.empty() ? "" : "_") + arguments[i], [ in, i, n = arguments.size() ](auto& object) -> auto& {
          Point& p = in(object);
          if (p.size() < n) p.resize(n);
          return p[i];
        },
        {arguments[i] + "_coordinate"}, Says::witness, meaning + ": " + arguments[i]);
}

}  // namespace theoremeter
