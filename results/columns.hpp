// The columns of a plain struct, each bound to the member it stands for: typed for those who measure, rows for those
// who keep.
#pragma once

#include "results/row.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace theoremeter {

/// How a member is kept: as T, of this type. An enumeration is a flag, named by `names_of(Enum)` found beside it.
template <class V>
struct Kept {
  static_assert(std::is_enum_v<V>, "double, int64, bool, text or an enumeration");
  using As = std::int64_t;
  static constexpr Type type = Type::flag;
  static std::vector<std::string> names() { return names_of(V{}); }
};
template <>
struct Kept<double> {
  using As = double;
  static constexpr Type type = Type::real;
  static std::vector<std::string> names() { return {}; }
};
template <>
struct Kept<std::int64_t> {
  using As = std::int64_t;
  static constexpr Type type = Type::whole;
  static std::vector<std::string> names() { return {}; }
};
template <>
struct Kept<bool> {
  using As = std::int64_t;
  static constexpr Type type = Type::flag;
  static std::vector<std::string> names() { return {}; }
};
template <>
struct Kept<std::string> {
  using As = std::string;
  static constexpr Type type = Type::text;
  static std::vector<std::string> names() { return {}; }
};

/// An Eigen object of two dimensions.
template <class V>
concept IsMatrix = requires {
  requires !V::IsVectorAtCompileTime;
};

/// `member` is a data member, or a function object that returns a reference to what it stands for.
template <class T>
class Columns {
 public:
  /// One value: double, int64, bool, text or an enumeration.
  template <class Member>
  Columns& value(std::string name, Member member, Says says, std::string meaning) {
    using V = std::remove_cvref_t<std::invoke_result_t<Member, T&>>;
    using As = typename Kept<V>::As;
    return add(
        column<V>(std::move(name), says, std::move(meaning)),
        [member](const T& t, Cell& c) { list<As>(c).push_back(static_cast<As>(in(member, t))); },
        [member](T& t, const Cell& c, Cursor& at) { std::invoke(member, t) = static_cast<V>(next<As>(c, at)); });
  }

  /// What follows from the rest: stored for readers, never read back.
  template <class F>
  Columns& computed(std::string name, F function, Says says, std::string meaning) {
    using V = std::remove_cvref_t<std::invoke_result_t<F, const T&>>;
    using As = typename Kept<V>::As;
    return add(
        column<V>(std::move(name), says, std::move(meaning)),
        [function](const T& t, Cell& c) { list<As>(c).push_back(static_cast<As>(function(t))); },
        [](T&, const Cell&, Cursor&) {});
  }

  /// Numbers along axes: a vector (one axis), or a matrix as an Eigen object of two dimensions, by rows.
  template <class Member>
  Columns& vector(std::string name, Member member, std::vector<std::string> axes, Says says, std::string meaning) {
    Column c = column<double>(std::move(name), says, std::move(meaning));
    c.axes = std::move(axes);
    return add(
        std::move(c), [member](const T& t, Cell& cell) { put(in(member, t), cell); },
        [member](T& t, const Cell& cell, Cursor& at) { take(std::invoke(member, t), cell, at); });
  }

  /// The columns of a member, their names behind `prefix`.
  template <class Member, class Part>
  Columns& part(const std::string& prefix, Member member, const Columns<Part>& inner) {
    return within(prefix, "", inner, [member](auto& t, const auto& use) { use(std::invoke(member, t)); });
  }

  /// The same where there may be none: a flag `name`, and the columns of what there is.
  template <class Member, class Part>
  Columns& optional(const std::string& name, const std::string& prefix, Member member, std::string meaning,
                    const Columns<Part>& inner, Says says = Says::count) {
    Column flag = column<bool>(name, says, std::move(meaning));
    flag.json = "-";  // in JSON it is there, or null
    add(
        std::move(flag), [member](const T& t, Cell& c) { list<std::int64_t>(c).push_back(in(member, t).has_value()); },
        [member](T& t, const Cell& c, Cursor& at) {
          if (next<std::int64_t>(c, at) != 0) std::invoke(member, t).emplace();
        });
    return within(
        prefix, "", inner,
        [member](auto& t, const auto& use) {
          if (auto& there = std::invoke(member, t)) use(*there);
        },
        name);
  }

  /// A list: its length `name`_count, and a table of its items' columns, `name`_...
  template <class Member, class Item>
  Columns& list_of(const std::string& name, Member member, const std::string& meaning, const Columns<Item>& inner) {
    add(
        column<std::int64_t>(name + "_count", Says::count, "how many: " + meaning),
        [member](const T& t, Cell& c) {
          list<std::int64_t>(c).push_back(static_cast<std::int64_t>(in(member, t).size()));
        },
        [member](T& t, const Cell& c, Cursor& at) {
          const std::int64_t count = next<std::int64_t>(c, at);
          if (count < 0 || static_cast<std::uint64_t>(count) > at.items) throw WrongRow("a list of impossible length");
          at.items -= static_cast<std::size_t>(count);
          std::invoke(member, t).resize(static_cast<std::size_t>(count));
        });
    return within(name + "_", name, inner, [member](auto& t, const auto& use) {
      for (auto& item : std::invoke(member, t)) use(item);
    });
  }

  /// Of the column added last.
  Columns& unit(std::string unit) {
    return last([&](Column& c) { c.unit = std::move(unit); });
  }
  Columns& json(std::string path) {
    return last([&](Column& c) { c.json = std::move(path); });
  }

  /// The values at which an axis of these columns stands.
  Columns& axis(Axis a) {
    schema_.axes.push_back(std::move(a));
    return *this;
  }

