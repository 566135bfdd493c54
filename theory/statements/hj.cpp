// [HJ] P. Hand, B. Joshi. Global guarantees for blind demodulation with generative priors, NeurIPS 2019. Networks of d
// and s layers, widths n = n_0, ..., n_d = l and p = p_0, ..., p_s = l, f(h, m) = |G1(h0) o G2(m0) - G1(h) o
// G2(m)|^2/2. The neighbourhoods A_r of the curves {(c h, m/c)} are those of estimators/hyperbola.hpp.
#include "theory/statements/papers.hpp"

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

const std::string hj_paper = "[HJ] NeurIPS 2019";

/// K1 (d^7 s^2 + d^2 s^7) eps^{1/4} / alpha < 1, solved for eps.
double hj_eps(double d, double s, double alpha) {
  return std::pow((std::pow(d, 7) * s * s + d * d * std::pow(s, 7)) / alpha, -4);
}

/// K2 d^a s^b eps^{1/4} / alpha
template <int a, int b>
double hj_radius(const At& at) {
  return std::pow(at.d, a) * std::pow(at.s, b) * std::pow(at.eps, 0.25) / at.alpha;
}

double square(double x) { return x * x; }

/// n_{d-1}: the columns of the last layer.
double hj_last(const std::vector<double>& widths) { return widths[widths.size() - 2]; }

/// (n log n)^2 + (p log p)^2
double hj_rows(double n, double p) { return square(n * std::log(n)) + square(p * std::log(p)); }

/// sum_i n_i e^{-n_{i-1}}
double hj_sum(const std::vector<double>& widths) {
  double sum = 0;
  for (std::size_t i = 1; i < widths.size(); ++i) sum += widths[i] * std::exp(-widths[i - 1]);
  return sum;
}

/// c~ (sum n_i e^{-gamma n_{i-1}} + sum p_i e^{-gamma p_{i-1}} + e^{-gamma l/(n log n + p log p)}) for c~ = gamma = 1,
/// n = n_{d-1}, p = p_{s-1}
double hj_failing(const At& at) {
  const double n = hj_last(at.widths), p = hj_last(at.widths2);
  return hj_sum(at.widths) + hj_sum(at.widths2) + std::exp(-at.widths.back() / (n * std::log(n) + p * std::log(p)));
}

Statement hj_theorem_3() {
  Statement t;
  t.id = "hj-theorem-3", t.paper = hj_paper, t.number = "Theorem 3";
  t.says =
      "Where every layer has the WDC and the last layers the joint-WDC with eps, f has a direction of descent "
      "outside neighbourhoods of four hyperbolas, through (h0, m0), (-rho h0, m0), (h0, -rho m0), (-rho h0, -rho "
      "m0), and h = 0 or m = 0, where it has local maxima.";
  t.latex =
      R"($D_{-g} f(h, m) < 0$ for $g = g_1$ or $g_2$ outside ${\cal A}_{K_2 d^3 s^3 \epsilon^{1/4}/\alpha, (h_0, m_0)} \cup \dots \cup {\cal K}$)";
  t.constants = {{"K1", "K_1", "of the hypothesis, absolute", {}}, {"K2", "K_2", "of the radii, absolute", {}}};
  t.assumes = {{"wdc"}, {"joint-wdc"}};
  t.least_depth = 2;
  t.epsilon = Formula{"eps",
                      "<",
                      "(alpha/(K1 (d^7 s^2 + d^2 s^7)))^4",
                      R"((\alpha/(K_1 (d^7 s^2 + d^2 s^7)))^4)",
                      {"d", "s", "alpha"},
                      [](const At& at) { return hj_eps(at.d, at.s, at.alpha); }};
  t.gives = {{"radius at (h0, m0)",
              "<=",
              "K2 d^3 s^3 eps^(1/4)/alpha",
              R"(K_2 d^3 s^3 \epsilon^{1/4}/\alpha)",
              {"d", "s", "alpha", "eps"},
              hj_radius<3, 3>},
             {"radius at (-rho h0, m0)",
              "<=",
              "K2 d^8 s^3 eps^(1/4)/alpha",
              R"(K_2 d^8 s^3 \epsilon^{1/4}/\alpha)",
              {"d", "s", "alpha", "eps"},
              hj_radius<8, 3>},
             {"radius at (h0, -rho m0)",
              "<=",
              "K2 d^3 s^8 eps^(1/4)/alpha",
              R"(K_2 d^3 s^8 \epsilon^{1/4}/\alpha)",
              {"d", "s", "alpha", "eps"},
              hj_radius<3, 8>},
             {"radius at (-rho h0, -rho m0)",
              "<=",
              "K2 d^8 s^8 eps^(1/4)/alpha",
              R"(K_2 d^8 s^8 \epsilon^{1/4}/\alpha)",
              {"d", "s", "alpha", "eps"},
              hj_radius<8, 8>}};
  return t;
}

