#include "theory/landscape_theorems.hpp"
#include "theory/statements.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace test_statements {

using namespace theoremeter;

namespace {

using Big = boost::multiprecision::cpp_bin_float_50;
using boost::multiprecision::exp;
using boost::multiprecision::log;
using boost::multiprecision::pow;
using boost::multiprecision::sqrt;

const Big pi("3.14159265358979323846264338327950288419716939937510582097494459");

const Formula& of(const std::vector<Formula>& formulas, const std::string& text) {
  const auto found = std::find_if(formulas.begin(), formulas.end(), [&](const Formula& f) { return f.text == text; });
  REQUIRE_MESSAGE(found != formulas.end(), text);
  return *found;
}

double gives(const std::string& id, const std::string& text, const At& at) {
  return of(statement_named(id).gives, text).value(at);
}
double asks(const std::string& id, const std::string& text, const At& at) {
  return of(statement_named(id).asks, text).value(at);
}
double epsilon(const std::string& id, const At& at) { return statement_named(id).epsilon->value(at); }

/// Some ten roundings of doubles each: 1e-14 is ample, and far below any misprinted constant or exponent.
void agree(double value, const Big& exact) {
  CAPTURE(value);
  CHECK(abs(Big(value) - exact) <= Big(1e-13) * abs(exact));
}

At depth(double d) {
  At at;
  at.d = d;
  return at;
}

At network() {
  At at = depth(2);
  at.k = 10, at.m = 300, at.widths = {10, 500, 1000};
  return at;
}

std::vector<Formula> all_formulas(const Statement& s) {
  std::vector<Formula> all = s.asks;
  all.insert(all.end(), s.gives.begin(), s.gives.end());
  if (s.epsilon) all.push_back(*s.epsilon);
  return all;
}

std::vector<std::string> ids_in(const std::filesystem::path& experiment) {
  std::ifstream file(experiment);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::vector<std::string> ids;
  std::smatch line;
  if (!std::regex_search(text, line, std::regex(R"((^|\n)statement = (.*)\n)"))) return ids;
  const std::string list = line[2];
  const std::regex id("\"([^\"]*)\"");
  for (std::sregex_iterator at(list.begin(), list.end(), id), end; at != end; ++at) ids.push_back((*at)[1]);
  return ids;
}

}  // namespace

TEST_CASE("statements: ids are unique, lower-case, and found by name") {
  std::set<std::string> ids;
  for (const Statement& s : statements()) {
    CHECK(ids.insert(s.id).second);
    CHECK(std::regex_match(s.id, std::regex("[a-z0-9]+(-[a-z0-9.]+)+")));
    CHECK(&statement_named(s.id) == &s);
    CHECK(!s.paper.empty());
    CHECK(!s.says.empty());
    CHECK(!s.latex.empty());
    std::set<std::string> constants;
    for (const Constant& c : s.constants) CHECK(constants.insert(c.name).second);
  }
  CHECK(ids.size() >= 25);
  CHECK_THROWS_WITH(statement_named("hv-lema-8"), doctest::Contains("did you mean \"hv-lemma-8\"?"));
}

TEST_CASE("statements: formulas need what they say they need, no more and no less") {
  At all = network();
  all.s = 2, all.widths2 = {8, 400, 1000}, all.n = 60, all.p = 8, all.l = 1000, all.alpha = 0.9, all.eps = 0.001;
  all.noise = 0.1, all.sigma = 0.2;
  const auto keep_only = [&](const std::vector<std::string>& needs) {
    At at;
    const auto has = [&](const char* name) { return std::find(needs.begin(), needs.end(), name) != needs.end(); };
    if (has("d")) at.d = all.d;
    if (has("s")) at.s = all.s;
    if (has("k")) at.k = all.k;
    if (has("m")) at.m = all.m;
    if (has("n")) at.n = all.n;
    if (has("p")) at.p = all.p;
    if (has("l")) at.l = all.l;
    if (has("alpha")) at.alpha = all.alpha;
    if (has("eps")) at.eps = all.eps;
    if (has("noise")) at.noise = all.noise;
    if (has("sigma")) at.sigma = all.sigma;
    if (has("widths")) at.widths = all.widths;
    if (has("widths2")) at.widths2 = all.widths2;
    return at;
  };
  for (const Statement& s : statements())
    for (const Formula& f : all_formulas(s)) {
      CAPTURE(s.id);
      CAPTURE(f.text);
      CHECK(!f.what.empty());
      CHECK(!f.latex.empty());
      for (const std::string& need : f.needs) CHECK(is_said(all, need));
      const At enough = keep_only(f.needs);
      const double value = f.value(enough);
      CHECK(std::isfinite(value));
      CHECK(value == f.value(all));
      for (const std::string& need : f.needs) {
        if (need == "widths" || need == "widths2") continue;  // an empty list is no argument
        std::vector<std::string> fewer = f.needs;
        std::erase(fewer, need);
        CHECK(std::isnan(f.value(keep_only(fewer))));
      }
    }
}

