// Spectral starts for amplitudes q = |A x| with rows a_i ~ N(0, I_n): the leading direction of a weighted covariance of
// rows, by a power iteration from given normals, and an estimate of |x| for its length. Each as in the program whose
// algorithm starts so; y = q^2.
#pragma once

#include "theory/types.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

/// sum_i y_i a_ij^2: large on the support of x.
Eigen::VectorXd marginals(const Rows& A, const Eigen::VectorXd& q);

/// The positions of the s largest, the first of equal ones first, in descending order.
std::vector<Eigen::Index> largest(const Eigen::VectorXd& values, Eigen::Index s);

/// SPARTA (Wang, Zhang, Giannakis, Akcakaya, Chen; gangwg.github.io e26e4a9): the sixth of the rows that is most
/// orthogonal to none, each of unit length, on the s largest marginals; the power iteration's j-th normal belongs to
/// the j-th largest.
Eigen::VectorXd sparta_start(const Rows& A, const Eigen::VectorXd& q, Eigen::Index s, const Eigen::VectorXd& normals);

/// The same as GauriJagatap/model-copram 0c64453 has it: rows weighted by y, the ceil(m/6) most aligned ones.
Eigen::VectorXd sparta_start_weighted(const Rows& A, const Eigen::VectorXd& q, Eigen::Index s,
                                      const Eigen::VectorXd& normals);

/// CoPRAM (model-copram 0c64453): all rows, weighted by y, on the s largest marginals.
Eigen::VectorXd copram_start(const Rows& A, const Eigen::VectorXd& q, Eigen::Index s, const Eigen::VectorXd& normals);

/// Thresholded Wirtinger flow (model-copram 0c64453): the same where the marginal exceeds (1 + 1.5 sqrt(log(mn)/m))
/// times the mean of y; 0 where none does.
Eigen::VectorXd thwf_start(const Rows& A, const Eigen::VectorXd& q, const Eigen::VectorXd& normals);

/// Truncated amplitude flow (gangwg.github.io e26e4a9), also without truncation.
Eigen::VectorXd taf_start(const Rows& A, const Eigen::VectorXd& q, const Eigen::VectorXd& normals);

/// Reweighted amplitude flow (gangwg.github.io e26e4a9).
Eigen::VectorXd raf_start(const Rows& A, const Eigen::VectorXd& q, const Eigen::VectorXd& normals);

/// Truncated Wirtinger flow (as gangwg.github.io e26e4a9 ports it).
Eigen::VectorXd twf_start(const Rows& A, const Eigen::VectorXd& q, const Eigen::VectorXd& normals);

}  // namespace theoremeter
