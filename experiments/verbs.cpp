#include "experiments/verbs.hpp"

#include "experiments/declarations.hpp"
#include "experiments/estimate.hpp"
#include "experiments/experiment.hpp"
#include "experiments/interruption.hpp"
#include "experiments/keep.hpp"
#include "experiments/lock.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/runner.hpp"
#include "experiments/scripts.hpp"
#include "experiments/studies/studies.hpp"
#include "results/data_file.hpp"
#include "results/export.hpp"
#include "results/format_document.hpp"
#include "results/in_full.hpp"
#include "results/journal.hpp"
#include "results/json.hpp"
#include "results/merge.hpp"
#include "results/table.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <utility>

namespace theoremeter {
DataSet read_with_remarks(const std::string& path) {
  std::vector<std::string> remarks;
  DataSet data = read(path, declarations, &remarks);
  for (const std::string& remark : remarks) say(fmt::format("theoremeter: {}\n", remark));
  return data;
}

namespace {

/// The setting of a stored point, with the matrices that belong to it.
Setting setting_at(const Study& study, const DataSet& data, std::size_t point) {
  static const Matrices none;
  Setting at = data.about().points[point];
  at.give(std::make_shared<const Matrices>(study.given_at(at, data.about().given ? *data.about().given : none)));
  return at;
}

std::size_t terminal_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return 100;
  return std::min<std::size_t>(size.ws_col, 100);
}

/// "wdc constant, ensemble gaussian, seed 1": what is the same at all points, or the files given.
std::string title_of(const Study& study, const DataSet& data) {
  const Description& about = data.about();
  std::string title = study.noun;
  if (!about.given_spec.empty()) title += " of " + about.given_spec;
  for (const char* name : {"algorithm", "ensemble", "measurements", "noise", "decide", "seed"}) {
    std::set<std::string> values;
    for (const Setting& at : about.points)
      if (at.has(name)) values.insert(to_text(at.at(name)));
    if (values.size() == 1 && !values.begin()->empty()) title += fmt::format(", {} {}", name, *values.begin());
  }
  return title;
}

/// "W_1: net.h5:dense/kernel:0, 40 x 3; transposed", a line for each matrix given.
std::string sources_text(const Description& about) {
  std::string lines;
  for (const auto& [name, s] : about.sources) {
    const Rows& W = about.given->at(name);
    lines += fmt::format("{}: {}{}{}, {} x {}{}{}\n", name, s.file, s.dataset.empty() ? "" : ":", s.dataset, W.rows(),
                         W.cols(), s.done.empty() ? "" : "; ", s.done);
  }
  return lines;
}

void print_json(const DataSet& data) {
  auto all = nlohmann::ordered_json::array();
  for (std::size_t point = 0; point < data.about().points.size(); ++point) all.push_back(to_json(data, point));
  fmt::print("{}\n", printed({{"points", all}}));
}

void print_table(const Study& study, const DataSet& data, bool each_draw) {
  TableOptions how;
  how.each_draw = each_draw;
  how.width = terminal_width();
  std::vector<Summary> columns = study.summaries;
  if (each_draw) std::erase_if(columns, [](const Summary& s) { return s.how == Statistic::probability; });
  fmt::print("{}{}", sources_text(data.about()), table(data, title_of(study, data), columns, how));
}

/// Where draws have a line each: over all of them, where something is decided.
void print_probability(const Study& study, const DataSet& data) {
  if (std::max(data.about().draws, data.draws(0)) == 1) return;
  for (const Summary& s : study.summaries)
    if (s.how == Statistic::probability) fmt::print("\n{}", table(data, "", {s}, {}));
}

/// Of a file of one draw, what the table has no room for.
void print_report(const Study& study, const DataSet& data) {
  const bool one = data.about().points.size() == 1 && std::max(data.about().draws, data.draws(0)) == 1;
  if (one && data.state({0, 0}) == State::measured)
    fmt::print("{}", study.report(setting_at(study, data, 0), data.row({0, 0})));
}

int threads_of(const Options& o) {
  if (o.threads < 1 || o.threads > 1024) throw InputError(fmt::format("--threads {}: must be 1 to 1024", o.threads));
  return static_cast<int>(o.threads);
}

void say_remarks(const Experiment& e) {
  for (const std::string& remark : e.remarks) say(fmt::format("theoremeter: {}\n", remark));
}

/// What is wrong with "n = 0: ..." or "n is missing", as whoever typed --n knows it: "--n 0: ...", "--n is missing".
std::string told_as_option(std::string what, const Study& study) {
  std::vector<std::string> names{"draws", "transpose"};
  for (const AnyParameter& p : *study.parameters) names.push_back(p.name);
  for (const Input& input : study.inputs) names.push_back(input.option);
  const std::string name = what.substr(0, what.find_first_of(" :"));
  if (std::find(names.begin(), names.end(), name) == names.end()) return what;
  std::string rest = what.substr(name.size());
  if (rest.starts_with(" = ")) rest = rest.substr(2);
  std::replace(what.begin(), what.begin() + static_cast<std::ptrdiff_t>(name.size()), '_', '-');
  return "--" + what.substr(0, name.size()) + rest;
}

/// What was said, by the names of parameters; wrong ones are told as options.
Experiment experiment_of(const Study& study, const Options& o) {
  std::map<std::string, std::string> said;
  for (const auto& [name, text] : o.study)
    if (!text.empty()) said[name] = text;
  for (const auto& [name, set] : o.flags)
    if (set) said[name] = "true";
  if (o.draws < 1 || o.draws > max_draws)
    throw InputError(fmt::format("--draws {}: must be 1 to {}", o.draws, max_draws));
  try {
    Experiment e = of_options(study, said, static_cast<std::uint64_t>(o.draws));
    say_remarks(e);
    return e;
  } catch (const InputError& error) {
    throw InputError(told_as_option(error.what(), study));
  }
}

Share share_of(const std::string& text) {
  Share share;
  if (text.empty()) return share;
  const std::size_t slash = text.find('/');
  const auto number = [&](std::string_view part, std::uint64_t& to) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), to);
    return error == std::errc() && end == part.data() + part.size();
  };
  const std::string_view all(text);
  if (slash == std::string::npos || !number(all.substr(0, slash), share.index) ||
      !number(all.substr(slash + 1), share.of) || share.index >= share.of)
    throw InputError(fmt::format("--share {}: must be I/N, whole numbers with 0 <= I < N", text));
  return share;
}

