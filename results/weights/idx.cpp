// Images as the digits' data set is distributed: IDX, big-endian, bytes of rank 3; compressed by gzip or not.
#include "results/weights/idx.hpp"

#include "results/weights/array_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

namespace theoremeter::weights {
namespace {

/// What zlib reads, unpacked where it is packed.
class IdxFile : public ArrayFile {
 public:
  explicit IdxFile(const std::string& path) : file_(gzopen(path.c_str(), "rb"), &gzclose) {
    std::array<unsigned char, 16> head{};
    if (!read_exactly(head.data(), head.size())) throw Refusal("an IDX file that ends within its header");
    const auto size = [&](std::size_t at) {
      return std::uint64_t{head[at]} << 24 | std::uint64_t{head[at + 1]} << 16 | std::uint64_t{head[at + 2]} << 8 |
             head[at + 3];
    };
    const std::uint64_t pixels = size(8) * size(12);
    matrix_size({size(4), pixels});
    Array images;
    images.shape = {size(4), pixels};
    images.numbers = Numbers::real;
    images.done = "bytes over 255, an image a row";
    arrays_.push_back(std::move(images));
  }

  Rows read(std::size_t i) override {
    const auto [count, pixels] = matrix_size(arrays_.at(i).shape);
    Rows all(count, pixels);
    std::vector<unsigned char> image(static_cast<std::size_t>(pixels));
    for (Eigen::Index row = 0; row < count; ++row) {
      if (!read_exactly(image.data(), image.size()))
        throw Refusal(fmt::format("an IDX file of {} images that ends within image {}", count, row + 1));
      for (Eigen::Index j = 0; j < pixels; ++j) all(row, j) = image[static_cast<std::size_t>(j)] / 255.0;
    }
    unsigned char more = 0;
    if (gzread(file_.get(), &more, 1) != 0)
      throw Refusal(fmt::format("an IDX file with more than its {} images", count));
    return all;
  }

 private:
  bool read_exactly(unsigned char* to, std::size_t length) {
    for (std::size_t done = 0; done < length;) {
      const int got =
          file_ ? gzread(file_.get(), to + done, static_cast<unsigned>(std::min<std::size_t>(length - done, 1 << 30)))
                : -1;
      if (got <= 0) return false;
      done += static_cast<std::size_t>(got);
    }
    return true;
  }

  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

bool is_idx(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), &gzclose);
  constexpr std::array<unsigned char, 4> magic{0, 0, 8, 3};
  std::array<unsigned char, 4> head{};
  return file && gzread(file.get(), head.data(), 4) == 4 && head == magic;
}

std::unique_ptr<ArrayFile> open_idx(const std::string& path) { return std::make_unique<IdxFile>(path); }

}  // namespace theoremeter::weights
