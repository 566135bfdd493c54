#include "estimators/all_directions.hpp"

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t most_cones = 1024;
/// Cones narrower than this have no interior, but for rounding.
constexpr double narrowest_cone = 1e-9;
/// A neuron this small beside what is summed in it may vanish on a hyperplane through x: then the hyperplane is looked
/// at.
constexpr double suspicious_neuron = 1e-5;

/// One network at a point, whose input takes the coordinates from `first` on.
struct NetworkAt {
  const Network& G;
  Index first;
  VectorXd x;
  std::vector<VectorXd> z;   // z_0 = x, ..., z_d
  std::vector<VectorXd> on;  // of layers 1, ..., d: 1 or 0, in the cone being looked at

  NetworkAt(const Network& network, Index from, VectorXd at) : G(network), first(from), x(std::move(at)), z{x} {
    for (const Rows& W : G.layers) {
      z.push_back((W * z.back()).cwiseMax(0.0));
      on.emplace_back(VectorXd::Zero(W.rows()));
    }
  }

  /// Lambda' y back from the outputs of layer i, with the neurons that are on below.
  VectorXd pull_back(std::size_t i, VectorXd y) const {
    for (; i > 0; --i) y = (G.layers[i - 1].transpose() * on[i - 1].cwiseProduct(y)).eval();
    return y;
  }
};

/// What vanishes at x in the cone being looked at: its hyperplane's unit normal, and the factor that it turns.
struct Tie {
  VectorXd normal;
  double* on;
  double below;  // the factor where normal'u < 0; above it is 1
};

class Cones {
 public:
  Cones(Index dimension, double near, double negligible)
      : dimension_(dimension), near_(near), negligible_(negligible) {}
  virtual ~Cones() = default;

  AllDirections operator()() {
    enter(0, 0);
    AllDirections result{cones_ <= most_cones, std::move(descent_), {}};
    if (result.all) {
      MatrixXd all(dimension_, static_cast<Index>(gradients_.size()));
      for (std::size_t i = 0; i < gradients_.size(); ++i) all.col(static_cast<Index>(i)) = gradients_[i];
      result.least = least_combination(all);
    }
    return result;
  }

 protected:
  std::vector<NetworkAt> parts_;

  /// After the networks: what else is divided; then gradient_found().
  virtual void after_networks() { gradient_found(); }
  virtual VectorXd gradient() const = 0;

  /// W z row by row: a neuron of pre-activations `pre` is a tie where its hyperplane in this cone is near x.
  std::vector<Tie> ties(const NetworkAt& part, std::size_t layers, const Rows& W, VectorXd& factor, double below,
                        const VectorXd& pre) {
    std::vector<Tie> all;
    const double in = part.z[layers].norm();
    for (Index j = 0; j < pre.size(); ++j) {
      factor(j) = pre(j) > 0 ? 1 : below;
      const double size = W.row(j).norm();
      if (std::abs(pre(j)) > suspicious_neuron * size * in || size == 0) continue;
      VectorXd normal = VectorXd::Zero(dimension_);
      normal.segment(part.first, part.G.input) = part.pull_back(layers, W.row(j).transpose());
      const double length = normal.norm();
      if (std::abs(pre(j)) > near_ * length * part.x.norm()) continue;
      if (length > 0) all.push_back({normal / length, &factor(j), below});
    }
    return all;
  }

  /// Every choice of sides of these that leaves an interior.
  template <class Then>
  void divide(const std::vector<Tie>& ties, std::size_t next, const Then& then) {
    if (cones_ > most_cones) return;
    if (next == ties.size()) return then();
    const Tie& tie = ties[next];
    const bool above = has_interior(tie.normal), below = has_interior(-tie.normal);
    for (const bool side : {true, false}) {
      if (!(side ? above : below)) continue;
      *tie.on = side ? 1 : tie.below;
      if (above && below) sides_.push_back(side ? tie.normal : VectorXd(-tie.normal));
      divide(ties, next + 1, then);
      if (above && below) sides_.pop_back();
    }
  }

  void gradient_found() {
    if (++cones_ > most_cones) return;
    gradients_.push_back(gradient());
    const VectorXd& g = gradients_.back();
    if (!(g.norm() > negligible_)) return;
    offer(-g.normalized(), g);
    if (const VectorXd u = inside(-g.normalized()); u.norm() > narrowest_cone) offer(u.normalized(), g);
  }

