// The recovery problems, their objectives, gradients and one-sided derivatives.
//
//   inversion             f(x) = 1/2 |G(x) - G(x0)|^2                                            [HV]
//   compressed sensing    f(x) = 1/2 |A G(x) - b|^2,     b = A G(x0) + e                         [HV; HHHV]
//   phase retrieval       f(x) = 1/2 | |A G(x)| - b |^2, b = |A G(x0)| + e                       [HLV (II.1)]
//   amplitude flow        the same with G the identity                                           [AF]
//   blind demodulation    f(h, m) = 1/2 |G1(h) o G2(m) - b|^2, b = G1(h0) o G2(m0)               [HJ (2)]
//
// Every f is continuous and piecewise polynomial, so D_u f(x) = lim_{t -> 0+} (f(x+tu) - f(x))/t exists everywhere, by
// the chain rule for one-sided derivatives: D_u G follows the pieces just after x, and |.| at 0 has derivative |.| of
// the direction. Networks are positively homogeneous and linear along a ray from 0, so f is a quadratic along it.
#pragma once

#include "theory/network.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter {

enum class Problem { inversion, compressed_sensing, phase_retrieval, amplitude_flow, blind_demodulation };
inline const std::vector<std::string> problem_names{"inversion", "compressed-sensing", "phase-retrieval",
                                                    "amplitude-flow", "blind-demodulation"};

const std::string& name(Problem problem);
/// Throws InputError, suggesting the nearest name.
Problem problem_named(const std::string& name);

/// Recovery of x0 from b: f(x) = 1/2 |A G(x) - b|^2, or 1/2 | |A G(x)| - b |^2 where phaseless. All problems but blind
/// demodulation.
struct Recovery {
  bool phaseless = false;
  Network G;
  Rows A;  // m x n_d; empty: the identity (inversion)
  Eigen::VectorXd x0;
  Eigen::VectorXd b;

  Eigen::Index k() const { return G.input; }
};

/// Each throws InputError when sizes do not fit: x0 in R^k, A with n_d columns and at least one row, noise empty (none)
/// or in R^m; when G(x0), resp. A G(x0), is beyond the range of doubles.
Recovery inversion(Network G, Eigen::VectorXd x0);
Recovery compressed_sensing(Network G, Rows A, Eigen::VectorXd x0, const Eigen::VectorXd& noise = {});
Recovery phase_retrieval(Network G, Rows A, Eigen::VectorXd x0, const Eigen::VectorXd& noise = {});
Recovery amplitude_flow(Rows A, Eigen::VectorXd x0);

/// f(x).
double objective(const Recovery& f, const Eigen::VectorXd& x);

/// v_x = Lambda_x' A'(A G(x) - b), resp. Lambda_x' A_{G(x)}'(|A G(x)| - b) [HLV Alg. 1]: the gradient where f is
/// differentiable; elsewhere with neurons at exactly 0 off and sgn(0) = 0.
Eigen::VectorXd gradient(const Recovery& f, const Eigen::VectorXd& x);

/// D_u f(x), at kinks too.
double one_sided_derivative(const Recovery& f, const Eigen::VectorXd& x, const Eigen::VectorXd& u);

/// Along x = r p:  f = 1/2 (a r^2 - 2 b r + c) for r >= 0,  v_x = r Mp - cp for r > 0.  M = Lambda_p' A'A Lambda_p. p
/// need not be of unit length.
struct Ray {
  double a, b, c;
  Eigen::VectorXd Mp, cp;
};
Ray along_ray(const Recovery& f, const Eigen::VectorXd& p);

/// Recovery of h0, m0, up to scaling, from b = G1(h0) o G2(m0): f(h, m) = 1/2 |G1(h) o G2(m) - b|^2.
struct Demodulation {
  Network G1, G2;
  Eigen::VectorXd h0, m0;
  Eigen::VectorXd b;
};

/// Throws InputError unless G1 and G2 have equally many outputs and h0, m0 are inputs of theirs.
Demodulation blind_demodulation(Network G1, Network G2, Eigen::VectorXd h0, Eigen::VectorXd m0);

/// f(h, m).
double objective(const Demodulation& f, const Eigen::VectorXd& h, const Eigen::VectorXd& m);

/// The gradients in h and in m where f is differentiable [HJ (4)]; elsewhere with neurons at exactly 0 off.
std::pair<Eigen::VectorXd, Eigen::VectorXd> gradient(const Demodulation& f, const Eigen::VectorXd& h,
                                                     const Eigen::VectorXd& m);

/// D_{(u_h, u_m)} f(h, m), at kinks too.
double one_sided_derivative(const Demodulation& f, const Eigen::VectorXd& h, const Eigen::VectorXd& m,
                            const Eigen::VectorXd& u_h, const Eigen::VectorXd& u_m);

/// Along h = r p, m = s q, with t = r s:  f = 1/2 (a t^2 - 2 b t + c) for r, s >= 0,  and for r, s > 0 the gradients
/// are s (t Mp - cp) in h and r (t Mq - cq) in m.
struct BilinearRay {
  double a, b, c;
  Eigen::VectorXd Mp, cp, Mq, cq;
};
BilinearRay along_rays(const Demodulation& f, const Eigen::VectorXd& p, const Eigen::VectorXd& q);

}  // namespace theoremeter
