#include "experiments/theorems.hpp"

#include "experiments/declarations.hpp"
#include "experiments/measured_constants.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/stated_sizes.hpp"
#include "experiments/usage.hpp"
#include "results/align.hpp"
#include "results/data_file.hpp"
#include "results/json.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <regex>
#include <utility>

namespace theoremeter {
namespace {

using TheoremJson = nlohmann::ordered_json;

/// One line about a statement: "eps <= (K1 d^8)^-4", and its value at the sizes.
struct StatedLine {
  std::string kind;  // asks, gives, floor
  const Formula* formula = nullptr;
  std::string what, relation, text, latex;
  std::optional<double> value;
  std::string lacking;  // the sizes that would have to be said
  std::string here;     // of a floor: the ratios at the sizes said
};

/// A statement at the sizes said, with what files say of it.
struct StatedHere {
  const Statement* statement;
  bool evaluated = false;   // at sizes
  double eps = At::unsaid;  // at which `gives` is evaluated
  std::vector<StatedLine> lines;
  std::vector<std::string> files;  // that it concerns
  std::vector<MeasuredAt> measured;
};

StatedLine line_of(const char* kind, const Formula& f, const At& at) {
  StatedLine line{kind, &f, f.what, f.relation, f.text, f.latex, {}, "", ""};
  std::vector<std::string> lacking;
  for (const std::string& size : f.needs)
    if (!is_said(at, size)) lacking.push_back("--" + size);
  if (lacking.empty())
    line.value = f.value(at);
  else
    line.lacking = fmt::format("needs {}", fmt::join(lacking, ", "));
  return line;
}

/// The ratios n_i/n_{i-1}, m/n or m/k that the sizes have.
std::string ratios_here(const std::string& ratio, const At& at) {
  std::vector<double> all;
  if (ratio == "n/k")
    for (std::size_t i = 1; i < at.widths.size(); ++i) all.push_back(at.widths[i] / at.widths[i - 1]);
  if (ratio == "n/k" && all.empty()) all.push_back(at.n / at.k);
  if (ratio == "m/n") all.push_back(at.m / at.n);
  if (ratio == "m/k") all.push_back(at.m / at.k);
  std::vector<std::string> texts;
  for (const double r : all)
    if (!std::isnan(r)) texts.push_back(fmt::format("{:.4g}", r));
  return texts.empty() ? "" : fmt::format("here {}", fmt::join(texts, ", "));
}

/// What a condition with constant factor eps asks for by its floor.
StatedLine floor_line(const Assumed& assumed, const At& at) {
  const std::string ratio = ratio_of(assumed.condition);
  StatedLine line{"floor", nullptr, ratio, ">=", "", "", {}, "", ""};
  line.text = fmt::format("(floor of {}{})", assumed.condition,
                          assumed.factor == 1 ? "" : fmt::format(" at {} eps", assumed.factor));
  if (is_said(at, "eps"))
    line.value = ratio_needed(assumed.condition, assumed.factor * at.eps), line.here = ratios_here(ratio, at);
  else
    line.lacking = "needs --eps";
  return line;
}

StatedHere stated(const Statement& s, At at, bool evaluated) {
  StatedHere here{&s, evaluated, At::unsaid, {}, {}, {}};
  if (s.epsilon) here.lines.push_back(line_of("asks", *s.epsilon, at));
  if (!is_said(at, "eps") && s.epsilon && here.lines[0].value && *here.lines[0].value > 0)
    at.eps = *here.lines[0].value;
  here.eps = at.eps;
  for (const Assumed& a : s.assumes)
    if (evaluated && !ratio_of(a.condition).empty()) here.lines.push_back(floor_line(a, at));
  for (const Formula& f : s.asks) here.lines.push_back(line_of("asks", f, at));
  for (const Formula& f : s.gives) here.lines.push_back(line_of("gives", f, at));
  return here;
}

// --- Text -----------------------------------------------------------------------------------------------------------

constexpr std::size_t text_width = 100;

/// The words of a text in lines behind `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string all, line(indent, ' ');
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() > indent && line.size() + 1 + word.size() > text_width) {
      all += line + "\n";
      line.assign(indent, ' ');
    }
    line += (line.size() > indent ? " " : "") + word;
    begin = end + 1;
  }
  return all + line + "\n";
}