  Row row(const T& t) const {
    Row r = empty_row(schema_);
    for (std::size_t i = 0; i < r.size(); ++i) bindings_[i].put(t, r[i]);
    return r;
  }

  /// Throws WrongRow for a row of another schema.
  T draw(const Row& r) const {
    if (r.size() != bindings_.size()) throw WrongRow("a row of another schema");
    T t{};
    std::size_t most = 0;  // every item has a value or a length somewhere in the row
    for (const Cell& c : r) most += c.size() + c.lengths.size();
    for (std::size_t i = 0; i < r.size(); ++i) {
      Cursor at{0, 0, most};
      bindings_[i].take(t, r[i], at);
    }
    return t;
  }

  const Schema& schema() const { return schema_; }

 private:
  template <class>
  friend class Columns;

  struct Cursor {
    std::size_t value = 0, length = 0;  // the next ones of the cell
    std::size_t items = 0;              // that lists may still have: nothing is allocated for what cannot be there
  };
  struct Binding {
    std::function<void(const T&, Cell&)> put;
    std::function<void(T&, const Cell&, Cursor&)> take;
  };

  /// The member of a const object; a function object that wants to write may be handed a const one all the same: it
  /// returns a reference, which is only read here.
  template <class Member>
  static const auto& in(const Member& member, const T& t) {
    if constexpr (std::is_member_object_pointer_v<Member>)
      return t.*member;
    else
      return member(const_cast<T&>(t));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }

  template <class V>
  static Column column(std::string name, Says says, std::string meaning) {
    Column c{std::move(name), std::move(meaning), Kept<V>::type, says};
    c.names = Kept<V>::names();
    return c;
  }

  template <class As>
  static std::vector<As>& list(Cell& c) {
    return std::get<std::vector<As>>(c.values);
  }
  template <class As>
  static const As& next(const Cell& c, Cursor& at) {
    const auto& values = std::get<std::vector<As>>(c.values);
    if (at.value >= values.size()) throw WrongRow("a row that is too short");
    return values[at.value++];
  }
  static std::uint32_t next_length(const Cell& c, Cursor& at) {
    if (at.length >= c.lengths.size()) throw WrongRow("a row that is too short");
    return c.lengths[at.length++];
  }

  template <class V>
  static void put(const V& v, Cell& c) {
    auto& to = list<double>(c);
    if constexpr (IsMatrix<V>) {
      c.lengths.push_back(static_cast<std::uint32_t>(v.rows()));
      c.lengths.push_back(static_cast<std::uint32_t>(v.cols()));
      for (std::ptrdiff_t i = 0; i < v.rows(); ++i)
        for (std::ptrdiff_t j = 0; j < v.cols(); ++j) to.push_back(v(i, j));
    } else {
      c.lengths.push_back(static_cast<std::uint32_t>(v.size()));
      to.insert(to.end(), v.data(), v.data() + v.size());
    }
  }

  template <class V>
  static void take(V& v, const Cell& c, Cursor& at) {
    const std::uint32_t rows = next_length(c, at);
    if constexpr (IsMatrix<V>) {
      const std::uint32_t columns = next_length(c, at);
      if (std::uint64_t{rows} * columns > c.reals().size() - at.value) throw WrongRow("a row that is too short");
      v.resize(rows, columns);
      for (std::uint32_t i = 0; i < rows; ++i)
        for (std::uint32_t j = 0; j < columns; ++j) v(i, j) = next<double>(c, at);
    } else {
      if (rows > c.reals().size() - at.value) throw WrongRow("a row that is too short");
      if constexpr (requires { requires V::SizeAtCompileTime >= 0; })
        if (rows != static_cast<std::uint32_t>(V::SizeAtCompileTime)) throw WrongRow("a vector of another length");
      v.resize(rows);
      for (std::uint32_t i = 0; i < rows; ++i) v[i] = next<double>(c, at);
    }
  }

  /// The columns of inner objects; `each` hands them, one after another, to what uses them.
  template <class Part, class Each>
  Columns& within(const std::string& prefix, const std::string& list, const Columns<Part>& inner, const Each& each,
                  const std::string& where = "") {
    for (std::size_t i = 0; i < inner.bindings_.size(); ++i) {
      Column c = inner.schema_.columns[i];
      c.name = prefix + c.name;
      if (!c.where.empty()) c.where = prefix + c.where;
      if (c.where.empty() && c.list.empty()) c.where = where;
      if (!c.list.empty()) c.list = prefix + c.list;
      if (c.list.empty()) c.list = list;
      const auto& binding = inner.bindings_[i];
      add(
          std::move(c),
          [each, put = binding.put](const T& t, Cell& cell) {
            each(const_cast<T&>(t),  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
                 [&](const Part& p) { put(p, cell); });
          },
          [each, take = binding.take](T& t, const Cell& cell, Cursor& at) {
            typename Columns<Part>::Cursor inside{at.value, at.length, at.items};
            each(t, [&](Part& p) { take(p, cell, inside); });
            at = {inside.value, inside.length, inside.items};
          });
    }
    for (const Axis& a : inner.schema_.axes) schema_.axes.push_back(a);
    return *this;
  }

  template <class Put, class Take>
  Columns& add(Column c, Put put, Take take) {
    schema_.columns.push_back(std::move(c));
    bindings_.push_back({std::move(put), std::move(take)});
    return *this;
  }
  template <class Change>
  Columns& last(const Change& change) {
    change(schema_.columns.back());
    return *this;
  }

  Schema schema_;
  std::vector<Binding> bindings_;
};

}  // namespace theoremeter
