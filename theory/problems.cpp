#include "theory/problems.hpp"

#include "theory/error.hpp"
#include "theory/homogeneity.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <cassert>
#include <cmath>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// What every layer puts out: z_1, ..., z_d = G(x); with z_0 = x in front. A neuron is on where its output is positive.
std::vector<VectorXd> layer_outputs(const Network& G, const VectorXd& x) {
  assert(x.size() == G.input);
  std::vector<VectorXd> z{x};
  for (const Rows& W : G.layers) z.push_back((W * z.back()).cwiseMax(0.0));
  return z;
}

/// Lambda_x' Y, one backward pass for all columns of Y.
MatrixXd pull_back(const Network& G, const std::vector<VectorXd>& z, MatrixXd Y) {
  for (std::size_t i = G.layers.size(); i > 0; --i) {
    for (Index j = 0; j < Y.rows(); ++j)
      if (!(z[i](j) > 0)) Y.row(j).setZero();
    Y = (G.layers[i - 1].transpose() * Y).eval();
  }
  return Y;
}

/// A z, A'Y, with A = I where it is not given.
VectorXd measure(const Recovery& f, const VectorXd& z) { return f.A.size() > 0 ? VectorXd(f.A * z) : z; }
MatrixXd measure_back(const Recovery& f, const MatrixXd& Y) {
  return f.A.size() > 0 ? MatrixXd(f.A.transpose() * Y) : Y;
}

double sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

/// A G(x) - b, resp. |A G(x)| - b, where y = A G(x).
VectorXd residual(const Recovery& f, const VectorXd& y) {
  return f.phaseless ? VectorXd(y.cwiseAbs() - f.b) : VectorXd(y - f.b);
}

/// r, resp. sgn(y) o r: so that v_x = Lambda_x' A' (.) of the residual, and c_p that of b.
VectorXd with_signs(const Recovery& f, const VectorXd& y, const VectorXd& r) {
  return f.phaseless ? VectorXd(y.unaryExpr(&sign).cwiseProduct(r)) : r;
}

void require(Index size, Index needed, const char* what, const std::string& of) {
  if (size != needed) throw InputError(fmt::format("{} has {} entries; {} needs {}", what, size, of, needed));
}

Recovery measured(bool phaseless, Network G, Rows A, VectorXd x0, const VectorXd& noise) {
  require(x0.size(), G.input, "x0", "the network");
  if (A.rows() == 0) throw InputError("A has no row; at least one measurement is needed");
  if (A.cols() != G.output())
    throw InputError(fmt::format("A has {} columns; the network's {} outputs need as many", A.cols(), G.output()));
  if (noise.size() > 0) require(noise.size(), A.rows(), "noise", "A");
  Recovery f{phaseless, std::move(G), std::move(A), std::move(x0), {}};
  const VectorXd y = measurements(f.G, f.A, f.x0);
  f.b = phaseless ? VectorXd(y.cwiseAbs()) : y;
  if (noise.size() > 0) f.b += noise;
  return f;
}

}  // namespace

const std::string& name(Problem problem) { return problem_names.at(static_cast<std::size_t>(problem)); }

Problem problem_named(const std::string& name) {
  return static_cast<Problem>(position("problem", name, problem_names));
}

Recovery inversion(Network G, VectorXd x0) {
  require(x0.size(), G.input, "x0", "the network");
  VectorXd b = measurements(G, {}, x0);
  return {false, std::move(G), {}, std::move(x0), std::move(b)};
}

Recovery compressed_sensing(Network G, Rows A, VectorXd x0, const VectorXd& noise) {
  return measured(false, std::move(G), std::move(A), std::move(x0), noise);
}

Recovery phase_retrieval(Network G, Rows A, VectorXd x0, const VectorXd& noise) {
  return measured(true, std::move(G), std::move(A), std::move(x0), noise);
}

Recovery amplitude_flow(Rows A, VectorXd x0) {
  Network G = Network::identity(A.cols());
  return measured(true, std::move(G), std::move(A), std::move(x0), {});
}

double objective(const Recovery& f, const VectorXd& x) {
  return residual(f, measure(f, forward(f.G, x))).squaredNorm() / 2;
}

VectorXd gradient(const Recovery& f, const VectorXd& x) {
  const std::vector<VectorXd> z = layer_outputs(f.G, x);
  const VectorXd y = measure(f, z.back());
  return pull_back(f.G, z, measure_back(f, with_signs(f, y, residual(f, y))));
}