Statement hj_theorem_2() {
  Statement t;
  t.id = "hj-theorem-2", t.paper = hj_paper, t.number = "Theorem 2";
  t.says =
      "With Gaussian inner layers, truncated Gaussian last ones, n_i >= c n_{i-1} log n_{i-1} and l >= c ((n log "
      "n)^2 + (p log p)^2), n and p the columns of the last layers, the conclusion of Theorem 3 (alpha = 1 in its "
      "radii) holds with high probability.";
  t.latex =
      R"($\ell \ge c\,((n_{d-1} \log n_{d-1})^2 + (p_{s-1} \log p_{s-1})^2)$ suffices with probability at least $1 - \sum_i \tilde c n_i e^{-\gamma n_{i-1}} - \sum_i \tilde c p_i e^{-\gamma p_{i-1}} - \tilde c e^{-\gamma \ell/(n_{d-1} \log n_{d-1} + p_{s-1} \log p_{s-1})}$)";
  t.constants = {{"K1", "K_1", "of the hypothesis, absolute", {}},
                 {"K2", "K_2", "of the radii, absolute", {}},
                 {"c", "c", "of the sizes, depends polynomially on 1/eps", {}},
                 {"ctilde", R"(\tilde c)", "of the probability, absolute", {}},
                 {"gamma", R"(\gamma)", "of the probability, 1/gamma depends polynomially on 1/eps", {}}};
  t.assumes = {{"wdc"}, {"joint-wdc"}};
  t.least_depth = 2;
  t.epsilon = Formula{
      "eps", "<", "(K1 (d^7 s^2 + d^2 s^7))^-4", R"((K_1 (d^7 s^2 + d^2 s^7))^{-4})", {"d", "s"}, [](const At& at) {
        return hj_eps(at.d, at.s, 1);
      }};
  t.asks = {{"l",
             ">=",
             "c ((n log n)^2 + (p log p)^2)",
             R"(c\,((n_{d-1} \log n_{d-1})^2 + (p_{s-1} \log p_{s-1})^2))",
             {"widths", "widths2"},
             [](const At& at) { return hj_rows(hj_last(at.widths), hj_last(at.widths2)); }},
            {"c",
             "<=",
             "min n_i/(n_{i-1} log n_{i-1}), inner layers",
             R"(\min_i n_i/(n_{i-1} \log n_{i-1}))",
             {"widths", "widths2"},
             [](const At& at) {
               return std::min(least_expansion(at.widths, at.widths.size() - 2),
                               least_expansion(at.widths2, at.widths2.size() - 2));
             }}};
  t.gives = {{"probability of failing",
              "<=",
              "c~ (sum n_i e^(-gamma n_{i-1}) + ...)",
              R"(\tilde c (\sum_i n_i e^{-\gamma n_{i-1}} + \dots))",
              {"widths", "widths2"},
              hj_failing}};
  return t;
}

Statement hj_assumption_a3() {
  Statement t;
  t.id = "hj-assumption-a3", t.paper = hj_paper, t.number = "assumption A3, of Theorem 2";
  t.says =
      "Last layers B in R^{l x n} and C in R^{l x p}, rows truncated Gaussian, have the joint-WDC with eps with "
      "high probability once l is of the order of (n log n)^2 + (p log p)^2. Is the square needed?";
  t.latex = R"($\ell \ge c\,((n \log n)^2 + (p \log p)^2)$ implies the joint-WDC with high probability)";
  t.constants = {{"c", "c", "of the rows, depends polynomially on 1/eps", {}}};
  t.concludes = {"joint-wdc"};
  t.asks = {{"l",
             ">=",
             "c ((n log n)^2 + (p log p)^2)",
             R"(c\,((n \log n)^2 + (p \log p)^2))",
             {"n", "p"},
             [](const At& at) { return hj_rows(at.n, at.p); }},
            {"were n + p enough: l",
             ">=",
             "c (n log n + p log p)",
             R"(c\,(n \log n + p \log p))",
             {"n", "p"},
             [](const At& at) { return at.n * std::log(at.n) + at.p * std::log(at.p); }}};
  return t;
}

}  // namespace

std::vector<Statement> hj_statements() { return {hj_theorem_2(), hj_theorem_3(), hj_assumption_a3()}; }

}  // namespace theoremeter