std::vector<std::string> comma_list(const std::string& list) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) all.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

/// The draw that --point and --draw name.
Key key_of(const DataSet& data, const Options& o) {
  const Key key{static_cast<std::size_t>(std::max<std::int64_t>(o.point, 0)),
                static_cast<std::uint64_t>(std::max<std::int64_t>(o.draw, 0))};
  if (key.point >= data.about().points.size())
    throw InputError(fmt::format("--point {}: there are {} points, from 0 on", key.point, data.about().points.size()));
  const std::uint64_t draws = std::max(data.about().draws, data.draws(key.point));
  if (key.draw >= draws) throw InputError(fmt::format("--draw {}: there are {} draws, from 0 on", key.draw, draws));
  return key;
}

/// The draws to verify: all that were measured, or `sample` of them, spread evenly.
std::vector<Key> chosen(const DataSet& data, std::int64_t sample) {
  std::vector<Key> all;
  for (std::size_t point = 0; point < data.about().points.size(); ++point)
    for (std::uint64_t draw = 0; draw < data.draws(point); ++draw)
      if (data.state({point, draw}) == State::measured) all.push_back({point, draw});
  const auto wanted = static_cast<std::size_t>(sample);
  if (sample <= 0 || wanted >= all.size()) return all;
  std::vector<Key> some;
  for (std::size_t i = 0; i < wanted; ++i) some.push_back(all[i * all.size() / wanted]);
  return some;
}

/// Before 0.3 witnesses kept what the estimators made of them, not the definition's value.
bool is_older(const Provenance& program) {
  int major = 0, minor = 0;
  const bool known = std::sscanf(program.version.c_str(), "%d.%d", &major, &minor) == 2;  // NOLINT(cert-err34-c)
  return !known || std::pair(major, minor) < std::pair(0, 3);
}

int verify_file(const std::string& file, const Options& o) {
  const DataSet data = read_with_remarks(file);
  const Study& study = study_of(data.about());
  const std::vector<Key> keys = chosen(data, o.sample);
  std::vector<Complaints> complaints(keys.size());
  for_each_draw(keys.size(), threads_of(o), [&](std::size_t i) {
    const Setting at = setting_at(study, data, keys[i].point);
    try {
      complaints[i] = study.verify(at, draw_stream(at, keys[i].draw), data.row(keys[i]),
                                   {o.again, is_older(data.about().runs.at(data.run(keys[i])))});
    } catch (const InputError& error) {
      complaints[i] = {fmt::format("cannot be verified: {}", error.what())};
    } catch (const WrongRow& error) {
      complaints[i] = {error.what()};
    }
  });
  std::size_t failed = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    failed += complaints[i].size();
    for (const std::string& what : complaints[i])
      fmt::print("point {}, draw {}: {}\n", keys[i].point, keys[i].draw, what);
  }
  if (failed > 0) {
    say(fmt::format("theoremeter: {}: {} checks failed\n", file, failed));
    return 1;
  }
  fmt::print("{}: {} draws verified{}: {}\n", file, keys.size(),
             keys.size() < data.size() ? fmt::format(" of {}", data.size()) : "", study.verified);
  return 0;
}

