// [HLV20] P. Hand, O. Leong, V. Voroninski. Compressive phase retrieval: optimal sample complexity with deep generative
// priors, arXiv 2008.10579v1. Observations |A G(x0)| + eta; subgradient descent with the test of the sign.
#include "theory/statements/papers.hpp"

#include <cmath>

namespace theoremeter {
namespace {

const std::string hlv20_paper = "[HLV20] arXiv 2008.10579v1";

Statement hlv20_theorem_3() {
  Statement t;
  t.id = "hlv20-theorem-3", t.paper = hlv20_paper, t.number = "Theorem 3";
  t.says =
      "Where every layer has the WDC and A the RRCP with eps, and the noise is small, subgradient descent that "
      "tests the sign comes as near to x0 as eps and noise allow; -rho_d x0 is excluded by the test.";
  t.latex =
      R"($|x_t - x_0| \le (C_5 d^{12} \sqrt{\epsilon} + C_6 d^9 2^{d/2} |\eta|/|x_0|)\,|x_0|$ for $\epsilon < c_1 d^{-102}$, $|\eta| \le c_2 |x_0| 2^{-d/2} d^{-48}$)";
  t.constants = {{"c1", "c_1", "of the hypothesis on eps", {}},
                 {"c2", "c_2", "of the hypothesis on the noise", {}},
                 {"C5", "C_5", "of the error, eps", {}},
                 {"C6", "C_6", "of the error, noise", {}},
                 {"rrcp_factor", R"(3 + 88/\pi + 1)", "of the RRCP, 3 + 88/pi + 1 rounded up", 33.0}};
  t.assumes = {{"wdc"}, {"rrcp", 33}};
  t.least_depth = 2;
  t.epsilon =
      Formula{"eps", "<", "c1 d^-102", R"(c_1 d^{-102})", {"d"}, [](const At& at) { return std::pow(at.d, -102); }};
  t.asks = {{"|eta|/|x0|", "<=", "c2 2^(-d/2) d^-48", R"(c_2 2^{-d/2} d^{-48})", {"d"}, [](const At& at) {
               return std::pow(2, -at.d / 2) * std::pow(at.d, -48);
             }}};
  t.gives = {{"|x_t - x0|/|x0| in the end, without noise",
              "<=",
              "C5 d^12 sqrt(eps)",
              R"(C_5 d^{12} \sqrt{\epsilon})",
              {"d", "eps"},
              [](const At& at) { return std::pow(at.d, 12) * std::sqrt(at.eps); }},
             {"what noise adds",
              "<=",
              "C6 d^9 2^(d/2) |eta|/|x0|",
              R"(C_6 d^9 2^{d/2} |\eta|/|x_0|)",
              {"d", "noise"},
              [](const At& at) { return std::pow(at.d, 9) * std::pow(2, at.d / 2) * at.noise; }}};
  return t;
}

Statement hlv20_contraction() {
  Statement t;
  t.id = "hlv20-contraction", t.paper = hlv20_paper, t.number = "local contraction";
  t.says =
      "Near x0 each step of size alpha brings the iterate nearer by a factor, where every layer has the WDC and A "
      "the RRCP with eps.";
  t.latex =
      R"($|x_{t+1} - x_0| \le (1 - \tfrac78 \alpha/2^d)|x_t - x_0|$ without noise, for $\epsilon < 1/(200^4 d^6)$)";
  t.constants = {{"hypothesis", "200^4", "of the hypothesis", 1.6e9}, {"rate", "7/8", "of the factor", 0.875}};
  t.assumes = {{"wdc"}, {"rrcp", 33}};
  t.epsilon = Formula{"eps",           "<",
                      "1/(200^4 d^6)", R"(1/(200^4 d^6))",
                      {"d"},           [](const At& at) { return 1 / (std::pow(200, 4) * std::pow(at.d, 6)); }};
  t.gives = {{"factor of a step of size alpha = 1",
              "<=",
              "1 - (7/8) alpha/2^d",
              R"(1 - \tfrac78 \alpha/2^d)",
              {"d"},
              [](const At& at) { return 1 - 0.875 * std::pow(2, -at.d); }}};
  return t;
}

}  // namespace

std::vector<Statement> hlv20_statements() { return {hlv20_theorem_3(), hlv20_contraction()}; }

}  // namespace theoremeter
