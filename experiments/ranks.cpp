#include "experiments/ranks.hpp"

#include "experiments/every_second.hpp"
#include "experiments/interruption.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/rank_queue.hpp"
#include "experiments/runner.hpp"
#include "results/atomic.hpp"
#include "results/journal.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <new>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace theoremeter {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto glance = std::chrono::milliseconds(1);      // between two looks into the letter box
constexpr auto patience = std::chrono::milliseconds(700);  // mpirun kills a second after SIGTERM

/// What ranks tell each other.
enum class Word : std::uint64_t {
  here,         // to rank 0: threads asked for, cores; which cores
  request,      // to rank 0: idle threads; of each point measured since the last: point, draws, seconds
  done,         // to rank 0: the same; nothing is left here, all is on the disk
  failed,       // to rank 0: exit code; what happened
  interrupted,  // to rank 0
  stopped,      // to rank 0: the last word
  begin,        // from rank 0: threads, the points' places in the file; what the experiment must be, the date
  work,         // from rank 0: together or not, places
  stop          // from rank 0: exit code
};

/// A letter: a word, numbers, a text.
struct Message {
  Word word;
  std::vector<std::uint64_t> numbers = {};
  std::string text = {};
};

std::string sealed(const Message& m) {
  std::vector<std::uint64_t> head{static_cast<std::uint64_t>(m.word), m.numbers.size()};
  head.insert(head.end(), m.numbers.begin(), m.numbers.end());
  return std::string(reinterpret_cast<const char*>(head.data()), head.size() * sizeof head[0]) + m.text;
}

Message opened(const std::string& letter) {
  std::uint64_t head[2];
  std::memcpy(head, letter.data(), sizeof head);
  Message m{static_cast<Word>(head[0]), std::vector<std::uint64_t>(head[1])};
  std::memcpy(m.numbers.data(), letter.data() + sizeof head, head[1] * sizeof head[0]);
  m.text = letter.substr(sizeof head + head[1] * sizeof head[0]);
  return m;
}

/// The cores this process may use, and on which machine: equal for ranks that share them.
std::string site() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return host() + std::string(reinterpret_cast<const char*>(&set), sizeof set);
}

Message here(Crew crew) {
  return {Word::here, {static_cast<std::uint64_t>(crew.asked), static_cast<std::uint64_t>(crew.cores)}, site()};
}

/// Exit code and message of an exception.
Ending ending_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const InputError& error) {
    return {2, error.what()};
  } catch (const std::bad_alloc&) {
    return {1, "out of memory"};
  } catch (const std::exception& error) {
    return {1, error.what()};
  }
}

/// The draws of one rank, measured by threads of their own, each at once in the rank's journal.
class Measuring {
 public:
  Measuring(const Experiment& e, RankQueue& queue, int threads, const std::vector<std::size_t>& points,
            std::unique_ptr<Journal> journal, bool silent)
      : journal_(std::move(journal)),
        flush_([this] { flush(); }),
        thread_([this, &e, &queue, threads, &points, silent] {
          try {
            run(
                e, queue, threads,
                [&](Key key, State state, std::string_view row) {
                  uninterrupted([&] {
                    if (flush_failed_) throw std::runtime_error(fmt::format("cannot write {}", journal_->path()));
                    journal_->append({points[key.point], key.draw}, state, row);
                  });
                },
                silent);
            journal_->flush();
          } catch (...) {
            failure_ = std::current_exception();
          }
          ended_ = true;
          queue.wake();
        }) {}

  bool ended() const { return ended_; }
  std::exception_ptr failure() const { return ended_ ? failure_ : nullptr; }

  /// When it has ended, or is to be given up: what was finished is on the disk then.
  void flush() try { journal_->flush(); } catch (const std::runtime_error&) {
    flush_failed_ = true;
  }

 private:
  std::unique_ptr<Journal> journal_;
  std::atomic<bool> flush_failed_ = false, ended_ = false;
  std::exception_ptr failure_;
  EverySecond flush_;
  std::jthread thread_;
};

/// Each rank's journal is beside the file: FILE.journal.RANK.
std::unique_ptr<Journal> journal_of(int rank, const std::string& output, const Description& about,
                                    const Provenance& run) {
  return std::make_unique<Journal>(fmt::format("{}.journal.{}", resolved(output), rank), about, run);
}

/// Of the experiment, with the points in the order in which the file has them.
Description in_order_of_file(const Experiment& e, const std::vector<std::size_t>& points) {
  Description about = description(e);
  for (std::size_t p = 0; p < points.size(); ++p) about.points.at(points[p]) = e.points[p];
  return about;
}

/// Tells the other ranks to end with this code. Whether all will: then they wait for the post to be closed.
bool told_to_stop(Post& post, int code) {
  for (int rank = 1; rank < post.size(); ++rank)
    post.send(rank, sealed({Word::stop, {static_cast<std::uint64_t>(code)}}));
  const Clock::time_point until = Clock::now() + (code == 75 ? patience : 10 * patience);
  int stopped = 1;
  while (stopped < post.size() && Clock::now() < until) {
    const std::optional<Letter> letter = post.receive();
    if (!letter) std::this_thread::sleep_for(glance);
    if (letter && opened(letter->text).word == Word::stopped) ++stopped;
  }
  return stopped == post.size();
}

