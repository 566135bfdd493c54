// What a landscape needs to know of an instance beyond its rays, for one network and for blind demodulation.
#pragma once

#include "estimators/descent.hpp"
#include "estimators/neighbourhoods.hpp"
#include "estimators/rays.hpp"

#include <Eigen/Core>
#include <memory>
#include <vector>

namespace theoremeter {

class LandscapeInstance {
 public:
  virtual ~LandscapeInstance() = default;

  virtual const Rays& rays() const = 0;
  virtual std::vector<double> rho() const = 0;
  virtual Neighbourhoods implied(double E) const = 0;

  /// Where the ray runs inside these neighbourhoods, given in the order of implied().
  virtual std::vector<Interval> inside(const RayNumbers& ray, const std::vector<Neighbourhood>& around) const = 0;

  /// D_{-v} f/|v|^2 at distance r along the direction, by one_sided_derivative of theory/problems.hpp; 0 where v = 0.
  virtual double descent_along_gradient(const Point& direction, double r) const = 0;

  /// Does the theorem count points around which f is constant among its local maximisers? [HJ Thm 3]: h = 0 or m = 0.
  virtual bool has_weak_maximisers() const { return false; }

  /// f in the units of DescentEnd over rays().unit(), on stacked vectors.
  virtual DescentProblem descent() const = 0;
  /// Ways from x, as corners joined by straight lines, on which f is constant if x and y lie on one flat set: to y, or
  /// (blind demodulation: f does not change when (h, m) becomes (c h, m/c)) to what is equivalent to it.
  using Way = std::vector<Eigen::VectorXd>;
  virtual std::vector<Way> ways(const Eigen::VectorXd& x, const Eigen::VectorXd& y) const = 0;
  /// How large a neighbourhood of each centre, in the order of implied(), just holds x; of [HJ]'s sets at most 1.
  virtual std::vector<double> distances(const Eigen::VectorXd& x) const = 0;
};

/// Both throw as the constructors of their rays do.
std::unique_ptr<LandscapeInstance> landscape_instance(const Recovery& f, Problem problem);
std::unique_ptr<LandscapeInstance> landscape_instance(const Demodulation& f, double alpha);

}  // namespace theoremeter
