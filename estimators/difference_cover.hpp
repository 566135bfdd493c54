// Directions of differences G(x1) - G(x2), x1 and x2 in the plane, in convex hulls of few vectors.
//
// On the rays of a piece s, G(x) = Lambda_s x: the cone C_s of G at its two ends. Differences within a piece fill the
// range of Lambda_s; those between pieces s and t the cone C_s - C_t, of at most four generators (where s and t share a
// ray, h is one of them with either sign). These cones are cut into simplicial ones, w_1, ..., w_d unit vectors on
// their edges, by halving the widest angle between two of them. A unit vector u = sum gamma_i w_i, gamma >= 0, of such
// a cone has 1 = |u| >= sum gamma_i / rho, 1/rho the distance of the hull of the w_i from 0. So u is in the hull of 0
// and the rho w_i, and of any convex function f with f(0) <= f(w) the maximum over all u is at most that over the rho
// w_i. The w_i are themselves differences. Angles of at most s between them make rho^2 - 1 some 3/8 s^2.
//
// Where C_s and C_t meet, or nearly, other than in a shared ray, directions of short differences are not known: then
// all vectors are taken in, of the coordinates that either piece leaves on.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace theoremeter {

/// G = Lambda x on the rays at angles from, ..., to, less than pi apart.
struct Sector {
  double from, to;
  Eigen::MatrixXd Lambda, U;  // U: an orthonormal basis of the range
  double row_error;           // of each row of Lambda in the 1-norm, relative
  double range_error;         // of unit vectors of the range
  double ray_error;           // of from and to
  int line = -1;              // of rank 1: G's direction is that of all sectors with the same number
};

class DifferenceCover {
 public:
  /// z = sum_k c_k e_k = scale w, e_k the columns of a family, w a unit difference; scale >= 1.
  struct Vertex {
    std::array<double, 4> c;
    double scale;
  };
  /// Differences within one piece, or between two.
  struct Family {
    std::array<int, 4> column{-1, -1, -1, -1};  // -1: c_k = 0
    int piece = -1;                             // where it is within one
    // (x1, x2) with e_k = G(x1) - G(x2), and -e_k; within a piece, Lambda x1 - Lambda x2: they are then moved inside.
    std::array<Eigen::Vector4d, 4> plus{zero(), zero(), zero(), zero()}, minus{zero(), zero(), zero(), zero()};
    Eigen::Vector2d inside = Eigen::Vector2d::Zero();
    std::vector<Vertex> coarse = {}, fine = {};

   private:
    static Eigen::Vector4d zero() { return Eigen::Vector4d::Zero(); }
  };
  /// All vectors of some coordinates.
  struct Subspace {
    std::vector<int> column;  // unit vectors
    // Two pieces s and t that are not 0 in these, and, of either, where G(x1) = G(x2) inside of them; 0 if not known.
    std::pair<std::size_t, std::size_t> pieces;
    Eigen::Vector4d meeting;
  };

  /// Sectors all around the circle, in order. rho^2 <= 1 + coarse, and 1 + fine. The same for any number of threads.
  DifferenceCover(const std::vector<Sector>& sectors, double coarse, double fine, int threads);

  /// Every difference is in a family or in a subspace.
  const std::vector<Family>& families() const { return families_; }
  const std::vector<Subspace>& subspaces() const { return subspaces_; }
  const Eigen::MatrixXd& columns() const { return columns_; }  // e_k, unit vectors
  double off() const { return off_; }                          // unit differences are this near to the hulls
  double largest() const { return largest_; }                  // sum_k |c_k| is at most this

  /// (x1, x2) with w || G(x1) - G(x2).
  static Eigen::Vector4d attained(const Family& family, const Vertex& vertex);
  /// Likewise; with `meeting` only.
  Eigen::Vector4d attained(const Subspace& subspace, const Eigen::VectorXd& c) const;

 private:
  class Cutter;
  using Cone = std::vector<Eigen::Vector4d>;
  using RowSet = std::vector<Eigen::Index>;
  using Unknown = std::map<RowSet, std::vector<std::pair<std::size_t, std::size_t>>>;
  struct Ray {
    int column = -1;
    Eigen::Vector2d x;  // G(x) is the column
  };
  // G(x1) - G(x2), x1 and x2 the ends of one piece, in terms of a family's columns. However short, its direction is
  // that of Lambda (x1 - x2), known as well as the rays are.
  struct Chord {
    Eigen::Vector4d c;
    Eigen::VectorXd e;
    double error;
  };
  // What a piece or a pair of pieces adds. Its own columns are numbered after those of rays.
  struct Part {
    std::vector<Family> families;
    std::vector<Eigen::VectorXd> columns;
    std::vector<double> errors;
    double off = 0, largest = 1;
    std::int64_t vertices = 0;
    bool known = true;
  };

  std::size_t rank(std::size_t s) const { return static_cast<std::size_t>(sectors_[s].U.cols()); }
  RowSet either(std::size_t s, std::size_t t) const;  // that is not 0
  bool one_line(std::size_t s, std::size_t t) const;
  void find_rays();
  int add_column(Part& part, const Eigen::VectorXd& e, double error) const;
  Part piece(std::size_t s) const;
  Part pair(std::size_t s, std::size_t t) const;
  std::vector<Chord> chords(const Family& family, const Cone& edges) const;
  bool cut(Part& part, Family family, const std::vector<Cone>& cones, const std::vector<Chord>& chords = {},
           int renewals = 0) const;
  void add(Part&& part);
  Eigen::Vector4d meeting(std::size_t s, std::size_t t) const;
  void add_subspaces(const Unknown& all);

  const std::vector<Sector>& sectors_;
  double coarse_, fine_;
  std::vector<RowSet> on_;                // of each sector: rows of Lambda that are not 0
  std::vector<std::array<Ray, 2>> rays_;  // of each sector; columns are the same where vectors are
  std::vector<Eigen::VectorXd> all_columns_;
  std::vector<double> ray_errors_;  // of the first columns, those of rays
  std::vector<Family> families_;
  std::vector<Subspace> subspaces_;
  Eigen::MatrixXd columns_;
  std::int64_t vertices_ = 0;
  double off_ = 0, largest_ = 1;
};

}  // namespace theoremeter
