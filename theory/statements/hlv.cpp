// [HLV] P. Hand, O. Leong, V. Voroninski on phase retrieval, f(x) = ||A G(x)| - |A G(x0)||^2/2, in two versions:
//   arXiv 1807.04261v1 (2018), whose RRCP reads 7 eps;
//   the text of 2019, "Optimally sample-efficient phase retrieval with deep generative models", whose RRCP reads 31
//   eps.
#include "theory/statements/papers.hpp"

#include <cmath>

namespace theoremeter {
namespace {

const std::string hlv_paper_2018 = "[HLV] arXiv 1807.04261v1", hlv_paper_2019 = "[HLV] 2019";

/// gamma (sum_i n_i e^{-c n_{i-1}} + m^{4k+1} e^{-c m}) for gamma = c = 1
double hlv_failing(const At& at) {
  double sum = std::exp((4 * at.k + 1) * std::log(at.m) - at.m);
  for (std::size_t i = 1; i < at.widths.size(); ++i) sum += at.widths[i] * std::exp(-at.widths[i - 1]);
  return sum;
}

Statement hlv_theorem_ii_6() {
  Statement t;
  t.id = "hlv-theorem-ii.6", t.paper = hlv_paper_2019, t.number = "Theorem II.6";
  t.says =
      "Where every layer has the WDC and A the RRCP with eps, f has a direction of descent at every x outside two "
      "balls, around x0 and -rho_d x0, and 0; and it descends from 0 in every direction.";
  t.latex =
      R"($D_{-v_{x,x_0}} f(x) < 0$ for all $x \notin B(x_0, K_2 d^3 \epsilon^{1/4}|x_0|) \cup B(-\rho_d x_0, K_2 d^{14} \epsilon^{1/4}|x_0|) \cup \{0\}$, and $D_x f(0) < 0$)";
  t.constants = {{"K1", "K_1", "of the hypothesis, universal", {}},
                 {"K2", "K_2", "of the radii, universal", {}},
                 {"K", "K", "E <= K d^3 sqrt(eps) for the population error E, in the proof", {}},
                 {"rrcp_factor", "31", "of the RRCP", 31.0}};
  t.assumes = {{"wdc"}, {"rrcp", 31}};
  t.least_depth = 2;
  t.epsilon = eps_of_d8();
  t.gives = {radius_at<3>("x0"), radius_at<14>("-rho_d x0")};
  return t;
}

Statement hlv_theorem_2018() {
  Statement t = hlv_theorem_ii_6();
  t.id = "hlv-2018-theorem", t.paper = hlv_paper_2018, t.number = "main theorem, deterministic";
  t.constants.back() = {"rrcp_factor", "7", "of the RRCP", 7.0};
  t.assumes = {{"wdc"}, {"rrcp", 7}};
  return t;
}

Statement hlv_theorem_ii_1() {
  Statement t = hlv_theorem_ii_6();
  t.id = "hlv-theorem-ii.1", t.number = "Theorem II.1";
  t.says =
      "With Gaussian layers and A, n_i >= C n_{i-1} log n_{i-1} and m >= C d k log(n_1...n_d), the conclusion of "
      "Theorem II.6 holds with high probability (by way of the WDC and the RRCP).";
  t.latex =
      R"($n_i \ge C_\epsilon n_{i-1} \log n_{i-1}$ and $m \ge C_\epsilon d k \log(n_1 \cdots n_d)$ suffice with probability at least $1 - \sum_i \gamma n_i e^{-c_\epsilon n_{i-1}} - \gamma m^{4k+1} e^{-c_\epsilon m}$)";
  t.constants.push_back({"C", R"(C_\epsilon)", "of the sizes, depends polynomially on 1/eps", {}});
  t.constants.push_back({"c", R"(c_\epsilon)", "of the probability, depends on eps", {}});
  t.constants.push_back({"gamma", R"(\gamma)", "of the probability, universal", {}});
  t.asks = {rows_of_measurements("C", R"(C_\epsilon)"), expansion("C")};
  t.gives.push_back({"probability of failing",
                     "<=",
                     "gamma (sum n_i e^(-c n_{i-1}) + m^(4k+1) e^(-c m))",
                     R"(\gamma (\sum_i n_i e^{-c_\epsilon n_{i-1}} + m^{4k+1} e^{-c_\epsilon m}))",
                     {"k", "m", "widths"},
                     hlv_failing});
  return t;
}

Statement hlv_lemma_ii_3() {
  Statement t = gaussian_wdc(R"(C_\epsilon)", R"(\gamma_\epsilon)");
  t.id = "hlv-lemma-ii.3", t.paper = hlv_paper_2019, t.number = "Lemma II.3";
  t.source = "the paper cites [HV] for it";
  return t;
}

Statement hlv_lemma_ii_5() {
  Statement t;
  t.id = "hlv-lemma-ii.5", t.paper = hlv_paper_2019, t.number = "Lemma II.5";
  t.says =
      "A Gaussian A in R^{m x n}, entries N(0, 1/m), has the RRCP with eps, 0 < eps < 1, with high probability "
      "once m is of the order of k d log(n_1...n_d).";
  t.latex =
      R"($m \ge C_\epsilon k d \log(n_1 \cdots n_d)$ implies the RRCP with probability $1 - \gamma m^{4k+1} e^{-c_\epsilon m}$)";
  t.constants = {{"C", R"(C_\epsilon)", "of the rows, depends polynomially on 1/eps", {}},
                 {"c", R"(c_\epsilon)", "of the probability, 1/c depends polynomially on 1/eps", {}},
                 {"gamma", R"(\gamma)", "of the probability, universal", {}},
                 {"rrcp_factor", "31", "of the RRCP", 31.0}};
  t.concludes = {"rrcp"};
  t.asks = {rows_of_measurements("C", R"(C_\epsilon)")};
  t.gives = {{"probability of failing",
              "<=",
              "gamma m^(4k+1) exp(-c m)",
              R"(\gamma m^{4k+1} e^{-c_\epsilon m})",
              {"k", "m"},
              [](const At& at) { return std::exp((4 * at.k + 1) * std::log(at.m) - at.m); }}};
  return t;
}

Statement hlv_gradient() {
  Statement t;
  t.id = "hlv-2018-gradient", t.paper = hlv_paper_2018, t.number = "proof of the main theorem, gradient";
  t.says =
      "The gradient of f is almost vbar, which has Phi_{G(x),G(x0)} in place of A_{G(x)}' A_{G(x0)}, where every "
      "layer has the WDC and A the RRCP with eps. Over max(|x|, |x0|).";
  t.latex = R"($|\nabla f(x) - \bar v_x| \le 14\, \epsilon\, (1/2 + \epsilon)^d$)";
  t.constants = {{"gradient", "14", "of the bound", 14.0}, {"rrcp_factor", "7", "of the RRCP", 7.0}};
  t.assumes = {{"wdc"}, {"rrcp", 7}};
  t.gives = {{"|grad f - vbar|",
              "<=",
              "14 eps (1/2 + eps)^d",
              R"(14\, \epsilon (1/2 + \epsilon)^d)",
              {"d", "eps"},
              [](const At& at) { return 14 * at.eps * std::pow(0.5 + at.eps, at.d); }}};
  return t;
}

Statement hlv_population() {
  Statement t;
  t.id = "hlv-2018-population", t.paper = hlv_paper_2018, t.number = "proof of the main theorem, vbar";
  t.says = "vbar is almost h_x, the population gradient, where every layer has the WDC with eps. Over max(|x|, |x0|).";
  t.latex = R"($|\bar v_x - h_x| \le 78\, d^3 \sqrt{\epsilon}\, 2^{-d}$)";
  t.constants = {{"population", "78", "of the bound", 78.0}};
  t.assumes = {{"wdc"}};
  t.gives = {{"|vbar - h|",
              "<=",
              "78 d^3 sqrt(eps) 2^-d",
              R"(78\, d^3 \sqrt{\epsilon}\, 2^{-d})",
              {"d", "eps"},
              [](const At& at) { return 78 * std::pow(at.d, 3) * std::sqrt(at.eps) * std::pow(2, -at.d); }}};
  return t;
}

}  // namespace

std::vector<Statement> hlv_statements() {
  return {hlv_theorem_2018(), hlv_gradient(),   hlv_population(),  hlv_theorem_ii_1(),
          hlv_lemma_ii_3(),   hlv_lemma_ii_5(), hlv_theorem_ii_6()};
}

}  // namespace theoremeter
