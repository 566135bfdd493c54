// One run by the ranks of a job: rank 0 hands out draws and measures too, each rank keeps its own journal.
#pragma once

#include "experiments/experiment.hpp"
#include "experiments/lock.hpp"
#include "experiments/post.hpp"
#include "experiments/queue.hpp"

#include <functional>
#include <string>
#include <vector>

namespace theoremeter {

/// Threads of this rank: `asked` for, or, 0, the cores it may use, shared with the ranks that may use the same.
struct Crew {
  int asked = 0, cores = 1;
};

/// What rank 0 leads.
struct Venture {
  const Experiment& e;
  const std::string& output;               // there, and without journals
  const std::vector<std::size_t>& points;  // of the experiment's points, those of the file
  std::vector<bool> open;                  // by place
  std::vector<Advance> known;              // what draws of each point took before
  Crew crew;
  Lock& lock;
  std::string resume;                      // what goes on after an interruption
  std::function<void()> nothing_measured;  // called when the job fails: removes what it leaves, if that is nothing
};

/// By rank 0. Returns when all that was open is measured, and is in the journals beside the output; the other ranks
/// have ended then. Ends the program, and the job, when any rank is interrupted (75) or fails (its code, 1 or 2; its
/// message).
void lead(Post& post, const Venture& venture);

/// By rank 0, where it did not `lead`: the other ranks end with this code, and this one is about to.
void dismiss(Post& post, int code);

/// By the other ranks: does what rank 0 says to its end. Returns the exit code.
int follow(Post& post, const std::function<Experiment()>& read, const std::string& output, Crew crew);

}  // namespace theoremeter
