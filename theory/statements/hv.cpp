// [HV] P. Hand, V. Voroninski. Global guarantees for enforcing deep generative priors by empirical risk,
// arXiv 1705.07576v3. G has d layers, f(x) = |A G(x) - A G(x0)|^2/2; inversion: A = I.
#include "theory/statements/papers.hpp"

#include <cmath>
#include <numbers>

namespace theoremeter {
namespace {

const std::string hv_paper = "[HV] arXiv 1705.07576v3";

/// 24 d^3 sqrt(eps) 2^-d
double hv_lemma_8_bound(const At& at) { return 24 * std::pow(at.d, 3) * std::sqrt(at.eps) * std::pow(2, -at.d); }

/// 8 pi d^6 sqrt(beta) <= 1, solved for sqrt(beta).
double hv_root_beta(const At& at) { return 1 / (8 * std::numbers::pi * std::pow(at.d, 6)); }

Statement hv_theorem_1() {
  Statement t;
  t.id = "hv-theorem-1", t.paper = hv_paper, t.number = "Theorem 1";
  t.says =
      "Where every layer has the WDC and A the RRIC with eps, f has a direction of descent at every x outside two "
      "balls, around x0 and -rho_d x0, and 0; and it descends from 0 in every direction.";
  t.latex =
      R"($D_{-v_{x,x_0}} f(x) < 0$ for all $x \notin B(x_0, K_2 d^3 \epsilon^{1/4}|x_0|) \cup B(-\rho_d x_0, K_2 d^{13} \epsilon^{1/4}|x_0|) \cup \{0\}$, and $D_y f(0) < 0$)";
  t.constants = {{"K1", "K_1", "of the hypothesis, universal", {}},
                 {"K2", "K_2", "of the radii, universal", {}},
                 {"K3", "K_3", "of the descent, universal", {}},
                 {"K", "K", "E <= K d^3 sqrt(eps) for the population error E, in the proof", {}},
                 {"descent_at_zero", "c_0", "2^d/|x0| times the descent from 0 in unit directions, at least",
                  1 / (8 * std::numbers::pi)}};
  t.assumes = {{"wdc"}, {"rric"}};
  t.least_depth = 2;
  t.epsilon = eps_of_d8();
  t.gives = {radius_at<3>("x0"),
             radius_at<13>("-rho_d x0"),
             {"-D_v f outside, over max(|x|, |x0|)",
              ">",
              "K3 d^3 sqrt(eps) 2^-d",
              R"(K_3 d^3 \sqrt{\epsilon}\, 2^{-d})",
              {"d", "eps"},
              [](const At& at) { return std::pow(at.d, 3) * std::sqrt(at.eps) * std::pow(2, -at.d); }},
             {"-D_y f(0) for unit y, over |x0|", ">", "2^-d/(8 pi)", R"(2^{-d}/(8\pi))", {"d"}, [](const At& at) {
                return std::pow(2, -at.d) / (8 * std::numbers::pi);
              }}};
  return t;
}

Statement hv_gaussian() {
  Statement t = hv_theorem_1();
  t.id = "hv-gaussian", t.number = "Theorem 1 for Gaussian layers and A";
  t.says =
      "With Gaussian, sufficiently expansive layers and a Gaussian A of enough rows, the conclusion of Theorem 1 "
      "holds with high probability.";
  t.latex =
      R"($n_i \ge c\, n_{i-1} \log n_{i-1}$ and $m \ge c\, k d \log(n_1 \cdots n_d)$ suffice with high probability)";
  t.constants.push_back({"c", "c", "of the sizes, depends polynomially on 1/eps", {}});
  t.asks = {rows_of_measurements("c", "c\\,"), expansion("c")};
  t.source = "as told in the authors' slides; the probability was not read";
  return t;
}

Statement hv_lemma_7() {
  Statement t;
  t.id = "hv-lemma-7", t.paper = hv_paper, t.number = "Lemma 7";
  t.says =
      "A layer with the WDC takes angles almost as g does: theta_1 is the angle of relu(Wx) and relu(Wy), theta_0 "
      "that of x and y.";
  t.latex = R"($|\theta_1 - g(\theta_0)| \le 4 \sqrt{\epsilon}$)";
  t.constants = {{"angle", "4", "of the bound", 4.0}};
  t.assumes = {{"wdc"}};
  t.gives = {{"|theta_1 - g(theta_0)|", "<=", "4 sqrt(eps)", R"(4 \sqrt{\epsilon})", {"eps"}, [](const At& at) {
                return 4 * std::sqrt(at.eps);
              }}};
  return t;
}

Statement hv_lemma_8() {
  Statement t;
  t.id = "hv-lemma-8", t.paper = hv_paper, t.number = "Lemma 8";
  t.says =
      "Where every layer has the WDC with eps, Lambda_x' Lambda_y y is almost the vector h_{x,y} of infinitely "
      "wide Gaussian networks.";
  t.latex =
      R"($|\Lambda_x^\top \Lambda_y y - h_{x,y}| \le 24\, d^3 \sqrt{\epsilon}\, 2^{-d} |y|$ for $\epsilon < d^{-4}/(16\pi)^2$)";
  t.constants = {{"network", "24", "of the bound", 24.0},
                 {"hypothesis", R"((16\pi)^2)", "of the hypothesis", 256 * std::numbers::pi * std::numbers::pi}};
  t.assumes = {{"wdc"}};
  t.epsilon = Formula{"eps", "<", "d^-4/(16 pi)^2", R"(d^{-4}/(16\pi)^2)", {"d"}, [](const At& at) {
                        return std::pow(at.d, -4) / (256 * std::numbers::pi * std::numbers::pi);
                      }};
  t.gives = {{"|Lambda_x' Lambda_y y - h|/|y|",
              "<=",
              "24 d^3 sqrt(eps) 2^-d",
              R"(24\, d^3 \sqrt{\epsilon}\, 2^{-d})",
              {"d", "eps"},
              hv_lemma_8_bound}};
  return t;
}

Statement hv_lemma_10() {
  Statement t;
  t.id = "hv-lemma-10", t.paper = hv_paper, t.number = "Lemma 10";
  t.says =
      "Where the population gradient is at most beta (times 2^-d max(|x|, |x0|)), x lies in one of two balls, "
      "around x0 and -rho_d x0. No randomness and no eps.";
  t.latex =
      R"($S_\beta \subset B(x_0, 56\, d \sqrt{\beta}|x_0|) \cup B(-\rho_d x_0, 500\, d^{11} \sqrt{\beta}|x_0|)$ for $8\pi d^6 \sqrt{\beta} \le 1$)";
  t.constants = {{"at_x0", "56", "of the radius at x0", 56.0},
                 {"at_minus_rho_x0", "500", "of the radius at -rho_d x0", 500.0},
                 {"hypothesis", R"(8\pi)", "of the hypothesis", 8 * std::numbers::pi}};
  t.asks = {{"sqrt(beta)", "<=", "1/(8 pi d^6)", R"(1/(8\pi d^6))", {"d"}, hv_root_beta}};
  t.gives = {{"radius at x0, over |x0|, at that beta",
              "<=",
              "56 d sqrt(beta)",
              R"(56\, d \sqrt{\beta})",
              {"d"},
              [](const At& at) { return 56 * at.d * hv_root_beta(at); }},
             {"radius at -rho_d x0, over |x0|, there",
              "<=",
              "500 d^11 sqrt(beta)",
              R"(500\, d^{11} \sqrt{\beta})",
              {"d"},
              [](const At& at) { return 500 * std::pow(at.d, 11) * hv_root_beta(at); }}};
  return t;
}

Statement hv_lemma_11() {
  Statement t = gaussian_wdc("C", R"(\gamma)");
  t.id = "hv-lemma-11", t.paper = hv_paper, t.number = "Lemma 11";
  t.gives.push_back({"radius of the proof's net",
                     "=",
                     "eps^2/(36 sqrt(k))",
                     R"(\epsilon^2/(36 \sqrt{k}))",
                     {"eps", "k"},
                     [](const At& at) { return at.eps * at.eps / (36 * std::sqrt(at.k)); }});
  return t;
}

}  // namespace

std::vector<Statement> hv_statements() {
  return {hv_theorem_1(), hv_gaussian(), hv_lemma_7(), hv_lemma_8(), hv_lemma_10(), hv_lemma_11()};
}

}  // namespace theoremeter
