#include "experiments/keep.hpp"

#include "experiments/interruption.hpp"
#include "experiments/lock.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/runner.hpp"
#include "experiments/shell_word.hpp"
#include "results/atomic.hpp"
#include "results/data_file.hpp"
#include "results/journal.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

/// Of the settings at hand the one most like this: "starts = 512 where the experiment has starts = 256".
std::string nearest_difference(const Setting& stored, const std::vector<Setting>& points) {
  std::string nearest;
  std::size_t fewest = stored.parameters()->size() + 1;
  for (const Setting& p : points) {
    std::string difference;
    std::size_t count = 0;
    for (const AnyParameter& a : *stored.parameters()) {
      const std::string was = to_text(stored.at(a.name)), is = to_text(p.at(a.name));
      if (was == is) continue;
      if (count++ == 0) difference = fmt::format("{} = {} where the experiment has {} = {}", a.name, was, a.name, is);
    }
    if (count < fewest) {
      fewest = count;
      nearest = difference;
    }
  }
  return nearest;
}

[[noreturn]] void contradiction(const std::string& output, const std::string& what) {
  throw InputError(fmt::format("{}: {}; --resume only adds to it", output, what));
}

/// The data set of the file, grown to the experiment's points and draws. Throws InputError, naming the difference.
DataSet grown(DataSet stored, const Description& now, const std::string& output) {
  Description& was = stored.about();
  if (was.key != now.key || was.study != now.study)
    contradiction(output, fmt::format("holds {} = \"{}\", the experiment is {} = \"{}\"", was.key, was.study, now.key,
                                      now.study));
  if (was.identity() != now.identity())
    contradiction(output, was.schema == now.schema ? "was measured with other matrices, or by another version"
                                                   : "its columns are those of another version");
  const DataSet wanted(now);
  for (std::size_t p = 0; p < was.points.size(); ++p) {
    const Setting& at = was.points[p];
    if (!wanted.find_point(at)) {
      const bool known =
          std::any_of(now.points.begin(), now.points.end(), [&](const Setting& p) { return p.sizes() == at.sizes(); });
      contradiction(output,
                    known ? fmt::format("was measured at {}, with {}", at.sizes(), nearest_difference(at, now.points))
                          : fmt::format("holds a point {}, which the experiment has not", at.sizes()));
    }
    if (stored.draws(p) > now.draws)
      contradiction(output, fmt::format("holds {} draws at {}, the experiment asks for {}", stored.draws(p), at.sizes(),
                                        now.draws));
  }
  was.title = now.title;
  was.statements = now.statements;
  was.measured = now.measured;
  was.experiment = now.experiment;
  was.draws = now.draws;
  for (const Setting& at : now.points) stored.point_of(at);
  return stored;
}

/// Whether a file that says `was` may stay as it is.
bool same_plan(const Description& was, const Description& now) {
  return was.title == now.title && was.experiment == now.experiment && was.draws == now.draws &&
         was.statements == now.statements && was.measured == now.measured && was.points.size() == now.points.size();
}

/// The command line of this process, with --resume in place of --overwrite.
std::string resuming_command() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string command;
  bool resumes = false;
  for (std::string word; std::getline(in, word, '\0');) {
    if (word == "--overwrite") continue;
    resumes = resumes || word == "--resume";
    command += (command.empty() ? "" : " ") + shell_word(word);
  }
  return resumes ? command : command + " --resume";
}

/// Of a process that is not at work on a draw.
Ending idle_words(const std::string& output) {
  const char* kept = fs::exists(output) ? "finished draws are in " : "nothing was measured yet for ";
  return {75, fmt::format("{}{}; to go on: {}", kept, output, resuming_command())};
}

/// The experiment's study, for older files of it.
Declarations declaration_of(const Experiment& e) {
  return [study = e.study] {
    return std::vector<Declared>{{study->key, study->name, study->parameters, study->schema, study->complete}};
  };
}

/// What there is already: the file, and the journals beside it.
DataSet begun(const Experiment& e, const std::string& output) {
  std::vector<std::string> remarks;
  DataSet data = read(output, declaration_of(e), &remarks);
  for (const std::string& remark : remarks) say(fmt::format("theoremeter: {}\n", remark));
  return data;
}

