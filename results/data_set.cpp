#include "results/data_set.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace theoremeter {
namespace {

/// XXH3, 128 bits. Texts carry their length, so that no two sequences of parts are the same bytes.
class Hash {
 public:
  Hash() : state_(XXH3_createState(), XXH3_freeState) { XXH3_128bits_reset(state_.get()); }

  Hash& number(std::uint64_t n) { return bytes(&n, sizeof n); }
  Hash& text(std::string_view t) { return number(t.size()).bytes(t.data(), t.size()); }
  Hash& texts(const std::vector<std::string>& all) {
    number(all.size());
    for (const std::string& t : all) text(t);
    return *this;
  }
  Hash& reals(const double* values, std::size_t n) { return number(n).bytes(values, n * sizeof *values); }

  std::string hexadecimal() const {
    const XXH128_hash_t h = XXH3_128bits_digest(state_.get());
    return fmt::format("{:016x}{:016x}", h.high64, h.low64);
  }

 private:
  Hash& bytes(const void* from, std::size_t n) {
    XXH3_128bits_update(state_.get(), from, n);
    return *this;
  }

  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

/// "at_least is 0.5 in one and 0.25 in the other", of the first column in which two rows of one draw differ.
std::string difference(std::string_view a, std::string_view b, const Schema& schema) {
  const Row rows[] = {decode(a, schema), decode(b, schema)};
  const auto value = [](const Cell& cell) {
    if (cell.size() != 1) return fmt::format("{} values", cell.size());
    if (std::holds_alternative<std::vector<double>>(cell.values)) return fmt::format("{}", cell.reals()[0]);
    return std::visit([](const auto& v) { return fmt::format("{}", v[0]); }, cell.values);
  };
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    if (!schema.columns[i].reproducible()) continue;
    Schema alone{{schema.columns[i]}};
    if (encode({rows[0][i]}, alone) == encode({rows[1][i]}, alone)) continue;
    const std::string one = value(rows[0][i]), other = value(rows[1][i]);
    return fmt::format("{} is {} in one and {} in the other", schema.columns[i].name, one,
                       one == other ? "another, of other bits," : other);
  }
  throw std::logic_error("difference: there is none");
}

/// Without forecasts: files of format 2.2, which have none, keep their digests.
Description lasting(Description about) {
  std::erase_if(about.schema.columns, [](const Column& c) { return c.says == Says::forecast; });
  return about;
}

}  // namespace

std::string Description::identity() const {
  Hash hash;
  hash.text(key).text(study);
  hash.number(parameters->size());
  for (const AnyParameter& p : *parameters) hash.text(p.name).number(p.example.index());
  hash.number(schema.columns.size());
  for (const Column& c : schema.columns) {
    hash.text(c.name).number(static_cast<std::uint64_t>(c.type)).number(c.says == Says::seconds);
    hash.text(c.list).texts(c.axes).texts(c.names);
  }
  for (const Axis& a : schema.axes) hash.text(a.name).reals(a.values.data(), a.values.size());
  if (given)
    for (const auto& [name, matrix] : *given) {
      hash.text(name).number(static_cast<std::uint64_t>(matrix.cols()));
      hash.reals(matrix.data(), static_cast<std::size_t>(matrix.size()));
    }
  return hash.hexadecimal();
}

std::string Description::points_identity(std::size_t count) const {
  Hash hash;
  for (std::size_t p = 0; p < count; ++p) hash.text(points[p].text());
  return hash.hexadecimal();
}

DataSet::DataSet(Description about) : about_(std::move(about)), cells_(about_.points.size()) {
  for (std::size_t p = 0; p < about_.points.size(); ++p)
    if (!point_by_text_.emplace(about_.points[p].text(), p).second)
      throw InputError(fmt::format("a point of the sweep is there twice: {}", about_.points[p].text()));
}

void DataSet::add(Key key, State state, std::string_view bytes, std::size_t run) {
  if (key.point >= cells_.size() || state == State::open) throw std::logic_error("DataSet::add: no such place");
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) throw std::logic_error("DataSet::add: a row over 4 GB");
  auto& cells = cells_[key.point];
  if (key.draw >= cells.size()) cells.resize(key.draw + 1);
  Place& place = cells[key.draw];
  if (place.state == State::open) {
    place = {state, static_cast<std::uint32_t>(run), static_cast<std::uint32_t>(bytes.size()), arena_.size()};
    arena_ += bytes;
    ++size_;
    return;
  }
  const std::string_view before = this->bytes(key);
  if (state == place.state && reproducible(bytes, about_.schema) == reproducible(before, about_.schema)) return;
  throw InputError(fmt::format(
      "{}, draw {}: two results that contradict each other: {}", about_.points[key.point].text(), key.draw,
      state == place.state ? difference(before, bytes, about_.schema) : "a value in one, not defined in the other"));
}

State DataSet::state(Key key) const {
  const auto& cells = cells_.at(key.point);
  return key.draw < cells.size() ? cells[key.draw].state : State::open;
}

std::size_t DataSet::run(Key key) const { return cells_.at(key.point).at(key.draw).run; }

std::string_view DataSet::bytes(Key key) const {
  const Place& place = cells_.at(key.point).at(key.draw);
  if (place.state == State::open) throw std::logic_error("DataSet::bytes: an open draw");
  return std::string_view(arena_).substr(place.offset, place.length);
}

std::size_t DataSet::count(std::size_t point, State state) const {
  const auto& cells = cells_.at(point);
  const auto there = static_cast<std::size_t>(
      std::count_if(cells.begin(), cells.end(), [&](const Place& p) { return p.state == state; }));
  if (state != State::open || about_.draws <= cells.size()) return there;
  return there + static_cast<std::size_t>(about_.draws - cells.size());
}

std::size_t DataSet::point_of(const Setting& setting) {
  const auto [at, added] = point_by_text_.emplace(setting.text(), about_.points.size());
  if (added) {
    about_.points.push_back(setting);
    cells_.emplace_back();
  }
  return at->second;
}

std::optional<std::size_t> DataSet::find_point(const Setting& setting) const {
  const auto at = point_by_text_.find(setting.text());
  return at == point_by_text_.end() ? std::nullopt : std::optional(at->second);
}

std::string digest(const DataSet& data) {
  const Description& about = data.about();
  std::vector<std::pair<std::string, std::size_t>> points;  // by setting, whatever their order
  for (std::size_t p = 0; p < about.points.size(); ++p)
    if (data.draws(p) > 0) points.emplace_back(about.points[p].text(), p);
  std::sort(points.begin(), points.end());

  Hash hash;
  hash.text(lasting(about).identity());
  for (const auto& [setting, point] : points) {
    hash.text(setting);
    for (Key key{point, 0}; key.draw < data.draws(point); ++key.draw) {
      const State state = data.state(key);
      if (state == State::open) continue;
      hash.number(key.draw).number(static_cast<std::uint64_t>(state)).text(reproducible(data.bytes(key), about.schema));
    }
  }
  return hash.hexadecimal();
}

}  // namespace theoremeter
