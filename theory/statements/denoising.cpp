// R. Heckel, W. Huang, P. Hand, V. Voroninski. Rate-optimal denoising with deep neural networks, arXiv 1805.08855:
// y = G(x0) + eta, eta ~ N(0, sigma^2/n I), n = n_d.
#include "theory/statements/papers.hpp"

#include <cmath>

namespace theoremeter {
namespace {

/// omega/|x0| = sqrt(18 (sigma/|x0|)^2 (k/n) log(n_1^d n_2^{d-1} ... n_d))
double denoising_omega(const At& at) {
  const auto d = at.widths.size() - 1;
  double log = 0;
  for (std::size_t i = 1; i <= d; ++i) log += static_cast<double>(d + 1 - i) * std::log(at.widths[i]);
  return std::sqrt(18 * at.sigma * at.sigma * at.widths[0] / at.widths.back() * log);
}

}  // namespace

std::vector<Statement> denoising_statements() {
  Statement t;
  t.id = "denoising-theorem", t.paper = "Heckel et al., arXiv 1805.08855", t.number = "main theorem";
  t.says =
      "Where every layer has the WDC with eps, gradient descent that tests the sign removes noise down to the "
      "order of sigma^2 k/n: its iterates come as near to x0 as eps and omega allow.";
  t.latex =
      R"($|x_t - x_0| \le K_5 d^9 |x_0| \sqrt{\epsilon} + K_6 d^6 \omega$, $\omega = \sqrt{18\, \sigma^2 \tfrac{k}{n} \log(n_1^d n_2^{d-1} \cdots n_d)}$, for $\epsilon \le K/d^{90}$)";
  t.constants = {{"K", "K", "of the hypothesis, numerical", {}},
                 {"K5", "K_5", "of the error, eps, numerical", {}},
                 {"K6", "K_6", "of the error, noise, numerical", {}},
                 {"c", "c", "of the sizes, numerical", {}},
                 {"omega", "18", "of omega^2", 18.0}};
  t.assumes = {{"wdc"}};
  t.epsilon = Formula{"eps", "<=", "K/d^90", R"(K/d^{90})", {"d"}, [](const At& at) { return std::pow(at.d, -90); }};
  t.asks = {{"n_i/(n_{i-1} log n_{i-1}), each layer",
             ">=",
             "c eps^-2 log(1/eps)",
             R"(c\, \epsilon^{-2} \log(1/\epsilon))",
             {"eps"},
             [](const At& at) { return std::pow(at.eps, -2) * std::log(1 / at.eps); }}};
  t.gives = {{"|x_t - x0|/|x0| in the end, without noise",
              "<=",
              "K5 d^9 sqrt(eps)",
              R"(K_5 d^9 \sqrt{\epsilon})",
              {"d", "eps"},
              [](const At& at) { return std::pow(at.d, 9) * std::sqrt(at.eps); }},
             {"omega/|x0|",
              "=",
              "sqrt(18 sigma^2 (k/n) log(n_1^d...n_d))/|x0|",
              R"(\sqrt{18\, \sigma^2 \tfrac{k}{n} \log(n_1^d \cdots n_d)}/|x_0|)",
              {"widths", "sigma"},
              denoising_omega},
             {"what noise adds",
              "<=",
              "K6 d^6 omega/|x0|",
              R"(K_6 d^6 \omega/|x_0|)",
              {"d", "widths", "sigma"},
              [](const At& at) { return std::pow(at.d, 6) * denoising_omega(at); }}};
  return {t};
}

}  // namespace theoremeter
