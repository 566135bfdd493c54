// The journal beside a results file: every finished draw, appended at once.
#pragma once

#include "results/data_set.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

/// FILE.journal, or FILE.journal.<rank>. A header (identity, the points, the run's provenance), then a record a draw:
/// length, CRC-32 of what follows, point, draw, state, row. A draw is finished when its record is written: one
/// write(2), which survives the process; a power cut loses what was appended since the last flush.
class Journal {
 public:
  /// Makes a new one; the one that may be there must have been taken up before. Throws std::runtime_error where none
  /// can be made.
  Journal(std::string path, const Description& about, const Provenance& run);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Throws std::runtime_error (a full disk); a part of a record that was written is then taken back.
  void append(Key key, State state, std::string_view row);
  void flush();  // fdatasync
  std::uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;
};

/// The journals beside a results file, sorted.
std::vector<std::string> journals_of(const std::string& file);

/// Adds what a journal holds, up to the first record that is torn or damaged. Throws InputError for a journal of other
/// data, or of a later format; says in `remark`, if something was left out, what.
void take_up(const std::string& journal, DataSet& data, std::string& remark);

}  // namespace theoremeter