/// "K1, K2 (unnamed: 1 here); angle 4": what a statement leaves to others, and what it gives.
std::string constants_text(const Statement& s) {
  std::vector<std::string> unnamed, named;
  for (const Constant& c : s.constants)
    if (c.value)
      named.push_back(fmt::format("{} = {:.6g}", c.name, *c.value));
    else
      unnamed.push_back(c.name);
  std::string text = fmt::format("{}", fmt::join(named, ", "));
  if (!unnamed.empty())
    text += fmt::format("{}{}: no number in the paper", text.empty() ? "" : "; ", fmt::join(unnamed, ", "));
  return text;
}

std::string assumes_text(const Statement& s) {
  std::vector<std::string> all;
  for (const Assumed& a : s.assumes)
    all.push_back(fmt::format("{} <= {}eps", a.condition, a.factor == 1 ? "" : fmt::format("{} ", a.factor)));
  if (s.least_depth > 1) all.push_back(fmt::format("layers >= {}", s.least_depth));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string line_text(const StatedLine& line, const std::string& label, bool evaluated) {
  std::string text = fmt::format("  {:<10}{} {} {}", label, line.what, line.relation, line.text);
  if (!evaluated) return text + "\n";
  const std::string value = line.value ? fmt::format("{:.4g}", *line.value) : line.lacking;
  constexpr std::size_t left = 72;
  if (text.size() > left) text += "\n" + std::string(left, ' ');
  text =
      fmt::format("{}{}  {}", text, std::string(left - std::min(left, text.size() - text.rfind('\n') - 1), ' '), value);
  if (!line.here.empty()) text += fmt::format("\n{}{}", std::string(left + 2, ' '), line.here);
  return text + "\n";
}

const char* sign_of(Says says) {
  switch (says) {
    case Says::at_least:
      return ">=";
    case Says::at_most:
      return "<=";
    case Says::exact:
      return "=";
    default:
      return "~";
  }
}

/// Rounded so that it stays true.
std::string true_text(Says says, double value) {
  if (says == Says::at_least) return rounded_down(value);
  return says == Says::at_most ? rounded_up(value) : rounded(value);
}

std::string verdict_text(const MeasuredAt& m) {
  if (!m.allowed || m.draws == 0) return "";
  std::vector<std::string> parts;
  const std::size_t open = m.draws - m.holds - m.refuted;
  for (const auto& [word, count] :
       {std::pair<const char*, std::size_t>{"holds", m.holds}, {"refuted", m.refuted}, {"undecided", open}})
    if (count > 0) parts.push_back(fmt::format("{} {}/{}", word, count, m.draws));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// "K1 = 1": the constants without a number that its hypothesis on eps is evaluated with.
std::vector<std::string> taken_as_one(const Statement& s) {
  std::vector<std::string> names;
  if (s.epsilon)
    for (const Constant& c : s.constants)
      if (!c.value && std::regex_search(s.epsilon->text, std::regex("\\b" + c.name + "\\b"))) names.push_back(c.name);
  return names;
}

/// ", allowed at 2 layers and K1 = 1"
std::string allowed_where(const Statement& s, const MeasuredAt& first) {
  std::vector<std::string> where;
  if (first.depth > 0) where.push_back(fmt::format("{:.0f} layer{}", first.depth, first.depth > 1 ? "s" : ""));
  for (const std::string& name : taken_as_one(s)) where.push_back(name + " = 1");
  return where.empty() ? "" : fmt::format(", allowed at {}", fmt::join(where, " and "));
}

using Measured = std::vector<MeasuredAt>::const_iterator;

/// The points of one file at which one constant was measured.
std::string measured_table(const Statement& s, Measured begin, Measured end) {
  const bool decided = std::any_of(begin, end, [](const MeasuredAt& m) { return m.allowed.has_value(); });
  const std::optional<double> stated = begin->stated;
  std::vector<Line> table{{"sizes", begin->constant, "median", "least .. most", "draws"}};
  if (stated) table[0].push_back("slack");
  if (decided) table[0].insert(table[0].end(), {"allowed", "hypothesis"});
  for (Measured m = begin; m != end; ++m) {
    bool leads = true;  // what concerns all columns stands in the first of its lines
    for (const OverDraws& o : m->columns) {
      if (o.draws == 0) continue;
      Line line{leads ? m->sizes : "", sign_of(o.says), true_text(o.says, o.median),
                fmt::format("{} .. {}", true_text(o.says, o.least), true_text(o.says, o.most)),
                fmt::format("{}", o.draws)};
      if (stated) line.push_back(rounded(*stated / o.most));
      if (decided)
        line.insert(line.end(),
                    {leads && m->allowed ? fmt::format("{:.3g}", *m->allowed) : "", leads ? verdict_text(*m) : ""});
      table.push_back(std::move(line));
      leads = false;
    }
  }
  std::string text =
      fmt::format("  measured  {} in {}{}:\n", begin->constant, begin->file, decided ? allowed_where(s, *begin) : "");
  const std::string lines = align(table);
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t stop = lines.find('\n', at);
    const std::string line = lines.substr(at, stop - at);
    text += "    " + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    at = stop + 1;
  }
  return text;
}

std::string measured_text(const StatedHere& here) {
  std::string text;
  for (Measured begin = here.measured.begin(); begin != here.measured.end();) {
    const Measured end = std::find_if(begin, here.measured.end(), [&](const MeasuredAt& m) {
      return m.file != begin->file || m.constant != begin->constant;
    });
    text += measured_table(*here.statement, begin, end);
    begin = end;
  }
  return text;
}

std::string statement_text(const StatedHere& here, const At& at) {
  const Statement& s = *here.statement;
  std::string text = fmt::format("{}  {}, {}\n", s.id, s.paper, s.number) + wrapped(s.says, 2);
  if (!s.source.empty()) text += wrapped("(" + s.source + ")", 2);
  if (const std::string constants = constants_text(s); !constants.empty())
    text += "  constants" + wrapped(constants, 12).substr(11);
  if (const std::string assumes = assumes_text(s); !assumes.empty())
    text += "  assumes " + wrapped(assumes, 12).substr(10);
  if (here.evaluated && !deep_enough(s, at))
    return text + fmt::format("  says nothing of fewer than {} layers\n", s.least_depth) + measured_text(here);
  const char* last = "";
  for (const StatedLine& line : here.lines) {
    const bool gives = line.kind == "gives";
    const char* label = gives ? "gives" : "asks for";
    text += line_text(line, std::string(label) == last ? "" : label, here.evaluated);
    last = label;
  }
  return text + measured_text(here);
}

std::string legend(const std::vector<StatedHere>& all, bool evaluated) {
  bool measured = false, slack = false, unnamed = false, floors = false;
  for (const StatedHere& here : all) {
    measured = measured || !here.measured.empty();
    for (const MeasuredAt& m : here.measured) slack = slack || m.stated;
    for (const Constant& c : here.statement->constants) unnamed = unnamed || !c.value;
    for (const StatedLine& line : here.lines) floors = floors || line.kind == "floor";
  }
  std::string text;
  if (evaluated && unnamed) text += wrapped("Constants without a number in the paper are 1 here.", 0);
  if (evaluated)
    text += wrapped(
        "What depends on eps is evaluated at the largest eps allowed, where there is one and --eps says no other.", 0);
  if (floors)
    text += wrapped(
        "Floor: what a Gaussian matrix has at least, proved as sizes grow at a fixed ratio; see floor-... in the list.",
        0);
  if (measured)
    text += wrapped(
        ">= at least: attained; <= at most: proved; = exact; ~ sampled, or a ratio of such: no direction. Hypothesis: "
        "the draws in which \"constant <= allowed\" is proved, is refuted, is neither.",
        0);
  if (slack) text += wrapped("Slack: the paper's number over the largest measured.", 0);
  return text;
}

// --- LaTeX, JSON ----------------------------------------------------------------------------------------------------

std::string typewriter(const std::string& text) { return "\\texttt{" + latex_escaped(text) + "}"; }

/// $3.268 \times 10^{9}$
std::string number_latex(double value) { return "$" + latex_number(fmt::format("{:.4g}", value)) + "$"; }

std::string relation_latex(const std::string& relation) {
  return relation == "<=" ? "\\le" : relation == ">=" ? "\\ge" : relation;
}

std::string latex(const std::vector<StatedHere>& all) {
  std::string text =
      "% \\usepackage{booktabs,amsmath}\n\\begin{tabular}{llr}\n\\toprule\nquantity & formula & value \\\\\n";
  for (const StatedHere& here : all) {
    const Statement& s = *here.statement;
    text += fmt::format("\\midrule\n% {}\n\\multicolumn{{3}}{{p{{.95\\linewidth}}}}{{\\textbf{{{}, {}.}} {}}} \\\\\n",
                        s.id, s.paper, s.number, s.latex);
    for (const StatedLine& line : here.lines)
      text +=
          fmt::format("{} & {} & {} \\\\\n", typewriter(line.what),
                      line.latex.empty() ? fmt::format("${}$ {}", relation_latex(line.relation), typewriter(line.text))
                                         : fmt::format("${} {}$", relation_latex(line.relation), line.latex),
                      line.value ? number_latex(*line.value) : "");
  }
  return text + "\\bottomrule\n\\end{tabular}\n";
}

TheoremJson number_json(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? TheoremJson(*value) : TheoremJson(nullptr);
}

TheoremJson measured_json(const MeasuredAt& m) {
  TheoremJson columns = TheoremJson::array();
  for (const OverDraws& o : m.columns)
    columns.push_back({{"column", o.column},
                       {"direction", says_names[static_cast<std::size_t>(o.says)]},
                       {"draws", o.draws},
                       {"median", o.draws > 0 ? number_json(o.median) : TheoremJson(nullptr)},
                       {"least", o.draws > 0 ? number_json(o.least) : TheoremJson(nullptr)},
                       {"most", o.draws > 0 ? number_json(o.most) : TheoremJson(nullptr)}});
  return {{"file", m.file},
          {"sizes", m.sizes},
          {"constant", m.constant},
          {"columns", columns},
          {"draws", m.draws},
          {"stated", number_json(m.stated)},
          {"allowed", number_json(m.allowed)},
          {"holds", m.holds},
          {"refuted", m.refuted},
          {"undecided", m.allowed ? m.draws - m.holds - m.refuted : 0},
          {"at_layers", m.depth > 0 ? TheoremJson(m.depth) : TheoremJson(nullptr)}};
}

TheoremJson json_of(const StatedHere& here) {
  const Statement& s = *here.statement;
  TheoremJson constants = TheoremJson::array(), assumes = TheoremJson::array(), lines = TheoremJson::array(),
              measured = TheoremJson::array();
  for (const Constant& c : s.constants)
    constants.push_back(
        {{"name", c.name}, {"latex", c.latex}, {"meaning", c.meaning}, {"value", number_json(c.value)}});
  for (const Assumed& a : s.assumes) assumes.push_back({{"condition", a.condition}, {"times_eps", a.factor}});
  for (const StatedLine& line : here.lines) {
    lines.push_back({{"kind", line.kind},
                     {"what", line.what},
                     {"relation", line.relation},
                     {"formula", line.text},
                     {"latex", line.latex},
                     {"needs", line.formula ? line.formula->needs : std::vector<std::string>{"eps"}},
                     {"value", number_json(line.value)}});
  }
  for (const MeasuredAt& m : here.measured) measured.push_back(measured_json(m));
  return {{"id", s.id},
          {"paper", s.paper},
          {"number", s.number},
          {"says", s.says},
          {"latex", s.latex},
          {"source", s.source},
          {"layers_at_least", s.least_depth},
          {"constants", constants},
          {"assumes", assumes},
          {"concludes", s.concludes},
          {"eps", number_json(here.eps)},
          {"taken_as_one", taken_as_one(s)},
          {"lines", lines},
          {"measured", measured}};
}

// --- The verb -------------------------------------------------------------------------------------------------------

DataSet read_aloud(const std::string& path) {
  std::vector<std::string> remarks;
  DataSet data = read(path, declarations, &remarks);
  for (const std::string& remark : remarks) say(fmt::format("theoremeter: {}\n", remark));
  if (data.about().statements.empty())
    say(fmt::format("theoremeter: {}: names no statement; its experiment may, by statement = \"ID\"\n", path));
  return data;
}

bool concerns(const DataSet& data, const std::string& id) {
  const auto& ids = data.about().statements;
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// Those asked for: one, those that the files are about, or all.
std::vector<StatedHere> chosen(const TheoremsOptions& o, const At& at) {
  std::vector<std::pair<std::string, DataSet>> files;
  for (const std::string& file : o.files) files.emplace_back(file, read_aloud(file));
  const std::string only = o.statement.empty() ? "" : statement_named(o.statement).id;
  std::vector<StatedHere> all;
  for (const Statement& s : statements()) {
    if (!only.empty() && s.id != only) continue;
    StatedHere here = stated(s, at, says_sizes(o));
    for (const auto& [file, data] : files) {
      if (!concerns(data, s.id)) continue;
      here.files.push_back(file);
      for (MeasuredAt& m : measured_of(s, file, data, at)) here.measured.push_back(std::move(m));
    }
    if (files.empty() || !only.empty() || !here.files.empty()) all.push_back(std::move(here));
  }
  return all;
}

constexpr const char* theorem_notes =
    R"(With sizes: what each asks for and then gives there. asks for: the eps of its hypothesis, the ratios
of sizes that this needs by the floors of the conditions, its own sizes; gives: its conclusion.
With files: the statements that their experiments name, and beside them what was measured.
d and k are those of --widths; n is of one matrix (columns of A, rows of W), with p and l of the
joint condition. Two networks, [HJ]: --s or --widths2 of the second one, --alpha (default 1).
With --json: {"statements": [{"id", "paper", "number", "says", "latex", "source",
"layers_at_least", "constants", "assumes", "concludes", "eps", "lines": [{"kind": asks, gives or
floor, "what", "relation", "formula", "latex", "needs", "value"}], "measured": [{"file", "sizes",
"constant", "columns", "draws", "allowed", "holds", "refuted", "undecided", "at_layers"}]}, ...]}.)";

}  // namespace

