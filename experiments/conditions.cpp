#include "experiments/conditions.hpp"

#include "estimators/fit_alpha.hpp"
#include "estimators/joint_wdc.hpp"
#include "estimators/phaseless.hpp"
#include "estimators/wdc.hpp"
#include "experiments/measure.hpp"
#include "results/weights.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

constexpr long double undefined = std::numeric_limits<long double>::quiet_NaN();

/// The two inequalities of the joint-WDC, by their numbers in [HJ].
constexpr const char *first_inequality = "(6)", *second_inequality = "(7)";

/// Do the arguments have these dimensions?
bool fit(const Point& p, std::initializer_list<Eigen::Index> dimensions) {
  return std::equal(p.begin(), p.end(), dimensions.begin(), dimensions.end(),
                    [](const Eigen::VectorXd& x, Eigen::Index k) { return x.size() == k; });
}

/// Certificates by branch and bound over pairs of cones: columns up to certify_dimensions, unasked up to 4.
Certificates by_cones(std::int64_t columns) {
  if (columns > certify_dimensions) return Certificates::none;
  return columns <= 4 ? Certificates::by_default : Certificates::on_request;
}

/// The condition of one matrix, rows x columns, at two points of the sphere of its columns.
Condition of_one_matrix(const std::string& matrix, Symbol rows, Symbol columns, std::vector<Symbol> arguments) {
  Condition c;
  const std::string n = rows.name, k = columns.name;
  c.sizes = {std::move(rows), std::move(columns)};
  c.arguments = std::move(arguments);
  c.given = {{"weights", "given: a .npy or HDF5 file", matrix}};
  c.certified_for = fmt::format("{} up to {}", k, certify_dimensions);
  c.shapes = [=](const Sizes& s, const Ensembles& e) {
    return std::vector<Shape>{{matrix, scalar(s, n), scalar(s, k), e.weights}};
  };
  c.sizes_of = [=](const Matrices& m) {
    const Rows& W = m.at(matrix);
    return Sizes{{n, {W.rows()}}, {k, {W.cols()}}};
  };
  c.sphere_dimensions = [=](const Sizes& s) { return std::vector{scalar(s, k), scalar(s, k)}; };
  c.certificates = [=](const Sizes& s) { return by_cones(scalar(s, k)); };
  return c;
}

Condition weight_distribution() {
  Condition c = of_one_matrix("W", {"n", "rows of W (neurons)"}, {"k", "columns of W (latent dimension)"},
                              {{"x", "first argument"}, {"y", "second argument"}});
  c.name = "wdc";
  c.statement = "sup over x, y of || W_{+,x}' W_{+,y} - alpha Q_{x,y} ||  (Weight Distribution Condition)";
  c.given.push_back({"network", "given: layers, each measured; an HDF5 file of them or .npy,.npy,...", ""});
  c.by_layer = c.has_alpha = c.fits_alpha = true;
  c.alpha = [](const Sizes& s, const Ensembles& e) { return ensemble_alpha(e.weights, scalar(s, "k")); };
  c.measure = [](const Matrices& m, const Alpha& alpha, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    const Rows& W = m.at("W");
    double fitted = alpha.value.value_or(1);
    double seconds = 0;
    if (alpha.fit)
      timed(seconds, [&] {
        fitted = fit_alpha(W, request.starts.value_or(default_starts(W.rows(), W.cols())), stream.at({purpose::fit}),
                           request.threads, [&](double done) { progress("fit alpha", done); });
      });
    Measurement found = measure(std::vector{Part<Wdc>{Wdc(W, fitted)}}, request, stream, progress);
    found.alpha = fitted;
    found.seconds.search += seconds;
    return found;
  };
  c.naive = [](const Matrices& m, double alpha) -> NaiveDeviation {
    return [W = m.at("W"), alpha](const Point& p, const std::string&) {
      return fit(p, {W.cols(), W.cols()}) ? wdc_deviation(W, alpha, p[0], p[1]) : undefined;
    };
  };
  return c;
}

Condition phaseless_concentration() {
  Condition c = of_one_matrix("A", {"m", "rows of A (measurements)"}, {"n", "columns of A (dimension of the signal)"},
                              {{"z", "first argument"}, {"w", "second argument"}});
  c.name = "phaseless";
  c.statement = "sup over z, w of || A_z' A_w - Phi_{z,w} ||, A_z = diag(sgn Az) A  (phaseless concentration)";
  c.measure = [](const Matrices& m, const Alpha&, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    return measure(std::vector{Part<Phaseless>{Phaseless(m.at("A"))}}, request, stream, progress);
  };
  c.naive = [](const Matrices& m, double) -> NaiveDeviation {
    return [A = m.at("A")](const Point& p, const std::string&) {
      return fit(p, {A.cols(), A.cols()}) ? phaseless_deviation(A, p[0], p[1]) : undefined;
    };
  };
  return c;
}

