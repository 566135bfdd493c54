// Directions of differences G(x1) - G(x2), x1 and x2 in the plane, in convex hulls of few vectors.
//
// On the rays of a piece s, G(x) = Lambda_s x: the cone C_s of G at its two ends. Differences within a piece fill the
// range of Lambda_s; those between pieces s and t the cone C_s - C_t, of at most four generators (where s and t share a
// ray, h is one of them with either sign). These cones are cut into simplicial ones, w_1, ..., w_d unit vectors on
// their edges, by halving the widest angle between two of them. A unit vector u = sum gamma_i w_i, gamma >= 0, of such
// a cone has 1 = |u| >= sum gamma_i / rho, 1/rho the distance of the hull of the w_i from 0. So u is in the hull of 0
// and the rho w_i, and of any convex function f with f(0) <= f(w) the maximum over all u is at most that over the rho
// w_i. The w_i are themselves differences. Angles of at most s between them make rho^2 - 1 some 3/8 s^2.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace theoremeter {

/// G = Lambda x on the rays at angles from, ..., to, less than pi apart.
struct Sector {
  double from, to;
  Eigen::MatrixXd Lambda, U;  // U: an orthonormal basis of the range
  double row_error;           // of each row of Lambda, relative
  double range_error;         // of unit vectors of the range
  double ray_error;           // of from and to
};

class DifferenceCover {
 public:
  /// z = sum_k c_k e_k = scale w, e_k the columns of a family, w a unit difference.
  struct Vertex {
    std::array<double, 4> c;
    double scale;
  };
  /// Differences within one piece, or between two.
  struct Family {
    static std::array<Eigen::Vector2d, 4> nothing() {
      return {Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero()};
    }
    std::array<int, 4> column{-1, -1, -1, -1};  // -1: c_k = 0
    int piece = -1;                             // where it is within one
    // e_k = G(first_k) = G(second_k), of either piece. Of ranges and their sums, e_k = Lambda_s first_k - Lambda_t
    // second_k, and there are points where G(x1) = G(x2), x1 = meeting[0] and x2 = meeting[1] one from the ends of
    // their pieces; 0 if not.
    bool ranges = false;
    std::array<Eigen::Vector2d, 4> first = nothing(), second = nothing();
    std::array<Eigen::Vector2d, 2> meeting = {Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero()};
    std::vector<Vertex> coarse = {}, fine = {};
  };

  /// All around the circle, in order. rho^2 <= 1 + coarse, and 1 + fine.
  DifferenceCover(const std::vector<Sector>& sectors, double coarse, double fine);

  /// Is every difference covered? Not where directions of differences are not known well enough: where G(x1) and G(x2)
  /// of different pieces are parallel but for what cannot be told from rounding, or there are too many vertices.
  bool known() const { return known_; }
  const Eigen::MatrixXd& columns() const { return columns_; }  // e_k, unit vectors
  const std::vector<Family>& families() const { return families_; }
  double off() const { return off_; }          // hulls may be this far off
  double largest() const { return largest_; }  // sum_k |c_k| is at most this

  /// x1, x2 with w || G(x1) - G(x2); 0 where none are known.
  std::pair<Eigen::Vector2d, Eigen::Vector2d> attained(const Family& family, const Vertex& vertex) const;

 private:
  class Cutter;
  struct Ray {
    int column = -1;
    Eigen::Vector2d x;  // G(x) is the column
  };

  int add_column(const Eigen::VectorXd& e, double error);
  void find_rays();
  void add_piece(int s);
  void add_pair(int s, int t);
  void add_sum(int s, int t);
  bool cut(Family family, const std::vector<std::vector<Eigen::Vector4d>>& cones);

  const std::vector<Sector>& sectors_;
  double coarse_, fine_;
  bool known_ = true;
  Eigen::MatrixXd columns_;
  int count_ = 0;
  std::vector<double> errors_;            // of the columns
  std::vector<std::array<Ray, 2>> rays_;  // of each sector; columns are the same where vectors are
  std::vector<Family> families_;
  std::int64_t vertices_ = 0;
  double off_ = 0, largest_ = 1;
};

}  // namespace theoremeter
