#include "results/journal.hpp"

#include "results/atomic.hpp"
#include "theory/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

// A block is a marker, the length of what it holds, a hash of both, and what it holds. The marker is where reading goes
// on behind damage.
constexpr std::string_view header_marker = "theoremeter journal\n", record_marker = "draw";
constexpr std::uint32_t journal_format = 1;
constexpr std::size_t key_bytes = 4 + 8 + 1;  // point, draw, state

template <class T>
void put(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T take(std::string_view& from) {
  T value;
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return value;
}

std::uint64_t hash(std::uint32_t length, std::string_view content) {
  return XXH3_64bits_withSeed(content.data(), content.size(), length);
}

/// Turns `block`, which begins with room for it, into a block.
constexpr std::size_t frame_bytes(std::string_view marker) { return marker.size() + 4 + 8; }
void frame(std::string& block, std::string_view marker) {
  const std::string_view content = std::string_view(block).substr(frame_bytes(marker));
  if (content.size() > UINT32_MAX) throw std::logic_error("Journal: a row over 4 GB");
  const auto length = static_cast<std::uint32_t>(content.size());
  const std::uint64_t check = hash(length, content);
  char* at = block.data();
  std::memcpy(at, marker.data(), marker.size());
  std::memcpy(at += marker.size(), &length, sizeof length);
  std::memcpy(at + sizeof length, &check, sizeof check);
}

/// The content of the block at the beginning of these bytes; none: there is no sound one.
std::optional<std::string_view> block_at(std::string_view bytes, std::string_view marker) {
  if (bytes.size() < frame_bytes(marker) || !bytes.starts_with(marker)) return {};
  bytes.remove_prefix(marker.size());
  const auto length = take<std::uint32_t>(bytes);
  const auto check = take<std::uint64_t>(bytes);
  if (length > bytes.size() || hash(length, bytes.substr(0, length)) != check) return {};
  return bytes.substr(0, length);
}

struct Header {
  std::string identity, points_identity;
  std::uint64_t points = 0, draws = 0;
  Provenance run;
};

std::string header_block(const Description& about, const Provenance& run) {
  std::string block(frame_bytes(header_marker), '\0');
  put(block, journal_format);
  block += nlohmann::json{{"identity", about.identity()},
                          {"points", about.points.size()},
                          {"points_identity", about.points_identity(about.points.size())},
                          {"draws", about.draws},
                          {"run",
                           {{"version", run.version},
                            {"commit", run.commit},
                            {"compiler", run.compiler},
                            {"flags", run.flags},
                            {"libraries", run.libraries},
                            {"host_cpu", run.host_cpu},
                            {"date", run.date}}}}
               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  frame(block, header_marker);
  return block;
}

Header header_of(std::string_view content, const std::string& path) {
  const auto format = content.size() < 4 ? 0 : take<std::uint32_t>(content);
  if (format > journal_format)
    throw InputError(fmt::format("{}: a journal of format {}, of a later version of this program", path, format));
  try {
    const auto json = nlohmann::json::parse(content);
    const auto& run = json.at("run");
    return {json.at("identity"),
            json.at("points_identity"),
            json.at("points"),
            json.at("draws"),
            {run.at("version"), run.at("commit"), run.at("compiler"), run.at("flags"), run.at("libraries"),
             run.at("host_cpu"), run.at("date")}};
  } catch (const nlohmann::json::exception&) {
    throw InputError(fmt::format("{}: not a journal of this program", path));
  }
}

std::string content_of(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string bytes;
  ssize_t got = descriptor < 0 ? -1 : 1;
  while (got > 0) {
    const std::size_t before = bytes.size();
    bytes.resize(std::max<std::size_t>(2 * before, 1 << 16));
    got = ::read(descriptor, bytes.data() + before, bytes.size() - before);
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) got = 1;
  }
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (got < 0) throw InputError(fmt::format("{}: cannot be read: {}", path, std::strerror(error)));
  return bytes;
}

/// Where the next sound block begins: there, behind a damaged one; npos: nowhere.
std::size_t next_block(std::string_view bytes, std::size_t from, std::string_view marker) {
  std::size_t at = bytes.find(marker, from);
  while (at != std::string_view::npos && !block_at(bytes.substr(at), marker)) at = bytes.find(marker, at + 1);
  return at;
}

void check(const Header& header, const Description& about, const std::string& path) {
  if (header.identity != about.identity())
    throw InputError(fmt::format("{}: a journal of other data: of another study, or of other matrices", path));
  if (header.points > about.points.size() || header.points_identity != about.points_identity(header.points))
    throw InputError(fmt::format("{}: a journal of other data: the points of its sweep are others", path));
}

[[noreturn]] void cannot(const std::string& what, const std::string& path, int error) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

}  // namespace