/// Ends them, and the post.
void stop_others(Post& post, int code) {
  if (told_to_stop(post, code)) post.close();  // else a rank is lost: waiting for it would not end
}

/// Whether a signal came: the program then ends as the job does.
class Interrupted {
 public:
  Interrupted()
      : words_([this]() -> std::optional<Ending> {
          came_ = true;
          return {};
        }) {}
  explicit operator bool() const { return came_; }

 private:
  std::atomic<bool> came_ = false;
  OnInterruption words_;
};

/// Rank 0.
class Leader {
 public:
  Leader(Post& post, const Venture& venture)
      : post_(post),
        venture_(venture),
        threads_(threads_of_ranks()),
        scheduler_(venture.open, venture.known, all_threads()),
        queue_(venture.e.points.size(), static_cast<int>(threads_[0]), &scheduler_) {}

  void lead() {
    const Interrupted interrupted;
    const Description about = in_order_of_file(venture_.e, venture_.points);
    const Provenance run = this_program();
    std::unique_ptr<Journal> journal = journal_of(0, venture_.output, about, run);
    begin(about, run);
    Measuring own(venture_.e, queue_, static_cast<int>(threads_[0]), venture_.points, std::move(journal), false);
    while (!own.ended() || done_ + 1 < post_.size()) {
      while (const auto letter = post_.receive()) hear(letter->from, opened(letter->text), own);
      if (const auto idle = queue_.request()) queue_.deliver(scheduler_.next(threads_[0], *idle));
      if (interrupted || interrupted_)
        end(own, {75, fmt::format("finished draws are in {}; to go on: {}", venture_.output, venture_.resume)});
      if (own.failure()) end(own, ending_of(own.failure()));
      if (venture_.lock.lost()) end(own, {1, fmt::format("{}: another run goes on with it", venture_.output)});
      queue_.wait(glance);
    }
    if (own.failure()) end(own, ending_of(own.failure()));
    stop_others(post_, 0);
  }

 private:
  /// By rank; where several ranks may use the same cores, they share them.
  std::vector<std::uint64_t> threads_of_ranks() {
    std::vector<Message> all(static_cast<std::size_t>(post_.size()));
    all[0] = here(venture_.crew);
    for (int heard = 1; heard < post_.size();)
      if (const auto letter = post_.receive()) {
        Message m = opened(letter->text);
        if (m.word == Word::interrupted) interrupted_ = true;
        if (m.word != Word::here) continue;
        all[static_cast<std::size_t>(letter->from)] = std::move(m);
        ++heard;
      } else {
        std::this_thread::sleep_for(glance);
      }
    std::map<std::string, std::uint64_t> sharers;
    for (const Message& m : all) ++sharers[m.text];
    std::vector<std::uint64_t> threads;
    for (const Message& m : all)
      threads.push_back(m.numbers[0] > 0 ? m.numbers[0] : std::max<std::uint64_t>(1, m.numbers[1] / sharers[m.text]));
    return threads;
  }
  std::uint64_t all_threads() const { return std::accumulate(threads_.begin(), threads_.end(), std::uint64_t{0}); }

  void begin(const Description& about, const Provenance& run) {
    Message m{Word::begin, {0}, about.points_identity(about.points.size()) + about.identity() + run.date};
    m.numbers.insert(m.numbers.end(), venture_.points.begin(), venture_.points.end());
    for (int rank = 1; rank < post_.size(); ++rank) {
      m.numbers[0] = threads_[static_cast<std::size_t>(rank)];
      post_.send(rank, sealed(m));
    }
  }

  void hear(int from, const Message& m, Measuring& own) {
    const auto reports = [&](std::size_t at) {
      for (; at + 2 < m.numbers.size(); at += 3)
        scheduler_.finished(m.numbers[at], m.numbers[at + 1], std::bit_cast<double>(m.numbers[at + 2]));
    };
    if (m.word == Word::request) {
      reports(1);
      const Scheduler::Batch batch = scheduler_.next(threads_[static_cast<std::size_t>(from)], m.numbers[0]);
      Message answer{Word::work, {batch.together}};
      answer.numbers.insert(answer.numbers.end(), batch.places.begin(), batch.places.end());
      post_.send(from, sealed(answer));
    } else if (m.word == Word::done) {
      reports(0);
      ++done_;
    } else if (m.word == Word::interrupted) {
      interrupted_ = true;
    } else if (m.word == Word::failed) {
      end(own, {static_cast<int>(m.numbers[0]), fmt::format("rank {}: {}", from, m.text)});
    }
  }

