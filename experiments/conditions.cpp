#include "experiments/conditions.hpp"

#include "estimators/fit_alpha.hpp"
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

namespace theoremeter {
namespace {

constexpr long double undefined = std::numeric_limits<long double>::quiet_NaN();

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

}  // namespace

std::string layer_name(std::size_t i) { return fmt::format("W_{}", i + 1); }

const std::vector<Condition>& conditions() {
  static const std::vector<Condition> all{weight_distribution()};
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
