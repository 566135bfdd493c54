// J. Cocola, P. Hand, V. Voroninski. Nonasymptotic guarantees for spiked matrix recovery with generative priors,
// arXiv 2006.07953v2: f(x) = |G(x) G(x)' - M|^2/4, M = G(x0) G(x0)' + noise, whose norm on the range of G is omega.
#include "theory/statements/papers.hpp"

#include <cmath>

namespace theoremeter {

std::vector<Statement> spiked_statements() {
  Statement t;
  t.id = "spiked-theorem", t.paper = "Cocola et al., arXiv 2006.07953v2", t.number = "main theorem, deterministic";
  t.says =
      "Where every layer has the WDC with eps and the noise is small on the range of G, the objective has a "
      "direction of descent outside two balls, around x0 and -rho_d x0.";
  t.latex =
      R"($r = K_3 (d^{14} \sqrt{\epsilon} + 2^d d^{10} \omega/|x_0|^2)|x_0|$ at $x_0$, $K_4 (d^{12} \epsilon^{1/4} + 2^{d/2} d^{10} \sqrt{\omega}/|x_0|)|x_0|$ at $-\rho_d x_0$, for $\epsilon \le K_1 d^{-96}$)";
  t.constants = {{"K1", "K_1", "of the hypothesis", {}},
                 {"K3", "K_3", "of the radius at x0", {}},
                 {"K4", "K_4", "of the radius at -rho_d x0", {}}};
  t.assumes = {{"wdc"}};
  t.epsilon =
      Formula{"eps", "<=", "K1 d^-96", R"(K_1 d^{-96})", {"d"}, [](const At& at) { return std::pow(at.d, -96); }};
  t.gives = {
      {"radius at x0, over |x0|, without noise",
       "<=",
       "K3 d^14 sqrt(eps)",
       R"(K_3 d^{14} \sqrt{\epsilon})",
       {"d", "eps"},
       [](const At& at) { return std::pow(at.d, 14) * std::sqrt(at.eps); }},
      {"what omega/|x0|^2 = 1 adds",
       "<=",
       "K3 2^d d^10",
       R"(K_3 2^d d^{10})",
       {"d"},
       [](const At& at) { return std::pow(2, at.d) * std::pow(at.d, 10); }},
      {"radius at -rho_d x0, over |x0|, without",
       "<=",
       "K4 d^12 eps^(1/4)",
       R"(K_4 d^{12} \epsilon^{1/4})",
       {"d", "eps"},
       [](const At& at) { return std::pow(at.d, 12) * std::pow(at.eps, 0.25); }},
      {"what sqrt(omega)/|x0| = 1 adds", "<=", "K4 2^(d/2) d^10", R"(K_4 2^{d/2} d^{10})", {"d"}, [](const At& at) {
         return std::pow(2, at.d / 2) * std::pow(at.d, 10);
       }}};
  return {t};
}

}  // namespace theoremeter
