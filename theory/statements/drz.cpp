// [DRZ] C. Daskalakis, D. Rohatgi, M. Zampetakis. Constant-expansion suffices for compressed sensing with generative
// priors, arXiv 2006.04237.
#include "theory/statements/papers.hpp"

namespace theoremeter {

std::vector<Statement> drz_statements() {
  Statement t;
  t.id = "drz-wdc", t.paper = "[DRZ] arXiv 2006.04237", t.number = "WDC of Gaussian W";
  t.says =
      "A Gaussian W in R^{n x k}, entries N(0, 1/n), has the WDC with eps with high probability once n is of the "
      "order of k: no logarithm.";
  t.latex = R"($n \ge C_\epsilon k$ implies the WDC with high probability)";
  t.constants = {{"C", R"(C_\epsilon)", "of the rows, depends polynomially on 1/eps", {}}};
  t.concludes = {"wdc"};
  t.asks = {{"n", ">=", "C k", R"(C_\epsilon k)", {"k"}, [](const At& at) { return at.k; }}};
  t.source = "no explicit constant was read; [AF] quotes C eps^-2 log(1/eps) for the like of it, see af-mdc";
  return {t};
}

}  // namespace theoremeter