int theorems_verb(const TheoremsOptions& o) {
  const std::size_t format = position("format", o.format, {"text", "latex"});
  const At at = at_said(o);
  const std::vector<StatedHere> all = chosen(o, at);
  if (o.json) {
    TheoremJson list = TheoremJson::array();
    for (const StatedHere& here : all) list.push_back(json_of(here));
    fmt::print("{}\n", printed(TheoremJson{{"statements", list}}));
  } else if (format == 1) {
    fmt::print("{}", latex(all));
  } else {
    for (const StatedHere& here : all) fmt::print("{}\n", statement_text(here, at));
    fmt::print("{}", legend(all, says_sizes(o)));
  }
  return 0;
}

void add_theorems(CLI::App& app, int& status) {
  const auto o = std::make_shared<TheoremsOptions>();
  CLI::App* verb =
      app.add_subcommand("theorems", "List the papers' statements: what each needs, what was measured of it");
  verb->add_option("F.h5", o->files, "results files")->option_text(" ");
  for (const auto& [name, meaning] : {std::pair{"d", "layers of the network"},
                                      {"k", "latent dimension"},
                                      {"m", "measurements, rows of A"},
                                      {"n", "rows of W; columns of A, of B"},
                                      {"p", "columns of C"},
                                      {"l", "rows of B and C"},
                                      {"s", "layers of the second network"}})
    verb->add_option_function<std::int64_t>(
            fmt::format("--{}", name), [o, name = std::string(name)](std::int64_t value) { o->whole[name] = value; },
            meaning)
        ->type_name("N")
        ->transform(whole_number());
  verb->add_option("--widths", o->widths, "latent dimension and widths: 10,500,1000")
      ->type_name("LIST")
      ->check(not_empty());
  verb->add_option("--widths2", o->widths2, "those of the second network")->type_name("LIST")->check(not_empty());
  for (const auto& [name, meaning] : {std::pair{"alpha", "of the last layers of [HJ], multiplied"},
                                      {"eps", "constant of the conditions (default: the largest allowed)"},
                                      {"noise", "|eta|/|x0|"},
                                      {"sigma", "its standard deviation, over |x0|"}})
    verb->add_option_function<double>(
            fmt::format("--{}", name), [o, name = std::string(name)](double value) { o->real[name] = value; }, meaning)
        ->type_name("X")
        ->check(number());
  verb->add_option("--statement", o->statement, "this one alone: hv-lemma-8")->type_name("ID")->check(not_empty());
  verb->add_option("--format", o->format, "text or latex (default text)")->type_name("NAME");
  verb->add_flag("--json", o->json, "print one JSON object");
  verb->footer(theorem_notes);
  verb->callback([o, &status] { status = theorems_verb(*o); });
}

}  // namespace theoremeter
