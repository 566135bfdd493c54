// Where neurons and measurements change sign: along a line, and near a point.
//
// G is piecewise linear, so along p + t u every neuron before its ReLU is piecewise affine in t: known at the ends of
// the pieces of the layers before, it is known in between, and so is where it vanishes.
#pragma once

#include "estimators/stream.hpp"
#include "theory/network.hpp"

#include <Eigen/Core>
#include <vector>

namespace theoremeter {

/// -reach, reach and, between them in order, the t at which a neuron of G, or an entry of A G (A empty: none), changes
/// sign along p + t u.
std::vector<double> kinks_along(const Network& G, const Rows& A, const Eigen::VectorXd& p, const Eigen::VectorXd& u,
                                double reach);

/// As columns the unit normals, in the piece that p lies in, of hyperplanes nearer to p than `near` on which a neuron
/// of G or an entry of A G vanishes. Those that vanish on the whole piece have none.
Eigen::MatrixXd kinks_near(const Network& G, const Rows& A, const Eigen::VectorXd& p, double near);

/// These columns in random order without none, one or two of them: a direction along all that are left leaves that many
/// kinks.
Eigen::MatrixXd all_but_few(const Eigen::MatrixXd& normals, Stream& stream);

}  // namespace theoremeter