Journal::Journal(std::string path, const Description& about, const Provenance& run) : path_(std::move(path)) {
  descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) cannot("make", path_, errno);
  try {
    const std::string header = header_block(about, run);
    write_whole(header + header);  // twice: damage to one loses nothing
    flush();
    flush_directory(resolved(path_));
  } catch (...) {
    close(descriptor_);
    unlink(path_.c_str());
    throw;
  }
}

Journal::~Journal() { close(descriptor_); }

void Journal::append(Key key, State state, std::string_view row) {
  block_.assign(frame_bytes(record_marker), '\0');
  put(block_, static_cast<std::uint32_t>(key.point));
  put(block_, key.draw);
  put(block_, state);
  block_ += row;
  frame(block_, record_marker);
  write_whole(block_);
}

void Journal::write_whole(std::string_view block) {
  for (std::size_t done = 0; done < block.size();) {
    const ssize_t written = ::write(descriptor_, block.data() + done, block.size() - done);
    if (written >= 0) done += static_cast<std::size_t>(written);
    if (written >= 0 || errno == EINTR) continue;
    const int error = errno;
    // What remains if this fails too is a torn record, which is noticed.
    [[maybe_unused]] const int status = ftruncate(descriptor_, static_cast<off_t>(bytes_));
    cannot("write", path_, error);
  }
  bytes_ += block.size();
}

void Journal::flush() {
  if (fdatasync(descriptor_) != 0 && errno != EINVAL && errno != EINTR) cannot("write", path_, errno);
}

std::vector<std::string> journals_of(const std::string& file) {
  const fs::path base = resolved(file) + ".journal";
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at(base.parent_path(), error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename(), prefix = base.filename();
    if (!name.starts_with(prefix)) continue;
    const std::string_view rest = std::string_view(name).substr(prefix.size());
    const bool number = rest.size() > 1 && rest[0] == '.' &&
                        std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (rest.empty() || number) found.push_back(at->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<Provenance> walk(const std::string& journal, const Description& about, const OnRecord& record,
                               std::string& remark) {
  const std::string content = content_of(journal);
  const std::string_view bytes = content;
  const std::size_t header_begin = next_block(bytes, 0, header_marker);
  if (header_begin == std::string_view::npos) {
    const std::size_t known = std::min(bytes.size(), header_marker.size());
    if (bytes.substr(0, known) != header_marker.substr(0, known))
      throw InputError(fmt::format("{}: not a journal of this program, or its beginning is damaged", journal));
    if (next_block(bytes, 0, record_marker) != std::string_view::npos)
      throw InputError(fmt::format("{}: its beginning is damaged: of which data it is cannot be known", journal));
    remark = fmt::format("{}: nothing in it: its beginning is torn", journal);
    return {};
  }
  const std::string_view header_content = *block_at(bytes.substr(header_begin), header_marker);
  const Header header = header_of(header_content, journal);
  check(header, about, journal);

  std::size_t at = header_begin + frame_bytes(header_marker) + header_content.size();
  std::size_t lost = header_begin, gaps = lost > 0 ? 1 : 0;  // bytes left out, in so many places
  if (block_at(bytes.substr(at), header_marker)) at += frame_bytes(header_marker) + header_content.size();
  while (at < bytes.size()) {
    auto block = block_at(bytes.substr(at), record_marker);
    bool sound = block && block->size() >= key_bytes;
    if (sound) {
      std::string_view row = *block;
      const Key key{take<std::uint32_t>(row), take<std::uint64_t>(row)};
      const auto state = take<State>(row);
      sound = key.point < header.points && key.draw < header.draws &&
              (state == State::measured || state == State::undefined) && is_row(row, about.schema);
      if (sound) record(key, state, row);
    }
    const std::size_t next =
        block ? at + frame_bytes(record_marker) + block->size() : next_block(bytes, at + 1, record_marker);
    if (!sound) {
      lost += std::min(next, bytes.size()) - at;
      ++gaps;
    }
    at = next;
  }
  if (lost > 0)
    remark = fmt::format("{}: {} bytes in {} place{} are torn or damaged, and left out", journal, lost, gaps,
                         gaps == 1 ? "" : "s");
  return header.run;
}

void take_up(const std::string& journal, DataSet& data, std::string& remark) {
  std::vector<Provenance>& runs = data.about().runs;
  const std::size_t before = data.size();
  std::optional<Provenance> run;
  try {
    const auto add = [&](Key key, State state, std::string_view row) { data.add(key, state, row, runs.size()); };
    run = walk(journal, data.about(), add, remark);
  } catch (const InputError& error) {
    const std::string what = error.what();
    throw InputError(what.starts_with(journal) ? what : fmt::format("{}: {}", journal, what));
  }
  if (run && data.size() > before) runs.push_back(*run);
}

}  // namespace theoremeter