TEST_CASE("statements: hypotheses on eps, in 50 digits from the papers") {
  for (const double d : {2.0, 3.0, 7.0}) {
    const At at = depth(d);
    const Big D(d);
    // K1 d^8 eps^{1/4} = 1; eps = d^-4/(16 pi)^2; d^-102; d^-90; d^-96; 1/(200^4 d^6).
    for (const char* id : {"hv-theorem-1", "hv-gaussian", "hlv-theorem-ii.6", "hlv-theorem-ii.1", "hlv-2018-theorem"})
      agree(epsilon(id, at), pow(1 / pow(D, 8), 4));
    agree(epsilon("hv-lemma-8", at), 1 / pow(pow(D, 2) * 16 * pi, 2));
    agree(epsilon("hlv20-theorem-3", at), 1 / pow(D, 102));
    agree(epsilon("denoising-theorem", at), 1 / pow(D, 90));
    agree(epsilon("spiked-theorem", at), 1 / pow(D, 96));
    agree(epsilon("hlv20-contraction", at), 1 / (pow(Big(200), 4) * pow(D, 6)));
    agree(asks("hv-lemma-10", "1/(8 pi d^6)", at), 1 / (8 * pi * pow(D, 6)));
    for (const double s : {2.0, 5.0}) {
      At both = at;
      both.s = s, both.alpha = 0.75;
      const Big S(s), left = pow(D, 7) * S * S + D * D * pow(S, 7);
      agree(epsilon("hj-theorem-2", both), pow(1 / left, 4));
      agree(epsilon("hj-theorem-3", both), pow(Big(0.75) / left, 4));
    }
  }
  CHECK(epsilon("af-theorem-2", At()) == 0.001);
  CHECK(epsilon("hlv20-contraction", depth(2)) == doctest::Approx(9.8e-12).epsilon(0.01));  // 9.765625e-12
}