 private:
  void enter(std::size_t part, std::size_t layer) {
    if (part == parts_.size()) return after_networks();
    NetworkAt& p = parts_[part];
    if (layer == p.G.layers.size()) return enter(part + 1, 0);
    const Rows& W = p.G.layers[layer];
    divide(ties(p, layer, W, p.on[layer], 0, W * p.z[layer]), 0, [&, part, layer] { enter(part, layer + 1); });
  }

  /// The least element of the hull of the cone's sides and of one more: far from 0 iff they have a common interior.
  VectorXd inside(const VectorXd& another) const {
    MatrixXd normals(dimension_, static_cast<Index>(sides_.size()) + 1);
    for (std::size_t i = 0; i < sides_.size(); ++i) normals.col(static_cast<Index>(i)) = sides_[i];
    normals.rightCols(1) = another;
    return least_combination(normals);
  }
  bool has_interior(const VectorXd& another) const { return inside(another).norm() > narrowest_cone; }

  void offer(const VectorXd& u, const VectorXd& g) {
    for (const VectorXd& side : sides_)
      if (side.dot(u) < 0) return;
    const double slope = g.dot(u);
    if (!(slope < -negligible_) || (descent_ && slope >= steepest_)) return;
    steepest_ = slope;
    descent_ = u;
  }

  Index dimension_;
  double near_, negligible_;
  std::vector<VectorXd> sides_;      // C, of unit length; none is implied by the others before it
  std::vector<VectorXd> gradients_;  // one a cone
  std::size_t cones_ = 0;
  std::optional<VectorXd> descent_;
  double steepest_ = 0;
};

class RecoveryCones final : public Cones {
 public:
  RecoveryCones(const Recovery& f, const VectorXd& x, double near, double negligible)
      : Cones(f.k(), near, negligible), f_(f) {
    parts_.emplace_back(f.G, 0, x);
    const VectorXd& z = parts_[0].z.back();
    y_ = f.A.size() > 0 ? VectorXd(f.A * z) : z;
    residual_ = (f.phaseless ? y_.cwiseAbs() : y_) - f.b;
    sign_ = VectorXd::Ones(y_.size());
  }

 protected:
  void after_networks() override {
    if (!f_.phaseless) return gradient_found();
    std::vector<Tie> all = ties(parts_[0], f_.G.layers.size(), f_.A, sign_, -1, y_);
    // Where b = 0 the residual vanishes too, and f is differentiable.
    std::erase_if(all, [&](const Tie& tie) { return f_.b(tie.on - sign_.data()) == 0; });
    divide(all, 0, [&] { gradient_found(); });
  }
  VectorXd gradient() const override {
    const VectorXd r = residual_.cwiseProduct(sign_);
    return parts_[0].pull_back(f_.G.layers.size(), f_.A.size() > 0 ? VectorXd(f_.A.transpose() * r) : r);
  }

 private:
  const Recovery& f_;
  VectorXd y_, residual_, sign_;
};

class DemodulationCones final : public Cones {
 public:
  DemodulationCones(const Demodulation& f, const VectorXd& h, const VectorXd& m, double near, double negligible)
      : Cones(f.G1.input + f.G2.input, near, negligible) {
    parts_.emplace_back(f.G1, 0, h);
    parts_.emplace_back(f.G2, f.G1.input, m);
    residual_ = parts_[0].z.back().cwiseProduct(parts_[1].z.back()) - f.b;
  }

 protected:
  VectorXd gradient() const override {
    VectorXd g(parts_[0].x.size() + parts_[1].x.size());
    g << pulled_back(0, 1), pulled_back(1, 0);
    return g;
  }

 private:
  VectorXd pulled_back(std::size_t part, std::size_t other) const {
    return parts_[part].pull_back(parts_[part].G.layers.size(), residual_.cwiseProduct(parts_[other].z.back()));
  }

  VectorXd residual_;
};

}  // namespace

AllDirections all_directions(const Recovery& f, const VectorXd& x, double near, double negligible) {
  return RecoveryCones(f, x, near, negligible)();
}

AllDirections all_directions(const Demodulation& f, const VectorXd& h, const VectorXd& m, double near,
                             double negligible) {
  return DemodulationCones(f, h, m, near, negligible)();
}

}  // namespace theoremeter