Condition joint_weight_distribution() {
  Condition c;
  c.name = "joint-wdc";
  c.statement =
      "the larger of sup || B_{+,h}' diag(C_{+,m}m o C_{+,y}y) B_{+,x} - (alpha/l) m'Q_{m,y}y Q_{h,x} || l/(|m||y|) "
      "and "
      "the same with B and C exchanged  (joint-WDC)";
  c.sizes = {{"l", "rows of B and C (outputs of the last layers)"},
             {"n", "columns of B (inputs of the first network's last layer)"},
             {"p", "columns of C (inputs of the second network's)"}};
  c.arguments = {{"h", "first argument of B"},
                 {"x", "second argument of B"},
                 {"m", "first argument of C"},
                 {"y", "second argument of C"}};
  c.given = {{"B", "given: a .npy or HDF5 file", "B"}, {"C", "given, likewise", "C"}};
  c.has_alpha = true;
  c.certified_for = "n and p up to 2";
  c.shapes = [](const Sizes& s, const Ensembles& e) {
    return std::vector<Shape>{{"B", scalar(s, "l"), scalar(s, "n"), e.weights},
                              {"C", scalar(s, "l"), scalar(s, "p"), e.weights}};
  };
  c.sizes_of = [](const Matrices& m) {
    Sizes s;
    for (const auto& [matrix, columns] : {std::pair{"B", "n"}, std::pair{"C", "p"}})
      if (const auto given = m.find(matrix); given != m.end()) {
        s["l"] = {given->second.rows()};
        s[columns] = {given->second.cols()};
      }
    return s;
  };
  c.sphere_dimensions = [](const Sizes& s) { return std::vector{scalar(s, "n"), scalar(s, "p")}; };
  c.certificates = [](const Sizes& s) {
    return std::max(scalar(s, "n"), scalar(s, "p")) <= 2 ? Certificates::by_default : Certificates::none;
  };
  c.alpha = [](const Sizes& s, const Ensembles& e) {
    return ensemble_alpha(e.weights, scalar(s, "n")) * ensemble_alpha(e.weights, scalar(s, "p"));
  };
  c.measure = [](const Matrices& m, const Alpha& alpha, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    const double a = alpha.value.value_or(1);
    Measurement found =
        measure(std::vector{Part<JointWdc>{JointWdc(m.at("B"), m.at("C"), a), first_inequality},
                            Part<JointWdc>{JointWdc(m.at("C"), m.at("B"), a), second_inequality, {2, 3, 0, 1}}},
                request, stream, progress);
    found.alpha = a;
    return found;
  };
  c.naive = [](const Matrices& m, double alpha) -> NaiveDeviation {
    return [B = m.at("B"), C = m.at("C"), alpha](const Point& p, const std::string& form) {
      if (!fit(p, {B.cols(), B.cols(), C.cols(), C.cols()})) return undefined;
      const auto [first, second] = joint_wdc_deviation(B, C, alpha, p[0], p[1], p[2], p[3]);
      return form == first_inequality ? first : form == second_inequality ? second : undefined;
    };
  };
  return c;
}

}  // namespace

std::string layer_name(std::size_t i) { return fmt::format("W_{}", i + 1); }

const std::vector<Condition>& conditions() {
  static const std::vector<Condition> all{weight_distribution(), phaseless_concentration(),
                                          joint_weight_distribution()};
  return all;
}

const Condition& condition_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Condition& c : conditions()) names.push_back(c.name);
  return conditions()[position("condition", name, names)];
}

Stream draw_stream(std::uint64_t seed, const Condition& condition, const Sizes& sizes, std::uint64_t draw) {
  Stream stream(seed);
  for (const Symbol& size : condition.sizes)
    for (const std::int64_t number : sizes.at(size.name)) stream = stream.at({static_cast<std::uint64_t>(number)});
  return stream.at({draw});
}

void check_instance(const Condition& condition, const Ensembles& ensembles, const Sizes& sizes, const Matrices& given) {
  for (const Shape& shape : condition.shapes(sizes, ensembles)) {
    const auto [name, n, k, ensemble] = shape;
    if (const auto matrix = given.find(name); matrix != given.end()) {
      if (matrix->second.rows() != n || matrix->second.cols() != k)
        throw InputError(fmt::format("{} is {} x {}, where {} x {} would fit the rest", name, matrix->second.rows(),
                                     matrix->second.cols(), n, k));
      continue;
    }
    check_sizes(n, k, name);
    if (n > max_entries / k)
      throw InputError(fmt::format("{} x {} entries of {}: must be at most {}", n, k, name, max_entries));
    if (ensemble == Ensemble::orthonormal && n < k)
      throw InputError(fmt::format("{} is {} x {}: orthonormal columns need at least as many rows", name, n, k));
  }
}

Matrices instance(const Condition& condition, const Ensembles& ensembles, const Sizes& sizes, const Matrices& given,
                  const Stream& stream) {
  Matrices all;
  std::uint64_t i = 0;
  for (const Shape& shape : condition.shapes(sizes, ensembles)) {
    const Stream own = i == 0 ? stream.at({purpose::weights}) : stream.at({purpose::weights, i});
    ++i;
    const auto matrix = given.find(shape.name);
    all[shape.name] = matrix != given.end() ? matrix->second : draw(shape.ensemble, shape.rows, shape.columns, own);
  }
  return all;
}

void check_request(const Condition& condition, const Sizes& sizes, const Request& request) {
  if (request.certify && condition.certificates(sizes) == Certificates::none) {
    std::vector<std::string> at;
    for (const Symbol& size : condition.sizes)
      at.push_back(fmt::format("{} = {}", size.name, to_text(sizes.at(size.name))));
    throw InputError(fmt::format("evidence certify at {}: {} has certificates for {}", fmt::join(at, ", "),
                                 condition.name, condition.certified_for));
  }
  if (request.grid)  // refuses a grid that does not fit
    for (const std::int64_t k : condition.sphere_dimensions(sizes))
      make_grid(*request.grid, static_cast<int>(k), 1, Stream(0));
}

}  // namespace theoremeter