TEST_CASE("statements: the explicit constants of the conclusions, in 50 digits") {
  for (const double d : {2.0, 4.0}) {
    At at = depth(d);
    at.s = 3, at.alpha = 0.75, at.eps = 0.0625, at.noise = 0.125;
    const Big D(d), S(3), eps(0.0625), root = sqrt(eps), fourth = sqrt(root), half = pow(Big(2), -d);
    agree(gives("hv-lemma-7", "4 sqrt(eps)", at), 4 * root);
    agree(gives("hv-lemma-8", "24 d^3 sqrt(eps) 2^-d", at), 24 * pow(D, 3) * root * half);
    agree(gives("hv-theorem-1", "K2 d^3 eps^(1/4)", at), pow(D, 3) * fourth);
    agree(gives("hv-theorem-1", "K2 d^13 eps^(1/4)", at), pow(D, 13) * fourth);
    agree(gives("hv-theorem-1", "K3 d^3 sqrt(eps) 2^-d", at), pow(D, 3) * root * half);
    agree(gives("hv-theorem-1", "2^-d/(8 pi)", at), half / (8 * pi));
    const Big beta = 1 / (8 * pi * pow(D, 6));  // its root
    agree(gives("hv-lemma-10", "56 d sqrt(beta)", at), 56 * D * beta);
    agree(gives("hv-lemma-10", "500 d^11 sqrt(beta)", at), 500 * pow(D, 11) * beta);
    agree(gives("hlv-theorem-ii.6", "K2 d^14 eps^(1/4)", at), pow(D, 14) * fourth);
    agree(gives("hlv-2018-gradient", "14 eps (1/2 + eps)^d", at), 14 * eps * pow(Big(0.5625), d));
    agree(gives("hlv-2018-population", "78 d^3 sqrt(eps) 2^-d", at), 78 * pow(D, 3) * root * half);
    agree(asks("hlv20-theorem-3", "c2 2^(-d/2) d^-48", at), sqrt(half) * pow(D, -48));
    agree(gives("hlv20-theorem-3", "C5 d^12 sqrt(eps)", at), pow(D, 12) * root);
    agree(gives("hlv20-theorem-3", "C6 d^9 2^(d/2) |eta|/|x0|", at), pow(D, 9) / sqrt(half) / 8);
    agree(gives("hlv20-contraction", "1 - (7/8) alpha/2^d", at), 1 - 7 * half / 8);
    agree(gives("denoising-theorem", "K5 d^9 sqrt(eps)", at), pow(D, 9) * root);
    agree(gives("spiked-theorem", "K3 d^14 sqrt(eps)", at), pow(D, 14) * root);
    agree(gives("spiked-theorem", "K3 2^d d^10", at), pow(D, 10) / half);
    agree(gives("spiked-theorem", "K4 d^12 eps^(1/4)", at), pow(D, 12) * fourth);
    agree(gives("spiked-theorem", "K4 2^(d/2) d^10", at), pow(D, 10) / sqrt(half));
    const std::vector<std::pair<int, int>> powers{{3, 3}, {8, 3}, {3, 8}, {8, 8}};
    for (const auto& [a, b] : powers)
      agree(gives("hj-theorem-3", "K2 d^" + std::to_string(a) + " s^" + std::to_string(b) + " eps^(1/4)/alpha", at),
            pow(D, a) * pow(S, b) * fourth / Big(0.75));
  }
  At at;
  at.eps = 0.0625, at.noise = 0.125, at.k = 9, at.n = 50;
  CHECK(gives("af-theorem-2", "4 |eta|/|x0|", at) == 0.5);
  CHECK(gives("af-theorem-2", "eps", at) == 0.0625);
  CHECK(asks("af-theorem-2", "eps/4", at) == 0.015625);
  agree(gives("hv-lemma-11", "eps^2/(36 sqrt(k))", at), Big(1) / 256 / 108);
  agree(gives("hv-lemma-11", "8 n exp(-gamma k)", at), 400 * exp(Big(-9)));
  agree(gives("af-mdc", "eps^2/82", at), Big(1) / 256 / 82);
  agree(asks("af-mdc", "C eps^-2 log(1/eps) n", at), 256 * log(Big(16)) * 50);
  agree(gives("floor-injectivity", "7.65 k", at), Big("7.65") * 9);
}

