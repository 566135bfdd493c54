// [JLPY] B. Joshi, X. Li, Y. Plan, O. Yilmaz. PLUGIn: a simple algorithm for inverting generative models with recovery
// guarantees, NeurIPS 2021: y = G(x0) + e, a step of size theta with the linear parts of the layers alone.
#include "theory/statements/papers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {
namespace {

/// min over i >= 1 of n_i/(5^i n_0 log(prod_j e n_j/n_0)), products over j = 0, ..., d
double plugin_least(const At& at) {
  double log = 0, least = std::numeric_limits<double>::infinity(), power = 1;
  for (const double width : at.widths) log += 1 + std::log(width / at.widths[0]);
  for (std::size_t i = 1; i < at.widths.size(); ++i) {
    power *= 5;
    least = std::min(least, at.widths[i] / (power * at.widths[0] * log));
  }
  return least;
}

}  // namespace

std::vector<Statement> plugin_statements() {
  Statement t;
  t.id = "plugin-theorem", t.paper = "[JLPY] NeurIPS 2021", t.number = "main theorem";
  t.says =
      "With Gaussian layers of widths n_i >= C0 5^i n_0 log(prod_j e n_j/n_0), which need not expand one by one, "
      "PLUGIn's iterates from within R of x0 converge geometrically to it, up to the noise. No condition with an "
      "eps.";
  t.latex =
      R"($|x_t - x_0| \le a^t R + \frac{15\, \theta}{1 - a}\, 2^d \sqrt{n_0/n_d}\, |e|$, $a = |1 - \theta| + \theta/2$)";
  t.constants = {{"C0", "C_0", "of the widths", {}}, {"noise", "15", "of the error that noise leaves", 15.0}};
  t.asks = {{"C0",
             "<=",
             "min n_i/(5^i n_0 log(prod e n_j/n_0))",
             R"(\min_i n_i/(5^i n_0 \log \prod_j e n_j/n_0))",
             {"widths"},
             plugin_least}};
  t.gives = {
      {"factor of a step, theta = 1",
       "<=",
       "|1 - theta| + theta/2",
       R"(|1 - \theta| + \theta/2)",
       {},
       [](const At&) { return 0.5; }},
      {"error that noise leaves, over |e|, theta = 1",
       "<=",
       "15 theta/(1 - a) 2^d sqrt(n_0/n_d)",
       R"(\frac{15\, \theta}{1 - a} 2^d \sqrt{n_0/n_d})",
       {"d", "widths"},
       [](const At& at) { return 15 / (1 - 0.5) * std::pow(2, at.d) * std::sqrt(at.widths[0] / at.widths.back()); }}};
  return {t};
}

}  // namespace theoremeter
