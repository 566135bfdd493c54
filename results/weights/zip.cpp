#include "results/weights/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace theoremeter::weights {
namespace {

[[noreturn]] void damaged_zip() { throw Refusal("a truncated or damaged zip archive"); }

constexpr std::uint64_t whole_32 = 0xffffffff, whole_16 = 0xffff;  // "see the zip64 record"

struct Directory {
  std::uint64_t count, length, offset;
};

/// The end record is the last thing in the file but for a comment of up to 65535 bytes.
Directory find_directory(Bytes& bytes) {
  constexpr std::uint64_t least = 22;
  if (bytes.size() < least) damaged_zip();
  const std::uint64_t searched = std::min(bytes.size(), least + whole_16), start = bytes.size() - searched;
  const std::vector<char> tail = bytes.at(start, searched);
  for (std::uint64_t at = searched - least + 1; at-- > 0;) {
    if (little_endian(tail, at, 4) != 0x06054b50) continue;
    Directory d{little_endian(tail, at + 10, 2), little_endian(tail, at + 12, 4), little_endian(tail, at + 16, 4)};
    if (d.count != whole_16 && d.length != whole_32 && d.offset != whole_32) return d;
    if (start + at < 20) return d;
    const std::vector<char> locator = bytes.at(start + at - 20, 20);
    if (little_endian(locator, 0, 4) != 0x07064b50) return d;
    const std::vector<char> record = bytes.at(little_endian(locator, 8, 8), 56);
    if (little_endian(record, 0, 4) != 0x06064b50) damaged_zip();
    return {little_endian(record, 32, 8), little_endian(record, 40, 8), little_endian(record, 48, 8)};
  }
  damaged_zip();
}

/// Sizes of 2^32 - 1 stand in the extra field 1, in this order, as 64 bits.
void read_zip64(const std::vector<char>& directory, std::uint64_t at, std::uint64_t length, Zip::Member& m) {
  for (const std::uint64_t end = at + length; at + 4 <= end;) {
    const auto id = little_endian(directory, at, 2), size = little_endian(directory, at + 2, 2);
    std::uint64_t field = at + 4;
    if (id == 1)
      for (std::uint64_t* value : {&m.size, &m.packed, &m.offset})
        if (*value == whole_32) {
          if (field + 8 > at + 4 + size) damaged_zip();
          *value = little_endian(directory, std::exchange(field, field + 8), 8);
        }
    at += 4 + size;
  }
}

std::vector<Zip::Member> read_directory(Bytes& bytes) {
  const Directory d = find_directory(bytes);
  const std::vector<char> directory = bytes.at(d.offset, d.length);
  std::vector<Zip::Member> members;
  std::set<std::string> names;
  for (std::uint64_t i = 0, at = 0; i < d.count; ++i) {
    if (little_endian(directory, at, 4) != 0x02014b50) damaged_zip();
    const auto name = little_endian(directory, at + 28, 2), extra = little_endian(directory, at + 30, 2),
               comment = little_endian(directory, at + 32, 2);
    if (at + 46 + name + extra + comment > directory.size()) damaged_zip();
    Zip::Member m;
    m.flags = static_cast<unsigned>(little_endian(directory, at + 8, 2));
    m.method = static_cast<unsigned>(little_endian(directory, at + 10, 2));
    m.crc = little_endian(directory, at + 16, 4);
    m.packed = little_endian(directory, at + 20, 4);
    m.size = little_endian(directory, at + 24, 4);
    m.offset = little_endian(directory, at + 42, 4);
    m.name.assign(directory.data() + at + 46, name);
    read_zip64(directory, at + 46 + name, extra, m);
    if (!names.insert(m.name).second)
      throw Refusal(fmt::format("two members of the archive are called {}; give them names of their own", m.name));
    members.push_back(std::move(m));
    at += 46 + name + extra + comment;
  }
  return members;
}

/// Deflate, without header, into exactly `wanted` bytes.
std::vector<char> inflate_raw(std::vector<char> packed, std::uint64_t wanted) {
  constexpr std::uint64_t best_ratio = 1032;  // of deflate: a size beyond it is a lie
  if (wanted / best_ratio > packed.size() + 1) damaged_zip();
  std::vector<char> out(wanted);
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  std::uint64_t in_left = packed.size(), out_left = wanted;
  int status = Z_OK;
  while (status == Z_OK && (out_left > 0 || stream.avail_out > 0)) {
    constexpr std::uint64_t step = 1u << 30;  // zlib counts in 32 bits
    if (stream.avail_in == 0) in_left -= stream.avail_in = static_cast<uInt>(std::min(in_left, step));
    if (stream.avail_out == 0) out_left -= stream.avail_out = static_cast<uInt>(std::min(out_left, step));
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const bool complete = out_left == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!complete) damaged_zip();
  return out;
}

std::uint64_t checksum(const std::vector<char>& bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

}  // namespace

Zip::Zip(Bytes bytes) : bytes_(std::move(bytes)), members_(read_directory(bytes_)) {}

std::vector<char> Zip::read(const Member& m, std::uint64_t most) {
  if ((m.flags & 1) != 0) throw Refusal(fmt::format("{} is encrypted; unpack it", m.name));
  if (m.method != 0 && m.method != 8)
    throw Refusal(
        fmt::format("{} is compressed by method {}; stored or deflated is expected, as numpy.savez and "
                    "numpy.savez_compressed write",
                    m.name, m.method));
  const std::vector<char> local = bytes_.at(m.offset, 30);
  if (little_endian(local, 0, 4) != 0x04034b50 || (m.method == 0 && m.packed != m.size)) damaged_zip();
  const std::uint64_t data = m.offset + 30 + little_endian(local, 26, 2) + little_endian(local, 28, 2);
  const std::uint64_t wanted = std::min(most, m.size);
  std::vector<char> out = m.method == 0 ? bytes_.at(data, wanted) : inflate_raw(bytes_.at(data, m.packed), wanted);
  if (wanted == m.size && checksum(out) != m.crc) throw Refusal(fmt::format("{} is damaged: wrong checksum", m.name));
  return out;
}

}  // namespace theoremeter::weights
