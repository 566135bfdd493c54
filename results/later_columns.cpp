#include "results/later_columns.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace theoremeter {
namespace {

std::optional<std::size_t> place_of(const std::string& name, const Schema& schema) {
  for (std::size_t i = 0; i < schema.columns.size(); ++i)
    if (schema.columns[i].name == name) return i;
  return std::nullopt;
}

class LaterColumns {
 public:
  LaterColumns(const Schema& stored, const Schema& now) : now_(now) {
    for (const Column& c : now.columns) stored_.push_back(place_of(c.name, stored));
    for (const Column& c : now.columns) stood_under_.push_back(stood_under(c, stored));
  }

  /// All that is stored has its place, as what it was.
  static bool hold(const Schema& stored, const Schema& now) {
    return std::all_of(stored.columns.begin(), stored.columns.end(), [&](const Column& c) {
      const auto at = place_of(c.name, now);
      if (!at) return false;
      const Column& d = now.columns[*at];
      return d.type == c.type && d.list == c.list && d.axes == c.axes && d.names == c.names;
    });
  }

  Row row(const Row& stored) const {
    Row row = empty_row(now_);
    for (std::size_t i = 0; i < row.size(); ++i)
      if (stored_[i]) row[i] = stored[*stored_[i]];
    for (std::size_t i = 0; i < row.size(); ++i)
      if (!stored_[i]) row[i] = filled(i, row, stored);
    return row;
  }

 private:
  // Where a flag came later than values that depend on it, the flag that they depended on.
  std::optional<std::size_t> stood_under(const Column& flag, const Schema& stored) const {
    for (const Column& c : now_.columns)
      if (const auto at = place_of(c.name, stored); c.where == flag.name && at && !stored.columns[*at].where.empty())
        return place_of(stored.columns[*at].where, stored);
    return std::nullopt;
  }

  Cell filled(std::size_t column, const Row& row, const Row& stored) const {
    if (const auto flag = stood_under_[column]) return stored[*flag];
    const Column& c = now_.columns[column];
    const std::size_t count = items(c, row);
    Cell cell = row[column];  // empty, of the right type
    cell.lengths.assign(count * c.axes.size(), 0);
    if (!c.axes.empty()) return cell;
    if (auto* reals = std::get_if<0>(&cell.values)) reals->assign(count, std::numeric_limits<double>::quiet_NaN());
    if (auto* wholes = std::get_if<1>(&cell.values)) wholes->assign(count, 0);
    if (auto* texts = std::get_if<2>(&cell.values)) texts->assign(count, "");
    return cell;
  }

  // Of how many items there is a value: flags and counts stand before what they are about.
  std::size_t items(const Column& c, const Row& row) const {
    if (c.where.empty() && c.list.empty()) return 1;
    const auto& counted = row[now_.position(c.where.empty() ? c.list + "_count" : c.where)].wholes();
    std::size_t most = 0, count = 0;  // an item has a value somewhere in the row
    for (const Cell& cell : row) most += cell.size() + cell.lengths.size();
    for (const std::int64_t n : counted) {
      if (n < 0 || static_cast<std::uint64_t>(n) > most) throw WrongRow("a list of impossible length");
      count += c.where.empty() ? static_cast<std::size_t>(n) : static_cast<std::size_t>(n == 1);
    }
    return count;
  }

  const Schema& now_;
  std::vector<std::optional<std::size_t>> stored_, stood_under_;  // by column
};

}  // namespace

DataSet with_later_columns(DataSet data, const std::vector<Declared>& declared) {
  const auto study = std::find_if(declared.begin(), declared.end(), [&](const Declared& d) {
    return d.key == data.about().key && d.study == data.about().study &&
           LaterColumns::hold(data.about().schema, d.schema);
  });
  if (study == declared.end()) return data;
  const Schema& stored = data.about().schema;
  if (stored == study->schema) return data;
  const LaterColumns columns(stored, study->schema);
  Description about = data.about();
  about.schema = study->schema;
  DataSet now(std::move(about));
  for (std::size_t point = 0; point < data.about().points.size(); ++point)
    for (Key key{point, 0}; key.draw < data.draws(point); ++key.draw)
      if (const State state = data.state(key); state != State::open)
        now.add(key, state, state == State::measured ? columns.row(data.row(key)) : empty_row(study->schema),
                data.run(key));
  return now;
}

}  // namespace theoremeter