TEST_CASE("statements: what they ask of sizes, in 50 digits") {
  At at = network();
  at.s = 2, at.widths2 = {8, 400, 1000}, at.n = 60, at.p = 8, at.sigma = 0.5;
  const Big log500 = log(Big(500)), log1000 = log(Big(1000));
  for (const char* id : {"hv-gaussian", "hhhv-theorem", "hlv-theorem-ii.1", "hlv-lemma-ii.5"})
    agree(statement_named(id).asks[0].value(at), 20 * (log500 + log1000));
  agree(asks("bora-theorem", "C k d log n", at), 20 * log1000);
  agree(asks("hv-lemma-11", "C k log k", at), 10 * log(Big(10)));
  agree(asks("hlv-lemma-ii.3", "C k log k", at), 10 * log(Big(10)));
  CHECK(asks("drz-wdc", "C k", at) == 10);
  const auto square = [](const Big& x) { return x * x; };
  agree(asks("hj-theorem-2", "c ((n log n)^2 + (p log p)^2)", at), square(500 * log500) + square(400 * log(Big(400))));
  agree(asks("hj-assumption-a3", "c ((n log n)^2 + (p log p)^2)", at),
        square(60 * log(Big(60))) + square(8 * log(Big(8))));
  // Of the layers 500 x 10 and 1000 x 500 the second expands less; of the inner ones, 500 x 10 and 400 x 8,
  // the second more: 400/(8 log 8) = 24.05 against 500/(10 log 10) = 21.7.
  agree(asks("hv-gaussian", "min n_i/(n_{i-1} log n_{i-1})", at), 2 / log500);
  agree(asks("hj-theorem-2", "min n_i/(n_{i-1} log n_{i-1}), inner layers", at), 50 / log(Big(10)));
  // omega^2 = 18 sigma^2 (k/n) log(n_1^2 n_2)
  agree(gives("denoising-theorem", "sqrt(18 sigma^2 (k/n) log(n_1^d...n_d))/|x0|", at),
        sqrt(Big(18) / 4 * Big(10) / 1000 * (2 * log500 + log1000)));
  // 5^i n_0 log(prod e n_j/n_0): i = 2 is the worse, 1000/(250 log(e^3 50 100)).
  agree(statement_named("plugin-theorem").asks[0].value(at), 4 / (3 + log(Big(5000))));
  agree(gives("plugin-theorem", "15 theta/(1 - a) 2^d sqrt(n_0/n_d)", at), 120 * sqrt(Big(1) / 100));
  // m^{4k+1} e^-m, alone and beside the layers' 500 e^-10 + 1000 e^-500
  const Big rows = pow(Big(300), 41) * exp(Big(-300));
  agree(gives("hlv-lemma-ii.5", "gamma m^(4k+1) exp(-c m)", at), rows);
  agree(gives("hlv-theorem-ii.1", "gamma (sum n_i e^(-c n_{i-1}) + m^(4k+1) e^(-c m))", at),
        rows + 500 * exp(Big(-10)) + 1000 * exp(Big(-500)));
  agree(gives("hj-theorem-2", "c~ (sum n_i e^(-gamma n_{i-1}) + ...)", at),
        500 * exp(Big(-10)) + 1000 * exp(Big(-500)) + 400 * exp(Big(-8)) + 1000 * exp(Big(-400)) +
            exp(-1000 / (500 * log500 + 400 * log(Big(400)))));
}

TEST_CASE("statements: floors, and the n/k and m/n they ask for") {
  // [HV, Lemma 8] at d = 2 needs n/k >= 3.3e9, eps <= .001 of phaseless concentration m/n >= 4.0e6.
  const double eps = epsilon("hv-lemma-8", depth(2));
  CHECK(ratio_needed("wdc", eps) == doctest::Approx(3.3e9).epsilon(0.02));
  CHECK(ratio_needed("phaseless", 0.001) == doctest::Approx(4.0e6).epsilon(0.01));
  for (const char* condition : {"wdc", "phaseless", "rric", "rrcp"})
    for (const double constant : {1e-12, 1e-3, 0.3, 1.0, 7.5}) {
      // The floor at x = 1/sqrt(ratio): x^2 + b x, b = sqrt(2) or 2; in 50 digits at the ratio found.
      const Big x = 1 / sqrt(Big(ratio_needed(condition, constant)));
      const Big b = std::string(condition) == "wdc" ? sqrt(Big(2)) : Big(2);
      CHECK(abs(x * x + b * x - Big(constant)) <= Big(1e-13) * Big(constant));
      CHECK(floor_of(condition, ratio_needed(condition, constant)) == doctest::Approx(constant).epsilon(1e-13));
    }
  // The edge of n/2 rows N(0, I/n): (sqrt(1/2) + sqrt(k/n))^2 - 1/2; of m rows N(0, I/m): (1 + sqrt(n/m))^2 - 1.
  At at;
  at.n = 200, at.k = 8, at.m = 1000;
  agree(gives("floor-wdc", "sqrt(2k/n) + k/n", at), pow(sqrt(Big(1) / 2) + Big(1) / 5, 2) - Big(1) / 2);
  agree(gives("floor-phaseless", "2 sqrt(n/m) + n/m", at), pow(1 + sqrt(Big(1) / 5), 2) - 1);
  CHECK(ratio_needed("joint-wdc", 0.1) == 0);
}

