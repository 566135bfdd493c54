#include "theory/statements/papers.hpp"

#include <algorithm>
#include <limits>

namespace theoremeter {

double log_of_widths(const At& at) {
  double log = 0;
  for (std::size_t i = 1; i < at.widths.size(); ++i) log += std::log(at.widths[i]);
  return log;
}

double least_expansion(const std::vector<double>& widths, std::size_t layers) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i <= layers; ++i)
    least = std::min(least, widths[i] / (widths[i - 1] * std::log(widths[i - 1])));
  return least;
}

Formula eps_of_d8() {
  return {"eps", "<=", "(K1 d^8)^-4", R"((K_1 d^8)^{-4})", {"d"}, [](const At& at) { return std::pow(at.d, -32); }};
}

Formula expansion(const std::string& C) {
  return {
      C, "<=", "min n_i/(n_{i-1} log n_{i-1})", R"(\min_i n_i/(n_{i-1} \log n_{i-1}))", {"widths"}, [](const At& at) {
        return least_expansion(at.widths, at.widths.size() - 1);
      }};
}

Formula rows_of_measurements(const std::string& C, const std::string& latex) {
  return {"m",
          ">=",
          C + " k d log(n_1...n_d)",
          latex + R"( k d \log(n_1 \cdots n_d))",
          {"d", "k", "widths"},
          [](const At& at) { return at.k * at.d * log_of_widths(at); }};
}

Statement gaussian_wdc(const std::string& C, const std::string& gamma) {
  Statement t;
  t.says =
      "A Gaussian W in R^{n x k}, entries N(0, 1/n), has the WDC with eps, 0 < eps < 1, with high probability once "
      "n is of the order of k log k.";
  t.latex = "$n \\ge " + C + R"( k \log k$ implies the WDC with probability at least $1 - 8 n e^{-)" + gamma + " k}$";
  t.constants = {{"C", C, "of the rows, depends polynomially on 1/eps", {}},
                 {"gamma", gamma, "of the probability, 1/gamma depends polynomially on 1/eps", {}}};
  t.concludes = {"wdc"};
  t.asks = {{"n", ">=", "C k log k", C + R"( k \log k)", {"k"}, [](const At& at) { return at.k * std::log(at.k); }}};
  t.gives = {
      {"probability of failing", "<=", "8 n exp(-gamma k)", "8 n e^{-" + gamma + " k}", {"n", "k"}, [](const At& at) {
         return 8 * at.n * std::exp(-at.k);
       }}};
  return t;
}

}  // namespace theoremeter