/// What is measured, on its way to the disk.
class Keeper {
 public:
  Keeper(const Experiment& e, const Keep& keep, DataSet data)
      : output_(keep.output), threads_(keep.threads), share_(keep.share), data_(std::move(data)) {
    for (const Setting& at : e.points) points_.push_back(data_.point_of(at));
    const std::vector<bool> open = open_places(e, data_, share_);
    wanted_ = std::find(open.begin(), open.end(), true) != open.end();
  }

  bool wanted() const { return wanted_; }  // there are draws to be measured

  /// Writes F.h5 whole, and removes the journals, which it holds.
  void consolidate(bool overwrite) {
    write(data_, output_, overwrite);
    journal_.reset();
    for (const std::string& path : journals_of(output_)) fs::remove(path);
  }

  void measure(const Experiment& e, Lock& lock) {
    run_ = data_.about().runs.size();
    data_.about().runs.push_back(this_program());
    const OnInterruption last([&] { return last_words(lock); });
    uninterrupted([&] { begin_journal(); });
    const EverySecond flush([&] { this->flush(); });
    const std::unique_ptr<Queue> queue = queue_of(e, data_, threads_, share_);
    run(e, *queue, threads_, [&](Key key, State state, std::string_view row) {
      uninterrupted([&] {
        if (lock.lost()) throw std::runtime_error(fmt::format("{}: another run goes on with it", output_));
        if (flush_error_) std::rethrow_exception(flush_error_);
        key.point = points_[key.point];
        journal_->append(key, state, row);
        data_.add(key, state, row, run_);
        if (journal_->bytes() > most_) {
          if (!lock.owned()) throw std::runtime_error(fmt::format("{}: another run goes on with it", output_));
          consolidate(true);
          begin_journal();
        }
      });
    });
    uninterrupted([&] {
      if (!lock.owned()) throw std::runtime_error(fmt::format("{}: another run goes on with it", output_));
      consolidate(true);
    });
  }

  /// By all ranks of a job. What is there already is on the disk: no rank keeps rows in its memory.
  void measure(const Experiment& e, Lock& lock, Post& post, Crew crew, bool was_there) {
    std::vector<bool> open = open_places(e, data_, share_);
    std::vector<Advance> known;
    for (const std::size_t point : points_) known.push_back(taken_at(point));
    data_ = DataSet(std::move(data_.about()));
    const std::string resume = post.starter() + " " + resuming_command();
    lead(post, {e, output_, points_, std::move(open), std::move(known), crew, lock, resume, [&] {
                  if (!was_there && lock.owned()) leave_no_trace_of_ranks();
                }});
    const OnInterruption last([&] {
      lock.release();
      return Ending{75, fmt::format("all draws are in {}; to go on: {}", output_, resuming_command())};
    });
    data_ = begun(e, output_);
    uninterrupted([&] {
      if (!lock.owned()) throw std::runtime_error(fmt::format("{}: another run goes on with it", output_));
      consolidate(true);
    });
  }

  DataSet take() { return std::move(data_); }

  /// Of a job that failed before its first draw: what the ranks have measured is not here, but on the disk.
  void leave_no_trace_of_ranks() {
    try {
      data_ = read(output_, [] { return std::vector<Declared>(); });
    } catch (const std::exception&) {  // then there is something
      return;
    }
    leave_no_trace();
  }

  /// Of a run that failed before its first draw, as nothing was there before.
  void leave_no_trace() {
    if (data_.size() > 0) return;
    journal_.reset();
    std::error_code ignored;
    for (const std::string& path : journals_of(output_)) fs::remove(path, ignored);
    fs::remove(resolved(output_), ignored);
  }

 private:
  static constexpr std::uint64_t little = 64 << 20;

  /// The journal may become as long as the file: writing the file anew then costs no more than was written already.
  void begin_journal() {
    journal_ = std::make_shared<Journal>(resolved(output_) + ".journal", data_.about(), data_.about().runs[run_]);
    most_ = std::max<std::uint64_t>(little, fs::file_size(output_));
  }

  /// What draws of a point took, as some of them say.
  Advance taken_at(std::size_t point) const {
    constexpr std::uint64_t enough = 16;
    Advance a;
    const Schema& schema = data_.about().schema;
    for (Key key{point, 0}; key.draw < data_.draws(point) && a.finished < enough; ++key.draw) {
      if (data_.state(key) != State::measured) continue;
      ++a.finished;
      for (std::size_t i = 0; i < schema.columns.size(); ++i) {
        if (schema.columns[i].says != Says::seconds || schema.columns[i].type != Type::real) continue;
        const Cell cell = decode_cell(data_.bytes(key), schema, i);
        a.seconds += std::accumulate(cell.reals().begin(), cell.reals().end(), 0.0);
      }
    }
    return a;
  }

