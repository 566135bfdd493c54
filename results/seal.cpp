#include "results/seal.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace theoremeter {

namespace {

struct Seal {
  std::array<char, 16> mark{'t', 'h', 'e', 'o', 'r', 'e', 'm', 'e', 't', 'e', 'r', ' ', 's', 'e', 'a', 'l'};
  std::uint64_t size = 0, hash = 0;  // of the bytes before
};

// XXH3 of the first `size` bytes, a piece at a time.
std::uint64_t hash_of(std::istream& in, std::uint64_t size) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::vector<char> piece(1 << 20);
  in.seekg(0);
  for (std::uint64_t left = size; left > 0 && in;) {
    in.read(piece.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(left, piece.size())));
    XXH3_64bits_update(state.get(), piece.data(), static_cast<std::size_t>(in.gcount()));
    left -= static_cast<std::uint64_t>(in.gcount());
  }
  return XXH3_64bits_digest(state.get());
}

// Where HDF5 says that its file ends, in the superblock of version 2; 0 where there is none.
std::uint64_t end_of_hdf5(std::istream& in) {
  std::array<char, 36> block{};
  in.seekg(0);
  if (!in.read(block.data(), block.size()) || std::string(block.data() + 1, 3) != "HDF" || block[8] != 2) {
    in.clear();
    return 0;
  }
  std::uint64_t end = 0;
  std::memcpy(&end, block.data() + 28, sizeof end);
  return end;
}

std::uint64_t size_of(std::istream& in) {
  in.seekg(0, std::ios::end);
  return in ? static_cast<std::uint64_t>(in.tellg()) : 0;
}

}  // namespace

bool seal(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  Seal made;
  made.size = size_of(file);
  made.hash = hash_of(file, made.size);
  file.seekp(0, std::ios::end);
  file.write(reinterpret_cast<const char*>(&made), sizeof made);
  file.close();
  return !file.fail();
}

bool seal_is_broken(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::uint64_t size = size_of(file);
  if (size < sizeof(Seal)) return false;
  const std::uint64_t end = end_of_hdf5(file);
  if (end > 0 && end < size && size < end + sizeof(Seal)) return true;  // a part of it
  Seal stored;
  file.seekg(static_cast<std::streamoff>(size - sizeof stored));
  file.read(reinterpret_cast<char*>(&stored), sizeof stored);
  if (!file || stored.mark != Seal().mark) return false;
  return stored.size != size - sizeof stored || stored.hash != hash_of(file, stored.size);
}

}  // namespace theoremeter
