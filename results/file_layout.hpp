// How a results file says that there is nothing, and how columns, lists and axes stand in it: what is written and what
// is read (file_writer.cpp, file_reader.cpp).
#pragma once

#include "results/data_set.hpp"
#include "results/hdf5.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace theoremeter::file_layout {

// --- What stands where there is nothing -----------------------------------------------------------------------------

/// NaNs that no arithmetic makes: of a draw that has no such value, and behind the end of a vector.
inline const double no_value = std::bit_cast<double>(std::uint64_t{0x7FF8'0000'0000'07A2});
inline const double behind_end = std::bit_cast<double>(std::uint64_t{0x7FF8'0000'0000'07A3});
inline constexpr std::int8_t no_flag = -1;

inline bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

/// Whole numbers and texts have none to spare: the first of -1, -2, ... and of "", "-", "--", ... that is no value.
class Nothing {
 public:
  void see(std::int64_t n) {
    if (n < 0 && n >= -most) seen_ |= std::uint64_t{1} << (-1 - n);
  }
  void see(const std::string& t) {
    if (t.size() < most && t.find_first_not_of('-') == std::string::npos) seen_ |= std::uint64_t{1} << t.size();
  }
  std::int64_t whole() const { return -1 - std::countr_one(seen_); }
  std::string text() const { return std::string(static_cast<std::size_t>(std::countr_one(seen_)), '-'); }

 private:
  static constexpr std::int64_t most = 60;
  std::uint64_t seen_ = 0;
};

/// Texts in HDF5 end at a zero byte.
std::string escaped(const std::string& text);
std::string unescaped(const std::string& text);

// --- A column, as it stands in a file -------------------------------------------------------------------------------

using Values = std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::int8_t>,
                            std::vector<std::string>>;  // in the order of Type

Values values_of(Type type);

/// The name of the attribute that holds what stands for nothing.
template <class T>
inline constexpr const char* filling_name = std::is_same_v<T, std::string> ? "absent" : "_FillValue";
template <class T>
void write_filling(hid_t set, const T& value) {
  hdf5::write_attribute(set, filling_name<T>, value);
}
template <class T>
std::optional<T> filling(hid_t set) {
  if (!hdf5::has_attribute(set, filling_name<T>)) return {};
  return hdf5::read_attribute<T>(set, filling_name<T>);
}

struct Variable {
  const Column* column;
  hdf5::Shape axes = {};  // the longest of the file
  bool lacking = false;   // in some draw there is none, but
  std::int64_t no_whole = -1;
  std::string no_text = {};
  Values block = {};   // of the draws under way
  std::size_t at = 0;  // how far they are read

  bool in_list() const { return !column->list.empty(); }
  std::size_t width() const { return std::accumulate(axes.begin(), axes.end(), hsize_t{1}, std::multiplies<>()); }
};

std::size_t items_of(const Cell& cell, const Column& column);

/// The columns that say how many items each list has, by list.
std::map<std::string, std::size_t> counts_of(const Schema& schema);

std::size_t total(const Cell& count);

/// A coordinate, where a column has the parameter's name: what was asked for.
std::string coordinate_name(const AnyParameter& p, const Schema& schema);

/// Of the grid of points and draws, blocks of consecutive draws: a part of one point, or whole points.
struct Block {
  hsize_t point, draw, points, draws;
};
template <class Each>
void for_blocks(hsize_t points, hsize_t draws, const Each& each) {
  constexpr hsize_t most = 8192;  // a chunk of a column without axes
  const hsize_t p_step = std::max<hsize_t>(1, most / draws), d_step = std::min(draws, most);
  for (hsize_t p = 0; p < points; p += p_step)
    for (hsize_t d = 0; d < draws; d += d_step)
      each(Block{p, d, std::min(p_step, points - p), std::min(d_step, draws - d)});
}

hdf5::Shape joined(hdf5::Shape a, const hdf5::Shape& b);

/// "red dark_green": CF's meanings are single words.
std::string words_of(const std::vector<std::string>& names);

}  // namespace theoremeter::file_layout
