// Zip archives: members stored or deflated, of any size (zip64), read by the central directory.
#pragma once

#include "results/weights/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter::weights {

class Zip {
 public:
  struct Member {
    std::string name;
    unsigned method = 0, flags = 0;
    std::uint64_t crc = 0, packed = 0, size = 0, offset = 0;
  };

  /// Throws Refusal when the directory is damaged.
  explicit Zip(Bytes bytes);

  /// In the order of the directory, which is that of writing.
  const std::vector<Member>& members() const { return members_; }
  /// The first `most` bytes of a member; all of it, checked against its checksum, when it has no more. Throws Refusal
  /// when it is damaged, encrypted, or compressed in another way.
  std::vector<char> read(const Member& member, std::uint64_t most = UINT64_MAX);

 private:
  Bytes bytes_;
  std::vector<Member> members_;
};

}  // namespace theoremeter::weights
