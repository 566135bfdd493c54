// The conditions that can be measured, as the command line, the runner and the results know them.
#pragma once

#include "estimators/ensembles.hpp"
#include "estimators/measurement.hpp"
#include "experiments/studies/request.hpp"
#include "experiments/studies/sizes.hpp"
#include "results/setting.hpp"
#include "theory/network.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace theoremeter {

/// What draws the matrices: the rows of weights, and the measurement matrix where there is a network too.
struct Ensembles {
  Ensemble weights = Ensemble::gaussian;
  Ensemble measurements = Ensemble::gaussian;
};

/// A matrix of an instance: its shape, and what draws it when it is not given.
struct Shape {
  std::string name;
  std::int64_t rows;
  std::int64_t columns;
  Ensemble ensemble;
};

/// What can be given instead of drawn: --option FILE is the matrix of that name, or the layers W_1, W_2, ... of a
/// network.
struct Given {
  std::string option;
  std::string meaning;
  std::string matrix;         // "" for a network
  std::string network = "W";  // what its layers are called
};

/// W_1 for the first layer of a network called W, i = 0.
std::string layer_name(std::size_t i, const std::string& network = "W");

/// The layers of a network of widths k, n_1, ..., n_d. Truncated are the rows of the last layer alone, as in [HJ Thm
/// 2].
std::vector<Shape> network_shapes(const std::vector<std::int64_t>& widths, Ensemble ensemble,
                                  const std::string& network = "W");

/// The network with layers W_1, W_2, ...
Network network_of(const Matrices& matrices, const std::string& network = "W");

/// Throws InputError unless all these matrices can be drawn and held, and fit those given.
void check_shapes(const std::vector<Shape>& shapes, const Matrices& given);

/// The matrices of a draw: those given, and what they lack drawn.
Matrices draw_matrices(const std::vector<Shape>& shapes, const Matrices& given, const Stream& draw);

/// What a point attains: the deviation, the side of the norm, and how far the nearest jump is.
struct Attained {
  long double value = 0;
  Side side = Side::plus;
  long double margin = 0;
};

/// The deviation of one instance at a point, evaluated naively; form: which expression, where the condition has
/// several.
using NaiveDeviation = std::function<Attained(const Point&, const std::string& form)>;

enum class Certificates { none, on_request, by_default };

struct Condition {
  std::string name;
  std::string statement;          // one line, for --help
  std::vector<Symbol> sizes;      // first what should be large against the second
  std::vector<Symbol> arguments;  // of the witness
  std::vector<Given> given;
  bool by_layer = false;      // it concerns one weight matrix: of a network it can be measured layer by layer
  bool has_alpha = false;     // its expectation has a multiple alpha
  bool fits_alpha = false;    // which can be fitted
  bool measures = false;      // a measurement matrix besides the weights: --measurements says what draws it
  double factor = 1;          // the supremum in units of the paper's eps
  std::string certified_for;  // the sizes for which there is a certificate, for messages

  /// The matrices of an instance of these sizes.
  std::function<std::vector<Shape>(const Sizes&, const Ensembles&)> shapes;
  /// The sizes that given matrices (some or all) determine.
  std::function<Sizes(const Matrices&)> sizes_of;
  std::function<std::vector<std::int64_t>(const Sizes&)> sphere_dimensions;
  std::function<Certificates(const Sizes&)> certificates;
  std::function<double(const Sizes&, const Ensembles&)> alpha = [](const Sizes&, const Ensembles&) { return 1; };
  /// What the estimators say: what is reported is what `measure` below makes of it.
  std::function<Measurement(const Matrices&, const Alpha&, const Request&, const Stream&, const StageProgress&)>
      measure;
  std::function<NaiveDeviation(const Matrices&, double alpha)> naive;
};

const std::vector<Condition>& conditions();

/// All the evidence asked for about an instance, every witness with the value that the definition gives it.
Measurement measure(const Condition& condition, const Matrices& matrices, const Alpha& alpha, const Request& request,
                    const Stream& stream, const StageProgress& progress);

/// Throws InputError, suggesting the nearest name.
const Condition& condition_named(const std::string& name);

/// Throws InputError unless all matrices of these sizes can be drawn and held, and fit those given.
void check_instance(const Condition& condition, const Ensembles& ensembles, const Sizes& sizes, const Matrices& given);

/// The matrices of a draw: those given, and what they lack drawn.
Matrices instance(const Condition& condition, const Ensembles& ensembles, const Sizes& sizes, const Matrices& given,
                  const Stream& draw);

/// Throws InputError unless the evidence asked for can be had at these sizes.
void check_request(const Condition& condition, const Sizes& sizes, const Request& request);

}  // namespace theoremeter
