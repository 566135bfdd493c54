// The bytes of a file, or of a member of an archive, at any offset.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace theoremeter::weights {

/// Why a file is not read, and what would be: one line, without the file's name.
class Refusal : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Bytes {
 public:
  /// Throws Refusal when the file cannot be opened or read.
  explicit Bytes(const std::string& path);
  explicit Bytes(std::vector<char> memory);

  std::uint64_t size() const { return size_; }
  /// Throws Refusal, before any memory is asked for, when there are not so many.
  std::vector<char> at(std::uint64_t offset, std::uint64_t length);
  /// The first `most`, or as many as there are.
  std::vector<char> head(std::uint64_t most) { return at(0, most < size_ ? most : size_); }

 private:
  std::unique_ptr<std::istream> in_;
  std::uint64_t size_ = 0;
};

/// An unsigned integer of `width` bytes, little-endian, within the bytes. Throws Refusal beyond their end.
std::uint64_t little_endian(const std::vector<char>& bytes, std::uint64_t offset, unsigned width);

}  // namespace theoremeter::weights
