#include "estimators/joint_wdc.hpp"

#include "estimators/instances.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace theoremeter {

InUnits<JointWdc> JointWdc::in_units() const {
  constexpr int least_exponent = -10;  // of a row of C, where the largest is 0
  const int of_B = largest_exponent(B_), of_C = largest_exponent(C_);
  Rows C = C_;
  std::vector<int> given(static_cast<std::size_t>(C.rows()), 0);  // by a row of C to that of B
  int e = (std::ilogb(alpha_) + 1) / 2;
  for (Eigen::Index i = 0; i < C.rows(); ++i) {
    const int own = largest_exponent(C_.row(i)), of_row = largest_exponent(B_.row(i));
    if (own == exponent_of_zero) continue;
    const int given_up = given[static_cast<std::size_t>(i)] = own - std::max(own - of_C, least_exponent);
    C.row(i) = times_power_of_two(C_.row(i), -given_up);
    e = std::max(e, of_row + given_up);
  }
  Rows rows = B_;
  for (Eigen::Index i = 0; i < rows.rows(); ++i)
    rows.row(i) = std::sqrt(static_cast<double>(B_.rows())) *
                  times_power_of_two(B_.row(i), given[static_cast<std::size_t>(i)] - e);
  Rows B = of_B == exponent_of_zero ? B_ : times_power_of_two(B_, -of_B);
  if (auto directions = safe_directions(B_, -of_B, B, "a last layer")) B = *std::move(directions);
  const double alpha = relative_to_unit(alpha_, e);
  const double unit = unit_of(e, rows.squaredNorm() * C.rowwise().squaredNorm().maxCoeff() + alpha, "B, C and alpha");
  return {JointWdc(std::move(B), std::move(C), std::move(rows), alpha), unit};
}

THEOREMETER_ESTIMATORS(template, JointWdc);

}  // namespace theoremeter
