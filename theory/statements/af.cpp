// [AF] P. Hand, O. Leong, V. Voroninski on amplitude flow, arXiv 2011.00288v2: f(x) = ||Ax| - b|^2/2, b = |A x0| + eta,
// x in R^n. Their MDC is what is called phaseless concentration here.
#include "theory/statements/papers.hpp"

#include <cmath>

namespace theoremeter {
namespace {

const std::string af_paper = "[AF] arXiv 2011.00288v2";

Statement af_theorem_2() {
  Statement t;
  t.id = "af-theorem-2", t.paper = af_paper, t.number = "Theorem 2";
  t.says =
      "Where A has phaseless concentration (the MDC) with eps, subgradient descent from within eps |x0| of x0 "
      "converges linearly to it, up to the noise.";
  t.latex =
      R"(${\rm dist}(x_t) \le (1 - \alpha/2)^t\, {\rm dist}(x_0) + 4|\eta|$ for $\epsilon \le 0.001$, $0 < \alpha \le 1$, $|\eta| \le \epsilon|x_0|/4$)";
  t.constants = {{"hypothesis", "0.001", "of the hypothesis", 0.001},
                 {"noise_floor", "4", "of the error that noise leaves", 4.0},
                 {"K", "K", "E <= K eps for the population error E, derived", 2.0}};
  t.source = "K is derived here";
  t.assumes = {{"phaseless"}};
  t.epsilon = Formula{"eps", "<=", "0.001", "0.001", {}, [](const At&) { return 0.001; }};
  t.asks = {{"|eta|/|x0|", "<=", "eps/4", R"(\epsilon/4)", {"eps"}, [](const At& at) { return at.eps / 4; }}};
  t.gives = {
      {"basin around x0, over |x0|", "=", "eps", R"(\epsilon)", {"eps"}, [](const At& at) { return at.eps; }},
      {"factor of a step of size alpha = 1", "<=", "1 - alpha/2", R"(1 - \alpha/2)", {}, [](const At&) { return 0.5; }},
      {"error that noise leaves, over |x0|", "<=", "4 |eta|/|x0|", R"(4|\eta|/|x_0|)", {"noise"}, [](const At& at) {
         return 4 * at.noise;
       }}};
  return t;
}

Statement af_mdc() {
  Statement t;
  t.id = "af-mdc", t.paper = af_paper, t.number = "phaseless concentration of Gaussian A";
  t.says =
      "A Gaussian A in R^{m x n}, entries N(0, 1/m), has the MDC with eps with high probability once m = Omega(n).";
  t.latex = R"($m \ge C \epsilon^{-2} \log(1/\epsilon)\, n$ implies the MDC with high probability)";
  t.constants = {{"C", "C", "of the rows", {}}};
  t.concludes = {"phaseless"};
  t.asks = {
      {"m", ">=", "C eps^-2 log(1/eps) n", R"(C \epsilon^{-2} \log(1/\epsilon)\, n)", {"n", "eps"}, [](const At& at) {
         return std::pow(at.eps, -2) * std::log(1 / at.eps) * at.n;
       }}};
  t.gives = {{"radius of the proof's net", "=", "eps^2/82", R"(\epsilon^2/82)", {"eps"}, [](const At& at) {
                return at.eps * at.eps / 82;
              }}};
  t.source = "[AF] quotes [DRZ] for the form of the bound";
  return t;
}

}  // namespace

std::vector<Statement> af_statements() { return {af_theorem_2(), af_mdc()}; }

}  // namespace theoremeter
