#include "estimators/certify_products.hpp"
#include "estimators/instances.hpp"
#include "experiments/studies/condition.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/conditions.hpp"

#include <algorithm>
#include <utility>

namespace theoremeter {
namespace {

/// The two inequalities of the joint-WDC, by their numbers in [HJ].
constexpr const char *first_inequality = "(6)", *second_inequality = "(7)";

}  // namespace

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
  c.certified_for = "n and p up to 3";
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
    const auto most = std::max(scalar(s, "n"), scalar(s, "p"));
    if (most > product_dimensions) return Certificates::none;
    return most <= 2 ? Certificates::by_default : Certificates::on_request;
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
    return [B = m.at("B"), C = m.at("C"), alpha](const Point& p, const std::string& form) -> Attained {
      if (!fit(p, {B.cols(), B.cols(), C.cols(), C.cols()})) return undefined;
      if (form != first_inequality && form != second_inequality) return undefined;
      const bool first = form == first_inequality;
      std::pair<Side, Side> sides;
      const auto values = joint_wdc_deviation(B, C, alpha, p[0], p[1], p[2], p[3], &sides);
      const Rows& jumps = first ? B : C;  // relu does not jump
      const std::size_t one = first ? 0 : 2;
      return {first ? values.first : values.second, first ? sides.first : sides.second,
              std::min(jump_distance(jumps, p[one]), jump_distance(jumps, p[one + 1]))};
    };
  };
  return c;
}

}  // namespace theoremeter
