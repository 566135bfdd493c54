// The journal beside a results file: every finished draw, appended at once.
#pragma once

#include "results/data_set.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace theoremeter {

/// FILE.journal, or FILE.journal.<rank>. A header (identity, the points, the run's provenance), twice, then a record a
/// draw: a marker, its length, a hash (XXH3, 64 bits) of what follows, point, draw, state, row. A draw is finished when
/// its record is written: one write(2), which survives the process; a power cut loses what was appended since the last
/// flush.
class Journal {
 public:
  /// Makes a new one; the one that may be there must have been taken up, and removed, before. Throws std::runtime_error
  /// where none can be made.
  Journal(std::string path, const Description& about, const Provenance& run);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Throws std::runtime_error (a full disk); a part of a record that was written is then taken back.
  void append(Key key, State state, std::string_view row);
  void flush();  // fdatasync; may be called while another thread appends
  std::uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  void write_whole(std::string_view block);

  std::string path_, block_;
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;
};

/// The journals beside a results file, sorted.
std::vector<std::string> journals_of(const std::string& file);

/// Hands on every sound record of a journal; what is torn or damaged is left out, which `remark` then says. Throws
/// InputError for a journal of other data than `about`, or of a later format. A journal begun with fewer points is
/// fine. Returns the run that wrote it; nothing: it had no time to say so.
using OnRecord = std::function<void(Key, State, std::string_view row)>;
std::optional<Provenance> walk(const std::string& journal, const Description& about, const OnRecord& record,
                               std::string& remark);

/// Adds what a journal holds, and its run. Throws InputError as `walk` does, and for what contradicts the data.
void take_up(const std::string& journal, DataSet& data, std::string& remark);

}  // namespace theoremeter
