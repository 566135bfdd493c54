// All one-sided derivatives of an objective at a point, none left out.
//
// Around x the hyperplanes on which neurons and measurements vanish at x divide the directions into finitely many
// cones, and on each of them u -> D_u f(x) is linear, g'u. There is a direction of descent iff for one of these cones,
// {u: Cu >= 0}, some u has Cu > 0 and g'u < 0, that is, iff 0 is not in the convex hull of the rows of C and of -g
// (Gordan): then its least element is such a u. Cones are enumerated layer by layer, as what a neuron does depends on
// those before it; cones without interior are left out.
#pragma once

#include "estimators/descent.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>

namespace theoremeter {

/// Hyperplanes nearer to x than `near` |x| count as through x; a direction descends where D_u f(x) < -`negligible`. Not
/// `all` where there are more than 1024 cones.
AllDirections all_directions(const Recovery& f, const Eigen::VectorXd& x, double near, double negligible);
/// u = (u_h, u_m); likewise each network's nearer than `near` |h|, resp. `near` |m|.
AllDirections all_directions(const Demodulation& f, const Eigen::VectorXd& h, const Eigen::VectorXd& m, double near,
                             double negligible);

}  // namespace theoremeter