/// Of the statistics that are estimates; there must be one.
void ask_for_intervals(std::vector<Summary>& summaries, TableOptions& how, double confidence) {
  if (!(confidence > 0 && confidence < 1))
    throw InputError(fmt::format("--interval {}: must be between 0 and 1, as 0.95", confidence));
  how.confidence = confidence;
  bool estimates = false;
  for (Summary& s : summaries) {
    s.interval = true;
    estimates = estimates || (s.how != Statistic::range && s.how != Statistic::count);
  }
  if (!estimates)
    throw InputError("--interval: of a range or a count there is none; --statistic median, mean, quantile=Q or share");
}

Crew crew_of(const Options& o) {
  const bool said = o.threads_said || std::getenv("OMP_NUM_THREADS") != nullptr;
  return {said ? threads_of(o) : 0, threads_of(o)};
}

void check_keeping(const Options& o) {
  if (o.resume && o.output.empty()) throw InputError("--resume: needs --output, the file to resume");
  if (o.resume && o.overwrite) throw InputError("--resume: keeps what --overwrite replaces; one of the two");
}

/// With a `post`, as rank 0 of a job.
int run_alone_or_lead(const Options& o, Post* post) {
  const int threads = threads_of(o);
  const Share share = share_of(o.share);
  check_keeping(o);
  if (share.of > 1 && o.output.empty()) throw InputError("--share: needs --output, the share's own file");
  const Experiment e = experiment_named(o);
  say_remarks(e);
  if (o.dry_run) {
    fmt::print("{}", estimate(e, threads));
    return 0;
  }
  if (post && o.output.empty())
    throw InputError("--output is missing: ranks of a job keep what they measure beside it");
  if (o.output.empty()) say("theoremeter: no --output: only the table will be kept\n");
  const Keep keep{o.output, o.overwrite, o.resume, share, threads};
  const DataSet data = post ? measure_all(e, keep, *post, crew_of(o)) : measure_all(e, keep);
  if (!e.title.empty()) fmt::print("{}\n\n", e.title);
  print_table(*e.study, data, false);
  return 0;
}

}  // namespace

Experiment experiment_named(const Options& o) {
  return read_experiment(found_experiment(o.file), o.full ? Size::full : Size::small);
}

int measure_verb(const Study& named, const Options& o) {
  check_keeping(o);
  can_go_on(o.output);
  const Study& study = as_asked(named, [&](const std::string& name) {
    const auto said = o.study.find(name);
    return said != o.study.end() && !said->second.empty();
  });
  const Experiment e = experiment_of(study, o);
  const DataSet data = measure_all(e, {o.output, o.overwrite, o.resume, {}, threads_of(o)});
  if (o.json) {
    if (data.about().points.size() == 1)
      fmt::print("{}\n", printed(to_json(data, 0)));
    else
      print_json(data);
    return 0;
  }
  print_table(study, data, true);
  print_report(study, data);
  print_probability(study, data);
  return 0;
}

int run_verb(const Options& o) {
  can_go_on(o.output);
  const std::unique_ptr<Post> post = post_of_job();
  if (!post) return run_alone_or_lead(o, nullptr);
  if (post->rank() > 0)
    return follow(
        *post, [&] { return experiment_named(o); }, o.output, crew_of(o));
  try {
    const int status = run_alone_or_lead(o, post.get());
    dismiss(*post, status);
    return status;
  } catch (const InputError&) {
    dismiss(*post, 2);
    throw;
  } catch (...) {
    dismiss(*post, 1);
    throw;
  }
}

int show_verb(const Options& o) {
  const DataSet data = read_with_remarks(o.file);
  const Study& study = study_of(data.about());
  if (o.point < 0 && o.draw < 0) {
    if (o.json)
      print_json(data);
    else
      print_table(study, data, o.each_draw), print_report(study, data);
    return 0;
  }
  const Key key = key_of(data, o);
  if (data.state(key) != State::measured)
    throw InputError(fmt::format("{}: point {}, draw {} is {}", o.file, key.point, key.draw,
                                 data.state(key) == State::open ? "not measured" : "undefined"));
  const Setting at = setting_at(study, data, key.point);
  if (o.json)
    fmt::print("{}\n", printed(to_json(data.row(key), data.about().schema)));
  else
    fmt::print("{}\n{}", at.said(), in_full(data.row(key), data.about().schema) + study.report(at, data.row(key)));
  return 0;
}

