// A. Bora, A. Jalal, E. Price, A. Dimakis. Compressed sensing using generative models, arXiv 1703.03208: about global
// minimisers, which may be hard to find.
#include "theory/statements/papers.hpp"

#include <cmath>

namespace theoremeter {

std::vector<Statement> bora_statements() {
  Statement t;
  t.id = "bora-theorem", t.paper = "Bora et al., arXiv 1703.03208", t.number = "theorem on ReLU networks";
  t.says =
      "With a Gaussian A of O(k d log n) rows, whoever minimises |b - A G(z)| to within delta is as near to y as a "
      "few times the best of the range, with probability 1 - exp(-Omega(m)). Of any network of d layers.";
  t.latex = R"($|G(\hat z) - y| \le 6 \min_z |G(z) - y| + 2\delta$ for $m = O(k d \log n)$)";
  t.constants = {{"C", "C", "of the rows, not named", {}},
                 {"best", "6", "of the best of the range", 6.0},
                 {"delta", "2", "of what the minimiser lacks", 2.0}};
  t.asks = {{"m", ">=", "C k d log n", R"(C k d \log n)", {"k", "d", "widths"}, [](const At& at) {
               return at.k * at.d * std::log(at.widths.back());
             }}};
  t.source = "as told in the slides of [HV]'s authors, where delta is called epsilon";
  return {t};
}

}  // namespace theoremeter
