#include "results/data_file.hpp"

#include "results/atomic.hpp"
#include "results/file_reader.hpp"
#include "results/file_writer.hpp"
#include "results/format_1.hpp"
#include "results/hdf5.hpp"
#include "results/journal.hpp"
#include "results/later_columns.hpp"
#include "results/paths.hpp"
#include "results/seal.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <numeric>
#include <utility>

namespace theoremeter {
namespace {

struct FormatVersion {
  std::int64_t major, minor;
};

/// Throws hdf5::Error unless it is a results file of a version that is read.
FormatVersion check_format(hid_t file) {
  if (!hdf5::has_attribute(file, "format") || hdf5::read_attribute<std::string>(file, "format") != "theoremeter")
    throw hdf5::Error("an HDF5 file, but not a theoremeter results file");
  const auto version = hdf5::read_attributes<std::int64_t>(file, "format_version");
  if (version.size() != 2) throw hdf5::Error("attribute format_version is not [major, minor]");
  if (version[0] > format_major)
    throw hdf5::Error(fmt::format("written by a newer theoremeter: format {}.{}, this one reads up to {}.x", version[0],
                                  version[1], format_major));
  return {version[0], version[1]};
}

/// What `decode` makes of the file. Throws InputError, naming the file, for all that can be wrong with it.
template <class Decode>
auto decoded(const std::string& path, const Decode& decode) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw InputError(fmt::format("{}: {}", path, why_not_there(path)));
  if (!std::filesystem::is_regular_file(path, ignored)) throw InputError(fmt::format("{}: not a regular file", path));
  if (seal_is_broken(path))
    throw InputError(fmt::format("{}: damaged: its bytes are not those that were written (checksum)", path));
  try {
    return decode(hdf5::open_file(path));
  } catch (const std::runtime_error& error) {
    throw InputError(fmt::format("{}: {}", path, error.what()));
  } catch (const std::bad_alloc&) {
    throw InputError(fmt::format("{}: damaged, or larger than the memory", path));
  }
}

/// Which file is at `path`: another one after it was written anew.
std::array<std::uint64_t, 4> stamp(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return {};
  return {s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_mtim.tv_sec),
          static_cast<std::uint64_t>(s.st_mtim.tv_nsec)};
}

/// What `take` makes of a file and its journals as they are at one time: a run may write the file anew and remove
/// journals meanwhile.
template <class Take>
auto consistent(const std::string& path, const Take& take) {
  for (int tries = 5;; --tries) {
    const auto before = stamp(path);
    try {
      auto taken = take();
      if (stamp(path) == before || tries == 0) return taken;
    } catch (const InputError&) {
      if (stamp(path) == before || tries == 0) throw;
    }
  }
}

void take_up_all(const std::string& path, DataSet& data, std::vector<std::string>* remarks) {
  for (const std::string& journal : journals_of(path)) {
    std::string remark;
    take_up(journal, data, remark);
    if (remarks && !remark.empty()) remarks->push_back(remark);
  }
}

Tally tally_of(const DataSet& data) {
  Tally t{data.about(), {}, {}};
  const Schema& schema = data.about().schema;
  for (std::size_t p = 0; p < t.about.points.size(); ++p) {
    t.states.emplace_back(std::max(t.about.draws, data.draws(p)));
    t.seconds.push_back(0);
    for (std::uint64_t d = 0; d < data.draws(p); ++d) {
      t.states[p][d] = data.state({p, d});
      if (t.states[p][d] == State::open) continue;
      const Row row = data.row({p, d});
      for (std::size_t i = 0; i < row.size(); ++i)
        if (schema.columns[i].says == Says::seconds && schema.columns[i].type == Type::real)
          t.seconds[p] += std::accumulate(row[i].reals().begin(), row[i].reals().end(), 0.0);
    }
  }
  return t;
}

/// Adds what journals know beyond a file.
void add_to(Tally& file, const Tally& journals) {
  file.about = journals.about;
  file.states.resize(journals.states.size());
  file.seconds.resize(journals.states.size());
  for (std::size_t p = 0; p < file.states.size(); ++p) {
    file.states[p].resize(std::max(file.states[p].size(), journals.states[p].size()));
    for (std::size_t d = 0; d < journals.states[p].size(); ++d)
      if (journals.states[p][d] != State::open) file.states[p][d] = journals.states[p][d];
    file.seconds[p] += journals.seconds[p];
  }
}

}  // namespace

DataSet read(const std::string& path, const Declarations& declared, std::vector<std::string>* remarks) {
  return consistent(path, [&] {
    if (remarks) remarks->clear();
    bool earlier = false;
    DataSet data = decoded(path, [&](hid_t file) {
      const FormatVersion version = check_format(file);
      earlier = version.major == format_major && version.minor < format_minor;
      return version.major < format_major ? read_format_1(file, declared()) : read_file(file);
    });
    take_up_all(path, data, remarks);
    try {
      return earlier && declared ? with_later_columns(std::move(data), declared()) : std::move(data);
    } catch (const WrongRow& error) {
      throw InputError(fmt::format("{}: {}", path, error.what()));
    }
  });
}

Tally tally(const std::string& path, const Declarations& declared) {
  return consistent(path, [&] {
    Tally t = decoded(path, [&](hid_t file) {
      if (check_format(file).major < format_major) return tally_of(read_format_1(file, declared()));
      return tally_file(file);
    });
    if (journals_of(path).empty()) return t;
    DataSet late(t.about);
    take_up_all(path, late, nullptr);
    add_to(t, tally_of(late));
    return t;
  });
}

void check_output(const std::string& path, bool overwrite) {
  check_replaceable(path);
  if (!std::filesystem::exists(path)) return;
  if (!overwrite)
    throw InputError(fmt::format("output {}: exists; --resume goes on with it, --overwrite replaces it", path));
  try {
    decoded(path, check_format);
  } catch (const InputError& error) {
    throw InputError(fmt::format("output {}: will not overwrite what is no results file ({})", path, error.what()));
  }
}

void write(const DataSet& data, const std::string& path, bool overwrite) {
  Replacement replacement(path);
  errno = 0;
  try {
    {
      const hdf5::Handle file = hdf5::create_file(replacement.part());
      write_file(data, file);
      hdf5::check(H5Fflush(file, H5F_SCOPE_GLOBAL), "cannot complete the file");
    }
    if (!seal(replacement.part())) throw hdf5::Error("cannot complete the file");
  } catch (const hdf5::Error& error) {
    if (errno != 0) replacement.fail(errno);
    throw std::runtime_error(fmt::format("cannot write {}: {}; nothing was changed", path, error.what()));
  }
  replacement.commit(overwrite);
}

}  // namespace theoremeter
