// Two-valued coefficients: the rows are taken four at a time, the 16 sums of subsets of their outer products are
// tabulated, and each sum wanted adds one table entry a group: one addition where a matrix product has four
// multiply-adds. (The "four Russians" idea of Arlazarov, Dinic, Kronrod and Faradzev, 1970, over the reals.) The tables
// of a chunk of groups, for one panel of entries, stay in the first-level cache while all sums pass.
#include "estimators/outer_sums.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

namespace theoremeter {
namespace {

using Index = Eigen::Index;

constexpr std::size_t group_rows = 4;    // rows a table
constexpr std::size_t subsets = 16;      // entries of a table
constexpr std::size_t chunk_groups = 8;  // tables at a time: 32 KiB at the widest
constexpr std::size_t chunk_rows = group_rows * chunk_groups;
constexpr int widest = 32;
constexpr Index reach = 8;  // entries of an outer product made at a time

// As wide as the vector registers can hold while adding, but no wider than the matrix is large.
int panel_width(Index packed) { return packed <= 8 ? 8 : packed <= 16 ? 16 : widest; }

}  // namespace

Coefficients::Coefficients(Rows c) : values(std::move(c)) {
  if (values.size() == 0) return;
  low = values.minCoeff();
  high = values.maxCoeff();
  two_valued = ((values.array() == low) || (values.array() == high)).all();
  if (two_valued) is_high = (values.array() == high).cast<std::uint8_t>();
}

void PackedSums::load(Index j, SymmetricEight& to) const {
  const Index entries = to.k() * (to.k() + 1) / 2;
  std::array<Index, 8> lane;
  for (Index l = 0; l < 8; ++l) lane[static_cast<std::size_t>(l)] = std::min(j + l, sums - 1) * width;
  Eight* entry = to.column(0);
  for (Index panel = 0; panel < entries; panel += width) {
    const double* from = panels.data() + panel * sums;
    const double* next = from + width * sums + lane[0];  // the eight sums stand together: a line of the next an entry
    for (Index e = 0; e < std::min(width, entries - panel); ++e, ++entry, ++from) {
      __builtin_prefetch(next + 8 * e);
#pragma GCC unroll 8
      for (Index l = 0; l < 8; ++l) (*entry)[l] = from[lane[static_cast<std::size_t>(l)]];
    }
  }
}

OuterSums::OuterSums(const Rows& R) {
  const Index k = R.cols(), packed = k * (k + 1) / 2;
  R_.setZero(R.rows(), k + 1 + reach);
  R_.leftCols(k) = R;
  width_ = panel_width(packed);
  panels_.resize(static_cast<std::size_t>((packed + width_ - 1) / width_));
  Index c = 0, r = 0;
  for (std::vector<Run>& panel : panels_)
    for (Index room = width_; room > 0;) {
      const Index size = std::min(c < k ? k - r : reach, room);
      panel.push_back({c, c < k ? r : k, size});
      room -= size;
      r += size;
      if (c < k && r == k) r = ++c;
    }
}

// The entries of r_row r_row' in a panel. Runs are written `reach` entries at a time, so what the last one writes goes
// up to reach - 1 beyond the panel.
void OuterSums::products(Index row, Index panel, double* to) const {
  using Vector = Eigen::Array<double, reach, 1>;
  const double* R = R_.row(row).data();
  for (const Run& run : panels_[static_cast<std::size_t>(panel)]) {
    for (Index e = 0; e < run.size; e += reach)
      Eigen::Map<Vector>(to + e) = R[run.c] * Eigen::Map<const Vector>(R + run.r + e);
    to += run.size;
  }
}

void OuterSums::operator()(const std::vector<Index>& rows, const std::vector<double>& scale, const Coefficients& c,
                           Index first, Index last, PackedSums& out) const {
  assert(rows.size() == scale.size() && 0 <= first && first < last && last <= c.values.cols());
  out.width = width_;
  out.sums = last - first;
  out.panels.resize(width_ * static_cast<Index>(panels_.size()) * out.sums);
  if (!c.two_valued)
    multiply(rows, scale, c, first, out);
  else if (out.width == 8)
    look_up<8>(rows, scale, c, first, out);
  else if (out.width == 16)
    look_up<16>(rows, scale, c, first, out);
  else
    look_up<widest>(rows, scale, c, first, out);
}

// Any coefficients: one matrix product, cut along the rows to bound the memory for what is gathered.
void OuterSums::multiply(const std::vector<Index>& rows, const std::vector<double>& scale, const Coefficients& c,
                         Index first, PackedSums& out) const {
  constexpr Index rows_at_once = 256;
  const auto panels = static_cast<Index>(panels_.size());
  const auto n = static_cast<Index>(rows.size());
  out.width = width_ * panels;
  Eigen::Map<Eigen::MatrixXd> sums(out.panels.data(), out.width, out.sums);
  sums.setZero();
  Eigen::MatrixXd outer(out.width + reach, std::min(n, rows_at_once));
  Rows coefficients(outer.cols(), out.sums);
  for (Index begin = 0; begin < n; begin += rows_at_once) {
    const Index count = std::min(rows_at_once, n - begin);
    for (Index a = 0; a < count; ++a) {
      const auto at = static_cast<std::size_t>(begin + a);
      for (Index p = 0; p < panels; ++p) products(rows[at], p, outer.col(a).data() + p * width_);
      coefficients.row(a) = scale[at] * c.values.row(rows[at]).segment(first, out.sums);
    }
    sums.noalias() += outer.topLeftCorner(out.width, count) * coefficients.topRows(count);
  }
}

// Which subset of each group every sum takes: a byte a group, a word a chunk, chunk by chunk.
std::vector<std::uint64_t> OuterSums::subsets_taken(const std::vector<Index>& rows, const Coefficients& c, Index first,
                                                    Index sums) {
  const std::size_t chunks = (rows.size() + chunk_rows - 1) / chunk_rows, n = static_cast<std::size_t>(sums);
  std::vector<std::uint64_t> words(chunks * n, 0);
  for (std::size_t a = 0; a < rows.size(); ++a) {
    const std::uint8_t* high = &c.is_high(rows[a], first);
    std::uint64_t* word = words.data() + a / chunk_rows * n;
    const std::size_t shift = a % chunk_rows / group_rows * 8 + a % group_rows;
    for (std::size_t j = 0; j < n; ++j) word[j] |= static_cast<std::uint64_t>(high[j]) << shift;
  }
  return words;
}

template <int width>
void OuterSums::look_up(const std::vector<Index>& rows, const std::vector<double>& scale, const Coefficients& c,
                        Index first, PackedSums& out) const {
  using Panel = Eigen::Array<double, width, 1>;
  const std::vector<std::uint64_t> words = subsets_taken(rows, c, first, out.sums);
  const auto sums = static_cast<std::size_t>(out.sums);
  const std::size_t n = rows.size();
  alignas(64) std::array<double, chunk_groups * subsets * width> tables;
  const auto entry = [&](std::size_t group, std::size_t subset) {
    return tables.data() + (group * subsets + subset) * width;
  };

  alignas(64) std::array<double, chunk_rows * width + reach> outer{};
  const auto tabulate = [&](std::size_t group, std::size_t begin) {
    std::array<Panel, group_rows> step;
    Panel all_low = Panel::Zero();
    for (std::size_t a = 0; a < group_rows; ++a) {
      // In the last group rows may be missing: no sum takes them, and what stands in their place counts for 0.
      const double s = begin + a < n ? scale[begin + a] : 0;
      const auto product = Eigen::Map<const Panel>(outer.data() + (group * group_rows + a) * width);
      all_low += (c.low * s) * product;
      step[a] = ((c.high - c.low) * s) * product;
    }
    Eigen::Map<Panel>(entry(group, 0)) = all_low;
#pragma GCC unroll 4
    for (std::size_t a = 0; a < group_rows; ++a)
#pragma GCC unroll 8
      for (std::size_t s = 0; s < std::size_t{1} << a; ++s)
        Eigen::Map<Panel>(entry(group, s + (std::size_t{1} << a))) = Eigen::Map<const Panel>(entry(group, s)) + step[a];
  };
  const auto add = [&](const std::uint64_t* word, std::size_t groups, double* to) {
    for (std::size_t j = 0; j < sums; ++j, to += width) {
      Panel sum = Eigen::Map<const Panel>(to);
#pragma GCC unroll 8
      for (std::size_t g = 0; g < groups; ++g)
        sum += Eigen::Map<const Panel>(entry(g, word[j] >> (8 * g) & (subsets - 1)));
      Eigen::Map<Panel>{to} = sum;
    }
  };

  for (std::size_t panel = 0; panel < panels_.size(); ++panel) {
    double* to = out.panels.data() + panel * width * sums;
    std::fill_n(to, width * sums, 0.0);
    for (std::size_t begin = 0; begin < n; begin += chunk_rows) {
      const std::size_t end = std::min(begin + chunk_rows, n), groups = (end - begin + group_rows - 1) / group_rows;
      for (std::size_t a = begin; a < end; ++a)
        products(rows[a], static_cast<Index>(panel), outer.data() + (a - begin) * width);
      for (std::size_t g = 0; g < groups; ++g) tabulate(g, begin + g * group_rows);
      const std::uint64_t* word = words.data() + begin / chunk_rows * sums;
      if (groups == chunk_groups)
        add(word, chunk_groups, to);  // unrolled
      else
        add(word, groups, to);
    }
  }
}

}  // namespace theoremeter
