#include "results/weights/bytes.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace theoremeter::weights {
namespace {

std::uint64_t size_of(std::istream& in) {
  in.seekg(0, std::ios::end);
  const std::streamoff end = in.tellg();
  if (!in || end < 0) throw Refusal(fmt::format("cannot be read: {}", std::strerror(errno)));
  return static_cast<std::uint64_t>(end);
}

}  // namespace

Bytes::Bytes(const std::string& path) {
  errno = 0;
  in_ = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*in_) throw Refusal(fmt::format("cannot be opened for reading: {}", std::strerror(errno)));
  size_ = size_of(*in_);
}

Bytes::Bytes(std::vector<char> memory)
    : in_(std::make_unique<std::istringstream>(std::string(memory.begin(), memory.end()), std::ios::binary)),
      size_(memory.size()) {}

std::vector<char> Bytes::at(std::uint64_t offset, std::uint64_t length) {
  if (offset > size_ || length > size_ - offset)
    throw Refusal(fmt::format("truncated: {} bytes where at least {} are needed", size_,
                              length > UINT64_MAX - offset ? UINT64_MAX : offset + length));
  std::vector<char> bytes(length);
  in_->clear();
  in_->seekg(static_cast<std::streamoff>(offset));
  in_->read(bytes.data(), static_cast<std::streamsize>(length));
  if (!*in_) throw Refusal(fmt::format("cannot be read: {}", std::strerror(errno)));
  return bytes;
}

std::uint64_t little_endian(const std::vector<char>& bytes, std::uint64_t offset, unsigned width) {
  if (offset > bytes.size() || width > bytes.size() - offset) throw Refusal("truncated within a header");
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  return value;
}

}  // namespace theoremeter::weights
