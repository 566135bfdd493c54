// A data set: the rows of all draws measured, with what they are about.
#pragma once

#include "results/provenance.hpp"
#include "results/row.hpp"
#include "results/setting.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace theoremeter {

struct Key {
  std::size_t point;
  std::uint64_t draw;
  auto operator<=>(const Key&) const = default;
};

/// Undefined: this draw was measured, and has no such value.
enum class State : std::int8_t { open, measured, undefined };

/// A column that measures a constant of a statement: factor times its value.
struct MeasuredConstant {
  std::string statement, constant, column;
  double factor = 1;

  bool operator==(const MeasuredConstant&) const = default;
};

/// What a data set says of itself.
struct Description {
  std::string key, study;         // "condition", "wdc": the root attribute that names the study
  std::string title, experiment;  // the experiment's text
  std::uint64_t draws = 1;        // planned at each point
  Parameters parameters;
  std::vector<Setting> points;
  Schema schema;
  std::shared_ptr<const Matrices> given;  // under the names in the files: layers W_1, W_2, ...
  std::string given_spec;                 // the files they are from; "" when all is drawn
  Sources sources;                        // of each
  std::vector<Provenance> runs;           // each run that measured some of it
  std::vector<std::string> statements;    // ids of those that the experiment is about (theory/statements.hpp)
  std::vector<MeasuredConstant> measured;

  /// What must agree for rows to be of one data set: study, parameters, schema, matrices given; not title, text,
  /// statements, points, draws. (The seed is a parameter: another seed is another point.)
  std::string identity() const;
  /// Of the first `count` points: equal for equal settings in the same order.
  std::string points_identity(std::size_t count) const;
};

class DataSet {
 public:
  /// Throws InputError for a point that is there twice.
  explicit DataSet(Description about);

  const Description& about() const { return about_; }
  Description& about() { return about_; }

  /// Adds an encoded row of `run`. A key that is there already must have the same bits but for seconds, or InputError
  /// names it.
  void add(Key key, State state, std::string_view bytes, std::size_t run);
  void add(Key key, State state, const Row& row, std::size_t run) { add(key, state, encode(row, about_.schema), run); }

  State state(Key key) const;
  std::size_t run(Key key) const;
  std::string_view bytes(Key key) const;  // of a draw that is not open; valid until the next `add`
  Row row(Key key) const { return decode(bytes(key), about_.schema); }

  /// One more than the largest draw of the point that is not open.
  std::uint64_t draws(std::size_t point) const { return cells_[point].size(); }
  std::size_t count(std::size_t point, State state) const;  // open: of those planned
  std::size_t size() const { return size_; }                // draws that are not open

  /// The point with this setting, added where there is none.
  std::size_t point_of(const Setting& setting);
  /// The same, where it is there.
  std::optional<std::size_t> find_point(const Setting& setting) const;

 private:
  struct Place {
    State state = State::open;
    std::uint32_t run = 0;
    std::uint32_t length = 0;
    std::size_t offset = 0;
  };
  Description about_;
  std::unordered_map<std::string, std::size_t> point_by_text_;
  std::vector<std::vector<Place>> cells_;
  std::string arena_;
  std::size_t size_ = 0;
};

/// 32 hexadecimal digits: equal for equal draws measured, at equal settings: states and values; seconds, runs, order,
/// title and what is still open left out.
std::string digest(const DataSet& data);

}  // namespace theoremeter
