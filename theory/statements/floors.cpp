// What no Gaussian matrix can do better, and what every matrix can: the conditions' floors and their meaning.
#include "theory/statements/papers.hpp"

#include <cmath>

namespace theoremeter {
namespace {

Statement floor_wdc() {
  Statement t;
  t.id = "floor-wdc", t.paper = "Bai and Yin", t.number = "at x = y";
  t.says =
      "The WDC constant of a Gaussian W in R^{n x k} is at least sqrt(2k/n) + k/n, in the limit as k grows at "
      "fixed n/k: half of its rows have a positive product with x, and their Wishart matrix has an edge there.";
  t.latex = R"($\epsilon \ge \sqrt{2k/n} + k/n$ as $k \to \infty$ at fixed $n/k$)";
  t.concludes = {"wdc"};
  t.gives = {{"wdc", ">=", "sqrt(2k/n) + k/n", R"(\sqrt{2k/n} + k/n)", {"n", "k"}, [](const At& at) {
                return floor_of("wdc", at.n / at.k);
              }}};
  t.source = "derived: the largest eigenvalue of n/2 rows N(0, I/n) tends to (sqrt(1/2) + sqrt(k/n))^2";
  return t;
}

Statement floor_phaseless() {
  Statement t;
  t.id = "floor-phaseless", t.paper = "Bai and Yin", t.number = "at z = w";
  t.says =
      "The constant of phaseless concentration of a Gaussian A in R^{m x n} is at least 2 sqrt(n/m) + n/m, in the "
      "limit as n grows at fixed m/n. The same of the RRIC and the RRCP with k in place of n.";
  t.latex = R"($\epsilon \ge 2\sqrt{n/m} + n/m$ as $n \to \infty$ at fixed $m/n$)";
  t.concludes = {"phaseless"};
  t.gives = {{"phaseless", ">=", "2 sqrt(n/m) + n/m", R"(2\sqrt{n/m} + n/m)", {"m", "n"}, [](const At& at) {
                return floor_of("phaseless", at.m / at.n);
              }}};
  t.source =
      "derived: A_z'A_z = A'A for almost all z, Phi_{z,z} = I; U'A'A U of the k dimensions of a linear piece of G";
  return t;
}

Statement not_injective() {
  Statement t;
  t.id = "floor-injectivity", t.paper = "arXiv 2302.14112", t.number = "injectivity of a Gaussian ReLU layer";
  t.says =
      "Where x -> relu(Wx) is not injective the WDC constant is at least 1/2, which every matrix has in the limit "
      "of large alpha (over alpha). n/k > 7.65 suffices for injectivity as k grows (Gordon); about 6.70 is the "
      "threshold (replica method, not proved).";
  t.latex =
      R"($\epsilon \ge 1/2$ where $x \mapsto {\rm relu}(Wx)$ is not injective; $n/k > 7.65$ suffices as $k \to \infty$)";
  t.constants = {{"ratio", "7.65", "of n/k, sufficient for injectivity", 7.65},
                 {"ratio_replica", "6.70", "of n/k, the threshold, not proved", 6.70}};
  t.concludes = {"wdc"};
  t.gives = {{"wdc of a layer that is not injective", ">=", "1/2", "1/2", {}, [](const At&) { return 0.5; }},
             {"n for injectivity", ">=", "7.65 k", R"(7.65\, k)", {"k"}, [](const At& at) { return 7.65 * at.k; }}};
  t.source = "the first sentence is derived, the ratios are the paper's";
  return t;
}

}  // namespace

std::vector<Statement> floor_statements() { return {floor_wdc(), floor_phaseless(), not_injective()}; }

}  // namespace theoremeter