  /// Beside the run: an append waits for nothing.
  void flush() {
    std::shared_ptr<Journal> journal;
    uninterrupted([&] { journal = journal_; });
    try {
      if (journal) journal->flush();
    } catch (const std::runtime_error&) {
      uninterrupted([&] { flush_error_ = std::current_exception(); });
    }
  }

  Ending last_words(Lock& lock) {
    std::string lost;
    try {
      if (!lock.owned()) return {1, fmt::format("{}: another run goes on with it", output_)};
      if (journal_) journal_->flush();
      if (journal_ && journal_->bytes() + fs::file_size(output_) < little) consolidate(true);
    } catch (const std::exception& error) {  // what was appended is in the journal, unless the disk fails
      lost = fmt::format(" ({})", error.what());
    }
    lock.release();
    return {75, fmt::format("finished draws are in {}{}; to go on: {}", output_, lost, resuming_command())};
  }

  std::string output_;
  int threads_;
  Share share_;
  DataSet data_;
  std::vector<std::size_t> points_;  // of the experiment's points, those of the data set
  bool wanted_ = false;
  std::size_t run_ = 0;
  std::uint64_t most_ = 0;
  std::shared_ptr<Journal> journal_;
  std::exception_ptr flush_error_;
};

DataSet measured_in_memory(const Experiment& e, const Keep& keep) {
  DataSet data(description(e));
  data.about().runs.push_back(this_program());
  const auto queue = queue_of(e, data, keep.threads, keep.share);
  run(e, *queue, keep.threads, [&](Key key, State state, std::string_view row) { data.add(key, state, row, 0); });
  return data;
}

/// By this process, or, with a `post`, by all ranks of its job.
DataSet measured_on_disk(const Experiment& e, const Keep& keep, Post* post, Crew crew) {
  check_output(keep.output, keep.overwrite || keep.resume);
  Lock lock(keep.output);
  const OnInterruption outside([&] {  // before the first draw, and after the last
    lock.release();
    return idle_words(keep.output);
  });
  const bool exists = fs::exists(keep.output), there = keep.resume && exists;
  const std::vector<std::string> journals = journals_of(keep.output);
  if (!exists && !journals.empty() && !keep.overwrite)
    throw InputError(
        fmt::format("output {}: {} is there without it; --overwrite removes it", keep.output, journals[0]));

  const Description now = description(e);
  DataSet data = there ? begun(e, keep.output) : DataSet(now);
  const bool changed =
      !journals.empty() || !there || !same_plan(data.about(), now) ||
      tally(keep.output, declaration_of(e)).about.schema != now.schema;  // a journal has the columns of its file
  if (there) data = grown(std::move(data), now, keep.output);
  Keeper keeper(e, keep, std::move(data));
  uninterrupted([&] {
    if (!there)  // of what is overwritten
      for (const std::string& journal : journals) fs::remove(journal);
    if (changed) keeper.consolidate(exists);
  });
  if (there && !keeper.wanted())
    say(fmt::format("theoremeter: {}{} is complete: nothing was left to measure\n", keep.output,
                    keep.share.of > 1 ? fmt::format(": share {}/{}", keep.share.index, keep.share.of) : ""));
  else
    try {
      if (post)
        keeper.measure(e, lock, *post, crew, exists);
      else
        keeper.measure(e, lock);
    } catch (...) {
      if (!exists && lock.owned()) post ? keeper.leave_no_trace_of_ranks() : keeper.leave_no_trace();
      throw;
    }
  return keeper.take();
}

}  // namespace

void can_go_on(const std::string& output) {
  if (!output.empty()) on_interruption([output] { return idle_words(output); });
}

DataSet measure_all(const Experiment& e, const Keep& keep) {
  return keep.output.empty() ? measured_in_memory(e, keep) : measured_on_disk(e, keep, nullptr, {});
}

DataSet measure_all(const Experiment& e, const Keep& keep, Post& post, Crew crew) {
  return measured_on_disk(e, keep, &post, crew);
}

}  // namespace theoremeter
