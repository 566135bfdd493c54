// The one file that knows MPI: two-sided messages of bytes, by the main thread alone.
#include "experiments/post.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <list>

#ifdef THEOREMETER_MPI
#include <mpi.h>
#endif

namespace theoremeter {
namespace {

/// Whether this process was started as one of several by mpirun (Open MPI, MPICH) or srun.
bool is_rank() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* size = std::getenv(name)) return std::atoi(size) > 1;
  const char* size = std::getenv("SLURM_STEP_NUM_TASKS");
  return std::getenv("PMIX_RANK") != nullptr && (size == nullptr || std::atoi(size) > 1);
}

#ifdef THEOREMETER_MPI
class MpiPost : public Post {
 public:
  MpiPost() : by_mpirun_(std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr) {  // MPI_Init sets it too
    int given = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  std::string starter() const override {
    return fmt::format("{} -n {}", by_mpirun_ ? "mpirun" : "srun --mpi=pmix", size_);
  }

  void send(int to, std::string text) override {
    Sent& sent = sent_.emplace_back(Sent{std::move(text), {}});  // stays where it is until it has left
    MPI_Isend(sent.text.data(), static_cast<int>(sent.text.size()), MPI_BYTE, to, 0, MPI_COMM_WORLD, &sent.request);
  }

  std::optional<Letter> receive() override {
    sent_.remove_if([](Sent& sent) {
      int left = 0;
      MPI_Test(&sent.request, &left, MPI_STATUS_IGNORE);
      return left != 0;
    });
    int there = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &there, &status);
    if (there == 0) return {};
    int length = 0;
    MPI_Get_count(&status, MPI_BYTE, &length);
    Letter letter{status.MPI_SOURCE, std::string(static_cast<std::size_t>(length), '\0')};
    MPI_Recv(letter.text.data(), length, MPI_BYTE, letter.from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return letter;
  }

  void close() override {
    for (Sent& sent : sent_) MPI_Wait(&sent.request, MPI_STATUS_IGNORE);
    sent_.clear();
    MPI_Finalize();
    closed_ = true;
  }

  bool closed() const override { return closed_; }

 private:
  struct Sent {
    std::string text;
    MPI_Request request;
  };
  bool by_mpirun_, closed_ = false;
  int rank_ = 0, size_ = 1;
  std::list<Sent> sent_;
};
#endif

}  // namespace

std::unique_ptr<Post> post_of_job() {
  if (!is_rank()) return nullptr;
#ifdef THEOREMETER_MPI
  auto post = std::make_unique<MpiPost>();
  if (post->size() > 1) return post;
  post->close();
  return nullptr;
#else
  throw InputError("started as one of several processes, but built without MPI: install libopenmpi-dev, build anew");
#endif
}

}  // namespace theoremeter
