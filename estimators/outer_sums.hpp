// sum_i c_i r_i r_i' for many coefficient vectors c at once: the hot loop of sampling.
#pragma once

#include "estimators/extreme_eigenvalues.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <vector>

namespace theoremeter {

/// Coefficient vectors as the columns of an n x N matrix. Where they take two values only (steps and signs do), also
/// which one.
struct Coefficients {
  explicit Coefficients(Rows values);

  Rows values;
  bool two_valued = false;
  double low = 0, high = 0;
  Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> is_high;  // empty unless two_valued
};

/// Lower triangles by columns, k (k+1)/2 entries each, cut into panels of `width` entries: entry e of sum j stands at
/// panels[(e / width) width sums + j width + e % width].
struct PackedSums {
  Eigen::Index width = 0;
  Eigen::Index sums = 0;
  Eigen::VectorXd panels;

  /// Fills the lanes with the sums j, j+1, ..., j+7; past the last one, with that again.
  void load(Eigen::Index j, SymmetricEight& to) const;
};

class OuterSums {
 public:
  explicit OuterSums(const Rows& R);

  /// out.sums = last - first sums; the j-th is sum_a scale[a] c(rows[a], first + j) r r' with r = r_{rows[a]}. 2 |rows|
  /// k (k+1)/2 flops each where done by matrix products; with two-valued coefficients an eighth of that, and no
  /// multiplications: see the source.
  void operator()(const std::vector<Eigen::Index>& rows, const std::vector<double>& scale, const Coefficients& c,
                  Eigen::Index first, Eigen::Index last, PackedSums& out) const;

 private:
  /// Entries (r, c), (r+1, c), ... of the packed triangle that stand together in a panel.
  struct Run {
    Eigen::Index c, r, size;
  };

  static std::vector<std::uint64_t> subsets_taken(const std::vector<Eigen::Index>& rows, const Coefficients& c,
                                                  Eigen::Index first, Eigen::Index sums);
  void products(Eigen::Index row, Eigen::Index panel, double* to) const;
  template <int width>
  void look_up(const std::vector<Eigen::Index>& rows, const std::vector<double>& scale, const Coefficients& c,
               Eigen::Index first, PackedSums& out) const;
  void multiply(const std::vector<Eigen::Index>& rows, const std::vector<double>& scale, const Coefficients& c,
                Eigen::Index first, PackedSums& out) const;

  Rows R_;  // with columns of zeros: one for the padding of the last panel, and as many as a vector may reach beyond
  Eigen::Index width_;
  std::vector<std::vector<Run>> panels_;
};

}  // namespace theoremeter
