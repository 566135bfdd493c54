// What the files of the single conditions share.
#pragma once

#include "experiments/studies/conditions.hpp"

#include <initializer_list>
#include <limits>

namespace theoremeter {

/// Each condition has a file of its own.
Condition weight_distribution();
Condition phaseless_concentration();
Condition joint_weight_distribution();
Condition range_restricted_concentration();
Condition range_restricted_isometry();

/// The condition of one matrix, rows x columns, at two points of the sphere of its columns, certified by branch and
/// bound over pairs of cones.
Condition of_one_matrix(const std::string& matrix, Symbol rows, Symbol columns, std::vector<Symbol> arguments);

/// What a naive evaluation returns for arguments that do not fit.
inline constexpr Attained undefined{std::numeric_limits<long double>::quiet_NaN()};

/// Does a witness of differences G(x1) - G(x2), G(x3) - G(x4) have this form, "tangent" or "differences"?
bool is_form(const std::string& form, const std::vector<Rows>& layers, const Point& differences);

/// Do the arguments have these dimensions?
bool fit(const Point& p, std::initializer_list<Eigen::Index> dimensions);

}  // namespace theoremeter