int verify_verb(const Options& o) {
  int status = 0;
  for (const std::string& file : o.files) status = std::max(status, verify_file(file, o));
  return status;
}

int table_verb(const Options& o) {
  const DataSet data = read_with_remarks(o.file);
  const Study& study = study_of(data.about());
  const Schema& schema = data.about().schema;
  TableOptions how;
  how.format = static_cast<TableFormat>(position("format", o.format, table_format_names));
  how.each_draw = o.each_draw;
  how.group_by = comma_list(o.group_by);
  how.width = terminal_width();
  std::vector<Summary> summaries = study.summaries;
  if (!o.columns.empty()) {
    summaries.clear();
    for (const std::string& column : comma_list(o.columns)) {
      const auto known = std::find_if(study.summaries.begin(), study.summaries.end(),
                                      [&](const Summary& s) { return s.column == column; });
      summaries.push_back(known == study.summaries.end() ? Summary{column, column} : *known);
      summaries.back().unless.reset();
      summaries.back().with.clear();
    }
  }
  if (!o.statistic.empty())
    for (Summary& s : summaries) {
      Summary asked = summary_of(schema, s.column, o.statistic);
      asked.heading = s.heading;
      asked.percent = s.percent;
      asked.unless = s.unless;
      asked.with = s.with;
      asked.legend = s.legend;
      asked.interval = s.interval;
      s = asked;
    }
  for (const Summary& s : summaries) schema.position(s.column);
  if (o.interval) ask_for_intervals(summaries, how, *o.interval);
  const std::string title = o.statistic.empty() ? title_of(study, data)
                                                : fmt::format("{}: {} over draws", title_of(study, data), o.statistic);
  fmt::print("{}", table(data, title, summaries, how));
  return 0;
}

int digest_verb(const Options& o) {
  for (const std::string& file : o.files) fmt::print("{}  {}\n", digest(read_with_remarks(file)), file);
  return 0;
}

int merge_verb(const Options& o) {
  check_output(o.output, o.overwrite);
  Lock lock(o.output);
  bool written = false;
  const OnInterruption words([&] {
    lock.release();
    return Ending{1, written ? fmt::format("all of it is in {}", o.output) : "nothing was merged"};
  });
  std::vector<std::string> remarks;
  const DataSet all = merged(o.files, declarations, &remarks);
  for (const std::string& remark : remarks) say(fmt::format("theoremeter: {}\n", remark));
  uninterrupted([&] {
    write(all, o.output, o.overwrite);
    for (const std::string& journal : journals_of(o.output)) std::filesystem::remove(journal);  // of what was replaced
    written = true;
  });
  const std::string missing = gaps(all);
  fmt::print("{}", missing);
  return o.complete && !missing.empty() ? 1 : 0;
}

int export_verb(const Options& o) {
  const DataSet data = read_with_remarks(o.file);
  const Study& study = study_of(data.about());
  const Key key = key_of(data, o);
  const Setting at = setting_at(study, data, key.point);
  if (!study.matrices) throw InputError(fmt::format("{}: a {} has no matrices", o.file, study.noun));
  for (const std::string& file : write_matrices(study.matrices(at, draw_stream(at, key.draw)), o.output))
    fmt::print("{}\n", file);
  return 0;
}

namespace {

/// What a larger study has besides.
std::string added_document(const Study& larger) {
  const Schema& smaller = study_named(larger.key, larger.name).schema;
  Schema added;
  for (const Column& c : larger.schema.columns)
    if (std::find(smaller.columns.begin(), smaller.columns.end(), c) == smaller.columns.end())
      added.columns.push_back(c);
  std::vector<AnyParameter> parameters = *larger.parameters;
  std::erase_if(parameters, [&](const AnyParameter& p) { return p.name != larger.added; });
  return format_document(fmt::format("{} {} with {}, besides", larger.verb, larger.name, larger.added),
                         std::make_shared<const std::vector<AnyParameter>>(std::move(parameters)), added);
}

}  // namespace

int format_verb(const Options& o) {
  std::vector<std::string> sections;
  const auto asked = [&](const Study& s) {
    return o.files.empty() || std::any_of(o.files.begin(), o.files.end(),
                                          [&](const std::string& f) { return f == s.name || f == s.verb; });
  };
  for (const Study& s : studies())
    if (asked(s)) sections.push_back(format_document(fmt::format("{} {}", s.verb, s.name), s.parameters, s.schema));
  for (const Study& s : larger_studies())
    if (asked(s)) sections.push_back(added_document(s));
  if (sections.empty()) throw InputError(fmt::format("{}: no study or verb of this name", o.files[0]));
  fmt::print("{}", fmt::join(sections, "\n"));
  return 0;
}

}  // namespace theoremeter
