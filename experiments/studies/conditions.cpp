#include "experiments/studies/conditions.hpp"

#include "estimators/cone_proof.hpp"
#include "experiments/studies/by_definition.hpp"
#include "experiments/studies/condition.hpp"
#include "results/weights.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace theoremeter {
namespace {

/// Certificates by branch and bound over pairs of cones: columns up to certify_dimensions, unasked up to 4.
Certificates by_cones(std::int64_t columns) {
  if (columns > certify_dimensions) return Certificates::none;
  return columns <= 4 ? Certificates::by_default : Certificates::on_request;
}

}  // namespace

bool fit(const Point& p, std::initializer_list<Eigen::Index> dimensions) {
  return std::equal(p.begin(), p.end(), dimensions.begin(), dimensions.end(),
                    [](const Eigen::VectorXd& x, Eigen::Index k) { return x.size() == k; });
}

bool is_form(const std::string& form, const std::vector<Rows>& layers, const Point& d) {
  if (form == "tangent") return in_one_piece(layers, d[0], d[1]) && in_one_piece(layers, d[2], d[3]);
  return form == "differences";
}

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

std::vector<Shape> network_shapes(const std::vector<std::int64_t>& widths, Ensemble ensemble,
                                  const std::string& network) {
  if (widths.size() < 2)
    throw InputError(fmt::format("widths = {}: a network needs at least two, k and n_1", to_text(widths)));
  std::vector<Shape> shapes;
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const bool inner = i + 1 < widths.size();
    const bool gaussian = inner && ensemble == Ensemble::truncated_gaussian;
    shapes.push_back({layer_name(i - 1, network), widths[i], widths[i - 1], gaussian ? Ensemble::gaussian : ensemble});
  }
  return shapes;
}

Network network_of(const Matrices& matrices, const std::string& network) {
  std::vector<Rows> layers;
  for (std::size_t i = 0; matrices.contains(layer_name(i, network)); ++i)
    layers.push_back(matrices.at(layer_name(i, network)));
  return Network(std::move(layers));
}

std::string layer_name(std::size_t i, const std::string& network) { return fmt::format("{}_{}", network, i + 1); }

const std::vector<Condition>& conditions() {
  static const std::vector<Condition> all{weight_distribution(), phaseless_concentration(), joint_weight_distribution(),
                                          range_restricted_concentration(), range_restricted_isometry()};
  return all;
}

Measurement measure(const Condition& condition, const Matrices& matrices, const Alpha& alpha, const Request& request,
                    const Stream& stream, const StageProgress& progress) {
  Measurement m = condition.measure(matrices, alpha, request, stream, progress);
  const NaiveDeviation naive = condition.naive(matrices, m.alpha);
  return by_definition(std::move(m), naive, request.gap);
}

const Condition& condition_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Condition& c : conditions()) names.push_back(c.name);
  return conditions()[position("condition", name, names)];
}

void check_shapes(const std::vector<Shape>& shapes, const Matrices& given) {
  for (const auto& [name, n, k, ensemble] : shapes) {
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

Matrices draw_matrices(const std::vector<Shape>& shapes, const Matrices& given, const Stream& stream) {
  Matrices all;
  std::uint64_t i = 0;
  for (const Shape& shape : shapes) {
    const Stream own = i == 0 ? stream.at({purpose::weights}) : stream.at({purpose::weights, i});
    ++i;
    const auto matrix = given.find(shape.name);
    all[shape.name] = matrix != given.end() ? matrix->second : draw(shape.ensemble, shape.rows, shape.columns, own);
  }
  return all;
}

void check_instance(const Condition& condition, const Ensembles& ensembles, const Sizes& sizes, const Matrices& given) {
  check_shapes(condition.shapes(sizes, ensembles), given);
}

Matrices instance(const Condition& condition, const Ensembles& ensembles, const Sizes& sizes, const Matrices& given,
                  const Stream& stream) {
  return draw_matrices(condition.shapes(sizes, ensembles), given, stream);
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