  /// Of the job, draws under way given up. Its line is said while the others still wait: mpirun kills all when one has
  /// ended with an error.
  [[noreturn]] void end(Measuring& own, const Ending& ending) {
    uninterrupted([&] {
      own.flush();
      const bool all_wait = told_to_stop(post_, ending.code);
      if (ending.code != 75) venture_.nothing_measured();
      venture_.lock.release();
      if (ending.code == 75)
        say_interrupted(ending.line);
      else
        say(fmt::format("theoremeter: {}\n", ending.line));
      if (all_wait) post_.close();
      _exit(ending.code);
    });
    std::abort();  // not reached
  }

  Post& post_;
  const Venture& venture_;
  bool interrupted_ = false;
  std::vector<std::uint64_t> threads_;  // by rank
  Scheduler scheduler_;
  RankQueue queue_;
  int done_ = 0;  // other ranks
};

/// Another rank.
class Follower {
 public:
  Follower(Post& post, const std::function<Experiment()>& read, const std::string& output)
      : post_(post), read_(read), output_(output) {}

  int follow(Crew crew) {
    tell(here(crew));
    for (;;) {
      const std::optional<Message> order = heard();
      if (!order)
        std::this_thread::sleep_for(glance);
      else if (order->word == Word::stop)
        return stop(*order);
      else if (order->word == Word::begin)
        try {
          return measure(*order);
        } catch (const std::exception&) {
          tell_failure(std::current_exception());
        }
      check_interruption([] {});
    }
  }

 private:
  int measure(const Message& order) {
    const Experiment e = read_();
    const std::vector<std::size_t> points(order.numbers.begin() + 1, order.numbers.end());
    const Description about = points.size() == e.points.size() ? in_order_of_file(e, points) : description(e);
    const std::string identity = about.points_identity(about.points.size()) + about.identity();
    if (!order.text.starts_with(identity)) throw InputError("the experiment that is read here is another one");
    Provenance run = this_program();
    run.date = order.text.substr(identity.size());
    const auto threads = static_cast<int>(order.numbers[0]);
    RankQueue queue(points.size(), threads);
    Measuring own(e, queue, threads, points, journal_of(post_.rank(), output_, about, run), true);
    for (bool told = false;;) {
      while (const std::optional<Message> m = heard()) {
        if (m->word == Word::work) queue.deliver({{m->numbers.begin() + 1, m->numbers.end()}, m->numbers[0] != 0});
        if (m->word != Word::stop) continue;
        if (!own.ended()) give_up(*m, own);
        return stop(*m);
      }
      if (const auto idle = queue.request()) tell_reports(Word::request, {*idle}, queue);
      if (own.ended() && !std::exchange(told, true)) {
        if (own.failure())
          tell_failure(own.failure());
        else
          tell_reports(Word::done, {}, queue);
      }
      check_interruption([&] { own.flush(); });
      queue.wait(queue.waiting() ? glance : 10 * glance);
    }
  }

  std::optional<Message> heard() {
    const std::optional<Letter> letter = post_.receive();
    return letter ? std::optional(opened(letter->text)) : std::nullopt;
  }
  void tell(const Message& m) { post_.send(0, sealed(m)); }
  void tell_failure(const std::exception_ptr& failure) {
    const Ending ending = ending_of(failure);
    tell({Word::failed, {static_cast<std::uint64_t>(ending.code)}, ending.line});
  }
  void tell_reports(Word word, std::vector<std::uint64_t> numbers, RankQueue& queue) {
    for (const auto& [point, a] : queue.reports())
      numbers.insert(numbers.end(), {point, a.finished, std::bit_cast<std::uint64_t>(a.seconds)});
    tell({word, std::move(numbers)});
  }

  int stop(const Message& order) {
    tell({Word::stopped});
    post_.close();
    return static_cast<int>(order.numbers[0]);
  }
  [[noreturn]] void give_up(const Message& order, Measuring& own) {
    uninterrupted([&] {
      own.flush();
      _exit(stop(order));
    });
    std::abort();  // not reached
  }

  /// Tells rank 0, which ends the job; and ends alone if rank 0 does not answer.
  void check_interruption(const std::function<void()>& flush) {
    if (!interrupted_) return;
    if (!answer_by_) {
      tell({Word::interrupted});
      answer_by_ = Clock::now() + patience;
    }
    if (Clock::now() < *answer_by_) return;
    uninterrupted([&] {
      flush();
      _exit(75);
    });
  }

  Post& post_;
  const std::function<Experiment()>& read_;
  const std::string& output_;
  Interrupted interrupted_;
  std::optional<Clock::time_point> answer_by_;
};

/// The job is at its end: mpirun may send signals to those that have not ended yet, which say what they have to say.
void stay() {
  on_interruption([]() -> std::optional<Ending> { return {}; });
}

}  // namespace

void lead(Post& post, const Venture& venture) { Leader(post, venture).lead(); }

void dismiss(Post& post, int code) {
  if (post.closed()) return;
  stay();
  stop_others(post, code);
}

int follow(Post& post, const std::function<Experiment()>& read, const std::string& output, Crew crew) {
  stay();  // behind the follower's own
  return Follower(post, read, output).follow(crew);
}

}  // namespace theoremeter
