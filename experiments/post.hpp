// Letters between the processes of one job, its ranks.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace theoremeter {

struct Letter {
  int from;
  std::string text;
};

/// To be used by one thread.
class Post {
 public:
  virtual ~Post() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Returns at once; letters from one rank to another arrive in order.
  virtual void send(int to, std::string text) = 0;
  /// A letter that has arrived, if any, at once. Also moves on what is under way: to be called often.
  virtual std::optional<Letter> receive() = 0;
  /// What starts so many ranks again: "mpirun -n 4".
  virtual std::string starter() const = 0;
  /// By all ranks, each for the last time, when nothing is under way: waits for all of them.
  virtual void close() = 0;
  virtual bool closed() const = 0;
};

/// Of the MPI job that this process is a rank of; null: it is alone. Throws InputError in a rank of a job where this
/// program was built without MPI.
std::unique_ptr<Post> post_of_job();

}  // namespace theoremeter
