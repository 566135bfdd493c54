// Draws as statistics take them: a column's values against a parameter or another column, one curve for each value of
// others.
#pragma once

#include "estimators/fits.hpp"
#include "results/data_set.hpp"

#include <string>
#include <vector>

namespace theoremeter {

struct Series {
  std::vector<std::string> labels;  // the values of the parameters `by`
  Curve curve;                      // by x; draws that are undefined, or NaN, are left out
};

/// Whether a column is of what was decided of each draw: refuted, proved or undecided, kept as 0, 1 and 2.
bool says_decided(const Column& column);

/// Whether x is a column, and no parameter that has a value: the radius found, where none was asked for.
bool is_measured(const DataSet& data, const std::string& x);

/// Parameters whose values tell points apart, other than the seed and those that x is made of.
std::vector<std::string> telling_apart(const DataSet& data, const std::string& x);

/// `x`: a parameter, or a ratio of two (n_over_k), numbers all (of a list: its first), or a column of which each draw
/// has one number; `by`: parameters. Points, or draws, that agree in all of these are one level. In the order of the
/// labels. Throws InputError for names that there are not, and for what is no number.
std::vector<Series> series_of(const DataSet& data, const std::string& y, const std::string& x,
                              const std::vector<std::string>& by);

}  // namespace theoremeter
