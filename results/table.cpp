#include "results/table.hpp"

#include "estimators/intervals.hpp"
#include "estimators/statistics.hpp"
#include "results/align.hpp"
#include "results/series.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

namespace theoremeter {
namespace {

/// The draws that one line is about.
struct Group {
  std::vector<std::string> labels;
  std::vector<Key> measured;
  std::size_t undefined = 0;
};

const AnyParameter& parameter_named(const Parameters& all, const std::string& name) {
  std::vector<std::string> names;
  for (const AnyParameter& p : *all) names.push_back(p.name);
  return (*all)[position("parameter", name, names)];
}

/// The parameters a reader must see to tell the lines apart: sizes and labels that are there, and whatever varies.
std::vector<std::string> shown_parameters(const Description& about) {
  std::vector<std::string> names;
  for (const AnyParameter& p : *about.parameters) {
    const auto text = [&](const Setting& s) { return to_text(s.at(p.name)); };
    std::set<std::string> values;
    for (const Setting& s : about.points) values.insert(text(s));
    const bool size = p.scope != Scope::option && values != std::set<std::string>{""};
    if (size || values.size() > 1) names.push_back(p.name);
  }
  return names;
}

/// Points and draws in the order of their labels, numbers as numbers.
bool before(const Value& a, const Value& b) {
  if (a.index() == b.index()) return a < b;
  return a.index() < b.index();
}

/// By the last size first, so that n varies within k, and m within a network; then by options.
std::vector<std::string> in_order(const Description& about, const std::vector<std::string>& by) {
  std::vector<std::string> sizes, options;
  for (const std::string& name : by)
    (parameter_named(about.parameters, name).scope == Scope::size ? sizes : options).push_back(name);
  std::reverse(sizes.begin(), sizes.end());
  sizes.insert(sizes.end(), options.begin(), options.end());
  return sizes;
}

std::vector<Group> groups_of(const DataSet& data, const std::vector<std::string>& by, bool each_draw) {
  const Description& about = data.about();
  std::vector<std::size_t> order(about.points.size());
  std::iota(order.begin(), order.end(), 0);
  const std::vector<std::string> keys = in_order(about, by);
  const auto earlier = [&](std::size_t a, std::size_t b) {
    for (const std::string& name : keys) {
      const Value &x = about.points[a].at(name), &y = about.points[b].at(name);
      if (before(x, y)) return true;
      if (before(y, x)) return false;
    }
    return false;
  };
  std::stable_sort(order.begin(), order.end(), earlier);
  std::vector<Group> groups;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t point = order[i];
    const bool same = i > 0 && !earlier(order[i - 1], point);
    Group labels;
    for (const std::string& name : by) labels.labels.push_back(to_text(about.points[point].at(name)));
    if (!each_draw && !same) groups.push_back(labels);
    for (std::uint64_t draw = 0; draw < std::max(about.draws, data.draws(point)); ++draw) {
      const State state = data.state({point, draw});
      if (each_draw) {
        groups.push_back(labels);
        groups.back().labels.push_back(fmt::format("{}", draw));
      }
      if (state == State::measured) groups.back().measured.push_back({point, draw});
      if (state == State::undefined) ++groups.back().undefined;
    }
  }
  return groups;
}

// --- One entry ------------------------------------------------------------------------------------------------------

/// The values of a column in these draws, lists and vectors item by item, NaN left out.
std::vector<double> numbers(const DataSet& data, const std::vector<Key>& draws, std::size_t column) {
  std::vector<double> all;
  for (const Key& key : draws) {
    const Cell cell = decode_cell(data.bytes(key), data.about().schema, column);
    if (const auto* reals = std::get_if<0>(&cell.values))
      std::copy_if(reals->begin(), reals->end(), std::back_inserter(all), [](double v) { return !std::isnan(v); });
    if (const auto* wholes = std::get_if<1>(&cell.values))
      std::transform(wholes->begin(), wholes->end(), std::back_inserter(all),
                     [](std::int64_t v) { return static_cast<double>(v); });
  }
  return all;
}

/// The names of a flag, or texts, that occur.
std::string occurring(const DataSet& data, const std::vector<Key>& draws, std::size_t column) {
  const Column& c = data.about().schema.columns[column];
  std::set<std::int64_t, std::greater<>> flags;
  std::set<std::string> texts;
  for (const Key& key : draws) {
    const Cell cell = decode_cell(data.bytes(key), data.about().schema, column);
    if (const auto* wholes = std::get_if<1>(&cell.values)) flags.insert(wholes->begin(), wholes->end());
    if (const auto* all = std::get_if<2>(&cell.values)) texts.insert(all->begin(), all->end());
  }
  std::vector<std::string> names(texts.begin(), texts.end());
  for (const std::int64_t flag : flags)
    names.push_back(c.names.empty() ? (flag != 0 ? "yes" : "no") : c.names.at(static_cast<std::size_t>(flag)));
  return names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "));
}

using Round = std::string (*)(double);

Round rounding(Says says) {
  if (says == Says::at_least) return rounded_down;
  return says == Says::at_most ? rounded_up : rounded;
}

std::string whole(double value) { return fmt::format("{:.0f}", value); }
std::string one_decimal(double value) { return fmt::format("{:.1f}", value); }

/// Whether a statistic of this column has an interval: one value a draw, so that values are independent.
bool has_interval(const Column& c, const Summary& s) {
  const bool estimates = s.how == Statistic::share || s.how == Statistic::mean || s.how == Statistic::median ||
                         s.how == Statistic::quantile || s.how == Statistic::probability;
  return s.interval && estimates && c.list.empty() && c.axes.empty();
}

/// Of draws: those proved, those not refuted.
std::pair<std::int64_t, std::int64_t> proved_and_possible(const std::vector<double>& decided) {
  const auto refuted = std::count(decided.begin(), decided.end(), 0.0);
  return {std::count(decided.begin(), decided.end(), 1.0), static_cast<std::int64_t>(decided.size()) - refuted};
}

/// Of the statistic over all draws there might be.
std::pair<double, double> interval_of(const Summary& s, const std::vector<double>& values, double confidence) {
  if (s.how == Statistic::share) {
    const auto successes = std::count_if(values.begin(), values.end(), [](double v) { return v != 0; });
    return clopper_pearson(successes, static_cast<std::int64_t>(values.size()), confidence);
  }
  if (s.how == Statistic::mean) return mean_interval(values, confidence);
  if (s.how == Statistic::probability) {
    const auto [proved, possible] = proved_and_possible(values);
    const auto n = static_cast<std::int64_t>(values.size());
    return {clopper_pearson(proved, n, confidence).first, clopper_pearson(possible, n, confidence).second};
  }
  return quantile_interval(values, s.level, confidence);
}

double statistic(const Summary& s, const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  switch (s.how) {
    case Statistic::count:
      return n;
    case Statistic::mean:
      return std::accumulate(values.begin(), values.end(), 0.0) / n;
    case Statistic::share:
      return static_cast<double>(std::count_if(values.begin(), values.end(), [](double v) { return v != 0; })) / n;
    default:
      return quantile(values, s.level);
  }
}

/// Of texts and of one of several names words are shown, whatever the statistic; of yes and no unless they are counted.
bool in_words(const Column& c, const Summary& s) {
  if (s.how == Statistic::probability) return false;
  if (c.type == Type::text || !c.names.empty()) return s.how != Statistic::count;
  return c.type == Type::flag && s.how != Statistic::count && s.how != Statistic::share && s.how != Statistic::mean;
}

/// An entry: its sign, the number or the two of a range, its unit.
struct Entry {
  std::string sign, least, most, unit;
  std::string interval = {};  // "[79.6, 99.9]"
};

Entry entry(const DataSet& data, const Group& group, const Summary& s, double confidence) {
  const std::size_t column = data.about().schema.position(s.column);
  const Column& c = data.about().schema.columns[column];
  if (in_words(c, s)) return {"", occurring(data, group.measured, column), "", ""};
  const std::vector<double> values = numbers(data, group.measured, column);
  if (s.how == Statistic::count) return {"", fmt::format("{}", values.size()), "", ""};
  if (values.empty()) return {"", group.measured.empty() && group.undefined > 0 ? "undefined" : "-", "", ""};
  const char* sign = c.says == Says::at_least ? ">= " : c.says == Says::at_most ? "<= " : "";
  const bool integers = c.type == Type::whole && s.how != Statistic::mean;
  const double scale = s.percent ? 100 : 1;
  const Round round = s.percent ? one_decimal : integers ? whole : rounding(c.says);
  const std::string unit = s.percent ? "%" : c.unit == "1" ? "" : c.unit;
  if (s.how == Statistic::probability) {
    const auto [proved, possible] = proved_and_possible(values);
    const auto n = static_cast<double>(values.size());
    const auto [low, high] = interval_of(s, values, confidence);
    return {"", rounded_down(static_cast<double>(proved) / n),
            proved == possible ? "" : rounded_up(static_cast<double>(possible) / n), "",
            fmt::format("[{}, {}]", rounded_down(low), rounded_up(high))};
  }
  if (s.how != Statistic::range) {
    const double value = scale * statistic(s, values);
    if (std::isnan(value)) return {"", "-", "", ""};
    Entry e{sign, round(value), "", unit};
    if (has_interval(c, s) && values.size() > 1) {
      const auto [low, high] = interval_of(s, values, confidence);
      const bool outward = round != one_decimal && round != whole;
      e.interval = fmt::format("[{}, {}]", (outward ? rounded_down : round)(scale * low),
                               (outward ? rounded_up : round)(scale * high));
    }
    return e;
  }
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const std::string a = round(scale * *least), b = round(scale * *most);
  return {sign, a, a == b ? "" : b, unit};
}

std::string text_of(const Entry& e) {
  return fmt::format("{}{}{}{}{}{}", e.sign, e.least, e.most.empty() ? "" : " .. " + e.most, e.unit.empty() ? "" : " ",
                     e.unit, e.interval.empty() ? "" : " " + e.interval);
}

std::string latex_of(const Entry& e) {
  if (e.least.find_first_not_of("0123456789.+-e") != std::string::npos || e.least == "-") return latex_escaped(e.least);
  const std::string sign = e.sign == ">= " ? "\\ge " : e.sign == "<= " ? "\\le " : "";
  const std::string range = e.most.empty() ? "" : "\\text{--}" + latex_number(e.most);
  const std::string interval = e.interval.empty() ? "" : "\\ " + e.interval;
  return fmt::format("${}{}{}{}${}", sign, latex_number(e.least), range,
                     e.unit == "%"    ? "\\,\\%"
                     : e.unit.empty() ? ""
                                      : fmt::format("\\,\\mathrm{{{}}}", e.unit),
                     interval);
}

// --- The whole ------------------------------------------------------------------------------------------------------

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// Of csv: plain numbers in full precision; of several draws a column for each end of a range.
std::string csv(const DataSet& data, const std::vector<std::string>& heading, const std::vector<Group>& groups,
                const std::vector<Summary>& summaries, const TableOptions& options) {
  const Schema& schema = data.about().schema;
  const auto column_of = [&](const Summary& s) -> const Column& { return schema.columns[schema.position(s.column)]; };
  const auto has_ends = [&](const Summary& s) {
    const Column& c = column_of(s);
    return s.how == Statistic::range && !in_words(c, s) && !(options.each_draw && c.list.empty() && c.axes.empty());
  };
  std::vector<std::string> names = heading;
  for (const Summary& s : summaries)
    for (const char* end : has_ends(s)                       ? std::vector{"_min", "_max"}
                           : s.how == Statistic::probability ? std::vector{"_least", "_most", "_low", "_high"}
                           : has_interval(column_of(s), s)   ? std::vector{"", "_low", "_high"}
                                                             : std::vector{""})
      names.push_back(s.column + end);
  std::string out = fmt::format("{}\n", fmt::join(names, ","));
  const auto number = [](double value) { return std::isnan(value) ? std::string() : fmt::format("{}", value); };
  for (const Group& group : groups) {
    std::vector<std::string> fields = group.labels;
    for (const Summary& s : summaries) {
      if (in_words(column_of(s), s)) {
        fields.push_back(occurring(data, group.measured, schema.position(s.column)));
        continue;
      }
      const std::vector<double> values = numbers(data, group.measured, schema.position(s.column));
      const auto [least, most] = std::minmax_element(values.begin(), values.end());
      if (s.how == Statistic::probability) {
        const auto [proved, possible] = proved_and_possible(values);
        const auto [low, high] = interval_of(s, values, options.confidence);
        const auto n = static_cast<double>(values.size());
        for (const double end : {static_cast<double>(proved) / n, static_cast<double>(possible) / n, low, high})
          fields.push_back(values.empty() ? "" : number(end));
        continue;
      }
      if (has_ends(s)) fields.push_back(values.empty() ? "" : number(*least));
      if (s.how == Statistic::range)
        fields.push_back(values.empty() ? "" : number(*most));
      else
        fields.push_back(values.empty() && s.how != Statistic::count ? "" : number(statistic(s, values)));
      if (has_interval(column_of(s), s)) {
        const auto [low, high] = values.empty() ? std::pair(0.0, 0.0) : interval_of(s, values, options.confidence);
        fields.push_back(values.empty() ? "" : number(low));
        fields.push_back(values.empty() ? "" : number(high));
      }
    }
    std::transform(fields.begin(), fields.end(), fields.begin(), csv_field);
    out += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return out;
}

std::string latex(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& lines) {
  std::string out = fmt::format("% \\usepackage{{booktabs,amsmath}}\n\\begin{{tabular}}{{{}}}\n\\toprule\n",
                                std::string(heading.size(), 'r'));
  std::vector<std::string> escaped(heading.size());
  std::transform(heading.begin(), heading.end(), escaped.begin(), latex_escaped);
  out += fmt::format("{} \\\\\n\\midrule\n", fmt::join(escaped, " & "));
  for (const auto& line : lines) out += fmt::format("{} \\\\\n", fmt::join(line, " & "));
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string markdown(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& lines) {
  std::string out = fmt::format("| {} |\n|", fmt::join(heading, " | "));
  for (std::size_t i = 0; i < heading.size(); ++i) out += "--:|";
  out += '\n';
  for (const auto& line : lines) out += fmt::format("| {} |\n", fmt::join(line, " | "));
  return out;
}

/// Blocks of columns that fit the width, each with the labels in front.
std::string text_blocks(const std::vector<Line>& lines, std::size_t labels, std::size_t width) {
  std::vector<std::size_t> widths(lines[0].size());
  for (const Line& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size() + 2);
  const std::size_t front =
      std::accumulate(widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(labels), std::size_t{0});
  std::string text;
  for (std::size_t begin = labels; begin < widths.size();) {
    std::size_t end = begin, used = front;
    while (end < widths.size() && (end == begin || used + widths[end] <= width + 2)) used += widths[end++];
    std::vector<Line> block;
    for (const Line& line : lines) {
      block.emplace_back(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(labels));
      block.back().insert(block.back().end(), line.begin() + static_cast<std::ptrdiff_t>(begin),
                          line.begin() + static_cast<std::ptrdiff_t>(end));
    }
    text += (text.empty() ? "" : "\n") + align(block);
    begin = end;
  }
  return text;
}

/// Those with something to show: no column whose every entry is "-", nor one that says nothing new.
std::vector<Summary> shown(const DataSet& data, const std::vector<Group>& groups, const std::vector<Summary>& all,
                           double confidence) {
  std::set<std::string> left_out;
  std::vector<Summary> kept;
  for (const Summary& s : all) {
    bool silent = true;
    for (const Group& group : groups) {
      const Entry e = entry(data, group, s, confidence);
      const std::vector<double> values =
          s.unless ? numbers(data, group.measured, data.about().schema.position(s.column)) : std::vector<double>();
      const bool usual =
          s.unless && std::all_of(values.begin(), values.end(), [&](double v) { return v == *s.unless; });
      if (e.least != "-" && e.least != "undefined" && !usual) silent = false;
    }
    if (silent || left_out.contains(s.with))
      left_out.insert(s.column);
    else
      kept.push_back(s);
  }
  return kept;
}

std::string legend(const std::vector<Summary>& summaries, bool ranges) {
  std::string text;
  for (const Summary& s : summaries)
    if (!s.legend.empty()) text += s.legend + "\n";
  return text + (ranges ? "a .. b: range over draws.\n" : "");
}

/// What the intervals are, and of what where the values are bounds.
std::string interval_legend(const Schema& schema, const std::vector<Summary>& summaries, double confidence) {
  bool medians = false, means = false, shares = false, bounds = false;
  for (const Summary& s : summaries) {
    const Column& c = schema.columns[schema.position(s.column)];
    if (in_words(c, s) || !has_interval(c, s)) continue;
    medians = medians || s.how == Statistic::median || s.how == Statistic::quantile;
    means = means || s.how == Statistic::mean;
    shares = shares || s.how == Statistic::share || s.how == Statistic::probability;
    bounds = bounds || (s.how != Statistic::share && s.how != Statistic::probability &&
                        (c.says == Says::at_least || c.says == Says::at_most));
  }
  std::vector<std::string> how;
  if (medians) how.emplace_back("between order statistics, exact");
  if (means) how.emplace_back("Student's");
  if (shares) how.emplace_back("Clopper and Pearson's, exact");
  return fmt::format("[a, b]: {:g} % interval over draws ({}){}.\n", 100 * confidence, fmt::join(how, "; "),
                     bounds ? ", of the bounds themselves, not of the constants" : "");
}

}  // namespace

std::string table(const DataSet& data, const std::string& title, const std::vector<Summary>& summaries,
                  const TableOptions& options) {
  std::vector<std::string> by = options.group_by.empty() ? shown_parameters(data.about()) : options.group_by;
  for (const std::string& name : options.group_by) parameter_named(data.about().parameters, name);
  std::vector<Group> groups = groups_of(data, by, options.each_draw);
  const std::vector<Summary> columns = shown(data, groups, summaries, options.confidence);
  std::vector<std::string> heading = by;
  heading.emplace_back(options.each_draw ? "draw" : "draws");
  bool undefined = false;
  for (Group& group : groups) {
    undefined = undefined || group.undefined > 0;
    if (options.each_draw) continue;
    group.labels.push_back(
        group.undefined == 0
            ? fmt::format("{}", group.measured.size())
            : fmt::format("{} ({} undefined)", group.measured.size() + group.undefined, group.undefined));
  }
  if (options.format == TableFormat::csv) return csv(data, heading, groups, columns, options);
  const std::size_t labels = heading.size();
  for (const Summary& s : columns) heading.push_back(s.heading);
  bool ranges = false, intervals = false;
  std::vector<Line> lines;
  for (const Group& group : groups) {
    lines.push_back(group.labels);
    if (options.format == TableFormat::latex)
      std::transform(lines.back().begin(), lines.back().end(), lines.back().begin(), latex_escaped);
    for (const Summary& s : columns) {
      const Entry e = entry(data, group, s, options.confidence);
      intervals = intervals || !e.interval.empty();
      ranges = ranges ||
               (!e.most.empty() && data.about().schema.columns[data.about().schema.position(s.column)].axes.empty());
      lines.back().push_back(options.format == TableFormat::latex ? latex_of(e) : text_of(e));
    }
  }
  if (options.format == TableFormat::latex) return latex(heading, lines);
  if (options.format == TableFormat::markdown) return markdown(heading, lines);
  lines.insert(lines.begin(), heading);
  return (title.empty() ? "" : title + "\n") + text_blocks(lines, labels, options.width) + legend(columns, ranges) +
         (intervals ? interval_legend(data.about().schema, columns, options.confidence) : "") +
         (undefined ? "undefined: draws that have no such value.\n" : "");
}

Summary summary_of(const Schema& schema, const std::string& column, const std::string& statistic) {
  Summary s{column, schema.columns[schema.position(column)].name};
  const std::size_t equals = statistic.find('=');
  static const std::vector<std::string> names{"range", "median", "mean", "quantile", "count", "share", "probability"};
  s.how = static_cast<Statistic>(position("statistic", statistic.substr(0, equals), names));
  if (s.how == Statistic::probability && !says_decided(schema.columns[schema.position(column)]))
    throw InputError(fmt::format("statistic {}: of the column decided, not of {}", statistic, column));
  if (s.how != Statistic::range) s.heading = fmt::format("{} {}", statistic, column);
  if ((s.how == Statistic::quantile) != (equals != std::string::npos))
    throw InputError(fmt::format("statistic {}: as in quantile=0.9", statistic));
  if (s.how != Statistic::quantile) return s;
  const std::string level = statistic.substr(equals + 1);
  const auto [end, error] = std::from_chars(level.data(), level.data() + level.size(), s.level);
  if (error != std::errc() || end != level.data() + level.size() || !(s.level >= 0 && s.level <= 1))
    throw InputError(fmt::format("statistic {}: the level must be between 0 and 1", statistic));
  return s;
}

}  // namespace theoremeter