double one_sided_derivative(const Recovery& f, const VectorXd& x, const VectorXd& u) {
  const VectorXd y = measure(f, forward(f.G, x)), dy = measure(f, one_sided_derivative(f.G, x, u));
  const VectorXd r = residual(f, y);
  if (!f.phaseless) return r.dot(dy);
  double sum = 0;
  for (Index i = 0; i < y.size(); ++i) sum += r(i) * (y(i) == 0 ? std::abs(dy(i)) : sign(y(i)) * dy(i));
  return sum;
}

// The residual along the ray is r |A G(p)| - b (or without the modulus), with signs and pieces those at p throughout.
Ray along_ray(const Recovery& f, const VectorXd& p) {
  const std::vector<VectorXd> z = layer_outputs(f.G, p);
  const VectorXd y = measure(f, z.back()), signed_b = with_signs(f, y, f.b);
  MatrixXd columns(y.size(), 2);
  columns << y, signed_b;
  const MatrixXd back = pull_back(f.G, z, measure_back(f, columns));
  return {y.squaredNorm(), y.dot(signed_b), f.b.squaredNorm(), back.col(0), back.col(1)};
}

Demodulation blind_demodulation(Network G1, Network G2, VectorXd h0, VectorXd m0) {
  if (G1.output() != G2.output())
    throw InputError(fmt::format("the networks have {} and {} outputs; equally many are needed to multiply them",
                                 G1.output(), G2.output()));
  require(h0.size(), G1.input, "h0", "the first network");
  require(m0.size(), G2.input, "m0", "the second network");
  VectorXd b = measurements(G1, {}, h0).cwiseProduct(measurements(G2, {}, m0));
  if (h0.allFinite() && m0.allFinite() && !b.allFinite())
    throw InputError("G1(h0) o G2(m0): its entries are beyond the range of doubles: scale the layers");
  return {std::move(G1), std::move(G2), std::move(h0), std::move(m0), std::move(b)};
}

double objective(const Demodulation& f, const VectorXd& h, const VectorXd& m) {
  return (forward(f.G1, h).cwiseProduct(forward(f.G2, m)) - f.b).squaredNorm() / 2;
}

std::pair<VectorXd, VectorXd> gradient(const Demodulation& f, const VectorXd& h, const VectorXd& m) {
  const std::vector<VectorXd> z1 = layer_outputs(f.G1, h), z2 = layer_outputs(f.G2, m);
  const VectorXd &w = z1.back(), &x = z2.back();
  const VectorXd r = w.cwiseProduct(x) - f.b;
  return {pull_back(f.G1, z1, r.cwiseProduct(x)), pull_back(f.G2, z2, r.cwiseProduct(w))};
}

double one_sided_derivative(const Demodulation& f, const VectorXd& h, const VectorXd& m, const VectorXd& u_h,
                            const VectorXd& u_m) {
  const VectorXd w = forward(f.G1, h), x = forward(f.G2, m);
  const VectorXd dw = one_sided_derivative(f.G1, h, u_h), dx = one_sided_derivative(f.G2, m, u_m);
  return (w.cwiseProduct(x) - f.b).dot(dw.cwiseProduct(x) + w.cwiseProduct(dx));
}

// The residual is t G1(p) o G2(q) - b; the factor that is not differentiated brings s, resp. r.
BilinearRay along_rays(const Demodulation& f, const VectorXd& p, const VectorXd& q) {
  const std::vector<VectorXd> z1 = layer_outputs(f.G1, p), z2 = layer_outputs(f.G2, q);
  const VectorXd &w = z1.back(), &x = z2.back();
  const VectorXd y = w.cwiseProduct(x);
  MatrixXd first(y.size(), 2), second(y.size(), 2);
  first << y.cwiseProduct(x), f.b.cwiseProduct(x);
  second << y.cwiseProduct(w), f.b.cwiseProduct(w);
  const MatrixXd back1 = pull_back(f.G1, z1, first), back2 = pull_back(f.G2, z2, second);
  return {y.squaredNorm(), y.dot(f.b), f.b.squaredNorm(), back1.col(0), back1.col(1), back2.col(0), back2.col(1)};
}

}  // namespace theoremeter
