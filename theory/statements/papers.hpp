// What each paper states; put together in theory/statements.cpp.
#pragma once

#include "theory/statements.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace theoremeter {

std::vector<Statement> hv_statements();         // compressed sensing: Hand, Voroninski
std::vector<Statement> hlv_statements();        // phase retrieval: Hand, Leong, Voroninski, 2018 and 2019
std::vector<Statement> hlv20_statements();      // compressive phase retrieval: the same, 2020
std::vector<Statement> af_statements();         // amplitude flow: the same
std::vector<Statement> hj_statements();         // blind demodulation: Hand, Joshi
std::vector<Statement> drz_statements();        // constant expansion: Daskalakis, Rohatgi, Zampetakis
std::vector<Statement> denoising_statements();  // Heckel, Huang, Hand, Voroninski
std::vector<Statement> hhhv_statements();       // compressed sensing, convergence: Huang, Hand, Heckel, Voroninski
std::vector<Statement> spiked_statements();     // spiked matrices: Cocola, Hand, Voroninski
std::vector<Statement> plugin_statements();     // PLUGIn: Joshi, Li, Plan, Yilmaz
std::vector<Statement> bora_statements();       // compressed sensing: Bora, Jalal, Price, Dimakis
std::vector<Statement> floor_statements();      // what the conditions ask for without any simulation

// What formulas have in common.
/// log(n_1 n_2 ... n_d)
double log_of_widths(const At& at);
/// min over the first layers of n_i/(n_{i-1} log n_{i-1}): n_i >= C n_{i-1} log n_{i-1} for any C up to this.
double least_expansion(const std::vector<double>& widths, std::size_t layers);

// What [HV] and [HLV] have in common.
/// K1 d^8 eps^{1/4} <= 1, solved for eps.
Formula eps_of_d8();
/// The radius K2 d^power eps^{1/4} of a ball about x0 or -rho_d x0.
template <int power>
Formula radius_at(const std::string& where) {
  const std::string p = std::to_string(power);
  return {"radius at " + where + ", over |x0|",
          "<=",
          "K2 d^" + p + " eps^(1/4)",
          "K_2 d^{" + p + R"(} \epsilon^{1/4})",
          {"d", "eps"},
          [](const At& at) { return std::pow(at.d, power) * std::pow(at.eps, 0.25); }};
}
/// n_i >= C n_{i-1} log n_{i-1} in all layers, as what C may be.
Formula expansion(const std::string& C);
/// m >= C k d log(n_1 ... n_d)
Formula rows_of_measurements(const std::string& C, const std::string& latex);
/// The WDC of Gaussian W, by its constants' LaTeX.
Statement gaussian_wdc(const std::string& C, const std::string& gamma);

}  // namespace theoremeter