TEST_CASE("statements: what a measured constant says of a hypothesis") {
  CHECK(decide(0.1, false, 0.2, {}) == Verdict::refuted);
  CHECK(decide(0.1, false, 0.05, {}) == Verdict::undecided);  // searched values alone never prove
  CHECK(decide(0.1, false, 0.05, 0.2) == Verdict::undecided);
  CHECK(decide(0.1, false, 0.05, 0.1) == Verdict::holds);
  CHECK(decide(0.1, true, 0.05, 0.1) == Verdict::undecided);  // "<"
  CHECK(decide(0.1, true, 0.1, 0.1) == Verdict::refuted);
  CHECK(decide(0.1, false, 0.1, {}) == Verdict::undecided);
  CHECK(decide(0.1, false, {}, {}) == Verdict::undecided);

  // The RRCP's own factor of each version; eps itself has none.
  const At at = depth(2);
  const double eps = std::pow(2, -32);
  CHECK(*allowed(statement_named("hlv-theorem-ii.6"), "rrcp", at) == 31 * eps);
  CHECK(*allowed(statement_named("hlv-2018-theorem"), "rrcp", at) == 7 * eps);
  CHECK(*allowed(statement_named("hlv20-theorem-3"), "rrcp", at) == 33 * std::pow(2, -102));
  CHECK(*allowed(statement_named("hlv-theorem-ii.6"), "wdc", at) == eps);
  CHECK(*allowed(statement_named("hlv-theorem-ii.6"), "eps", at) == eps);
  CHECK(!allowed(statement_named("hlv-theorem-ii.6"), "K2", at));
  CHECK(!allowed(statement_named("hlv-theorem-ii.6"), "wdc", At()));
  CHECK(!allowed(statement_named("hlv-theorem-ii.6"), "wdc", depth(1)));  // d >= 2
  CHECK(!allowed(statement_named("hv-lemma-11"), "wdc", at));             // chosen, not assumed
}

TEST_CASE("statements: the theorems about landscapes are those that landscapes are compared with") {
  for (const int d : {2, 3, 5}) {
    At at = depth(d);
    at.s = 4, at.alpha = 0.5;
    const std::vector<int> one{d}, two{d, 4};
    const auto same = [](double a, double b) { CHECK(a == doctest::Approx(b).epsilon(1e-13)); };
    same(epsilon("hv-theorem-1", at), epsilon_needed(Problem::compressed_sensing, one, 1));
    same(epsilon("hlv-theorem-ii.6", at), epsilon_needed(Problem::phase_retrieval, one, 1));
    same(epsilon("af-theorem-2", at), epsilon_needed(Problem::amplitude_flow, {0}, 1));
    same(epsilon("hj-theorem-3", at), epsilon_needed(Problem::blind_demodulation, two, 0.5));
    at.eps = 1e-7;
    const auto radii = [&](const char* id, Problem problem, const std::vector<int>& depths, double alpha) {
      const std::vector<double> expected = theorem_radii(problem, depths, at.eps, alpha);
      for (std::size_t i = 0; i < expected.size(); ++i) same(statement_named(id).gives[i].value(at), expected[i]);
    };
    radii("hv-theorem-1", Problem::inversion, one, 1);
    radii("hlv-theorem-ii.6", Problem::phase_retrieval, one, 1);
    radii("hj-theorem-3", Problem::blind_demodulation, two, 0.5);
  }
}

TEST_CASE("statements: every experiment names some, all of which there are") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(__FILE__).parent_path().parent_path() / "experiments")) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const std::vector<std::string> ids = ids_in(entry.path());
    CAPTURE(entry.path().string());
    CHECK(!ids.empty());
    for (const std::string& id : ids) CHECK_NOTHROW(statement_named(id));
  }
  CHECK(files >= 14);
}

}  // namespace test_statements
