// What a results file holds: plain structs, the same for every condition.
#pragma once

#include "estimators/measurement.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// A size of the sweep or an argument of the condition: the paper's symbol, and what it means.
struct Symbol {
  std::string name;     // n
  std::string meaning;  // "rows of W (neurons)"
};

/// One point of the sweep: its sizes (one for each of Results::sizes) and its draws, in order. A draw not measured yet
/// is empty. Every point has the same number of draws.
struct Record {
  std::map<std::string, std::int64_t> sizes;
  std::vector<std::optional<Measurement>> draws;
};

/// Which program made the file, and where.
struct Provenance {
  std::string version;
  std::string commit;
  std::string compiler;
  std::string flags;
  std::string libraries;
  std::string host_cpu;
  std::string date;  // UTC, ISO 8601
};

struct Results {
  std::string condition;     // "wdc"
  std::string ensemble;      // "gaussian"; "" when the matrices were given
  std::string weights_spec;  // as given to --weights; "" when they were drawn
  std::string grid;          // of `sample`
  double gap = 0;            // relative gap asked of `certify`
  std::uint64_t seed = 0;
  std::string experiment;                // full text of the experiment
  std::vector<Symbol> sizes;             // n, k; m, n; l, n, p; ...
  std::vector<Symbol> witness;           // x, y; one for each sphere
  std::map<std::string, Rows> matrices;  // the matrices given, by the paper's name ("W"); empty when drawn
  std::vector<Record> points;
  Provenance provenance;
};

/// What is known about one constant.
enum class Kind {
  at_least,  // a witness only
  bracket,   // a witness and a certificate, further apart than the relative gap asked for
  exact      // a witness and a certificate that agree to the relative gap asked for
};

Kind kind(const Measurement& m);
const char* to_string(Kind kind);  // "at least", "bracket", "exact"
const char* to_string(Side side);  // "plus", "minus"

/// (at most - at least) / at least; NaN without a certificate.
double relative_gap(const Measurement& m);

/// This build on this machine, now.
Provenance this_program();

}  // namespace theoremeter
