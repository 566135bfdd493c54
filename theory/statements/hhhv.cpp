// [HHHV] W. Huang, P. Hand, R. Heckel, V. Voroninski. A provably convergent scheme for compressive sensing under random
// generative priors, arXiv 1812.04176.
#include "theory/statements/papers.hpp"

namespace theoremeter {

std::vector<Statement> hhhv_statements() {
  Statement t;
  t.id = "hhhv-theorem", t.paper = "[HHHV] arXiv 1812.04176", t.number = "main theorem";
  t.says =
      "With Gaussian, sufficiently expansive layers, d >= 2, a Gaussian A of enough rows and little noise, "
      "subgradient descent that tests the sign converges to x0 up to the noise, with high probability.";
  t.latex = R"($m = \Omega(k d \log \prod_i n_i)$ suffices with high probability)";
  t.constants = {{"C", "C", "of the rows, not read", {}}};
  t.assumes = {{"wdc"}, {"rric"}};
  t.least_depth = 2;
  t.asks = {rows_of_measurements("C", "C")};
  t.source = "as told in the authors' slides: its own hypothesis on eps was not read";
  return {t};
}

}  // namespace theoremeter
