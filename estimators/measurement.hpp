// What the estimators return: plain structs, no behaviour. Every number is evidence with a direction.
#pragma once

#include "theory/types.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// A point together with the deviation it attains, evaluated in float64 with exact signs.
struct Witness {
  Point point;
  double value = 0;        // f(point)
  Side side = Side::plus;  // which side of the norm attains it
  double margin = 0;  // min over rows and spheres of |<h, p>| / |h| where factors jump: distance from the nearest jump
  std::string form = {};  // which of the condition's expressions it is the value of; "" where there is one
};

/// Deviations over a grid of points: at least.
struct Sampled {
  Witness witness;                  // where the maximum over all sampled points is attained
  std::optional<Witness> diagonal;  // the same over p_0 = p_1, where the deviation is symmetric
  double mean = 0;
  std::vector<double> quantiles;  // at quantile_levels
  std::int64_t count = 0;         // points evaluated off the diagonal
  std::int64_t undefined = 0;     // further points, at which the deviation is not defined
};
inline const std::vector<double> quantile_levels{0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99};

/// Worst-case search: at least.
struct Searched {
  Witness witness;
  std::int64_t starts = 0;
  std::int64_t evaluations = 0;
  std::int64_t undefined = 0;                                   // of them, at points where the deviation is not defined
  double agreement = std::numeric_limits<double>::quiet_NaN();  // see agreement_of
};

/// How well two halves of a search, which share nothing, agree: (a - b)/a, a >= b their largest values. Tried on
/// certified instances of the WDC and of phaseless concentration, k = 2 and 3, the supremum S was not further above, (S
/// - a)/S <= (a - b)/a, in nine of ten; of other conditions and dimensions nothing is known. NaN where a half found
/// nothing.
double agreement_of(double one, double other);

/// A bound that was proved, and the nodes that its proof takes from the start.
struct Proved {
  double at_most = 0;
  std::int64_t nodes = 0;
};

/// Proof by exhaustion: at most.
struct Certified {
  double at_most = 0;
  std::int64_t nodes = 0;
  bool closed = false;              // reached the relative gap asked for
  std::vector<Proved> course = {};  // the bounds proved on the way there, largest first
  std::optional<Proved> next = {};  // under way when the nodes were used up, and how many of them went into it
  bool ended = false;               // before they were: more of them prove no more
};

/// What more nodes should bring to a certificate that is still open (forecast.hpp). NaN: not known.
struct Forecast {
  bool ended = false;                                          // nothing: the rest is not known
  double nodes = std::numeric_limits<double>::quiet_NaN();     // with so many in all
  double gap = std::numeric_limits<double>::quiet_NaN();       // this relative gap should be proved,
  double to_close = std::numeric_limits<double>::quiet_NaN();  // and with so many the one asked for
};

/// A fitted alpha (fit_alpha.hpp): what is known of the least eps/alpha, the constant of W/sqrt(alpha) about Q, over
/// all alpha. It is 1/2 as alpha grows, whatever W is.
struct AlphaFit {
  double at_least = 0;        // the maximum of || S/alpha - Q || over these points, one or two, is nowhere lower
  std::vector<Point> points;  // (x, y)
};
inline constexpr double fit_tolerance = 1e-3;  // relative, to which a fit agrees with its searches

enum class ProvedBy { exhaustion, eigenvalues };

/// The least at most that was proved.
struct Bounded {
  double at_most = 0;
  ProvedBy proof = ProvedBy::exhaustion;
  bool closed = false;  // within the relative gap asked for of at least
};

struct Seconds {
  double sample = 0;
  double search = 0;
  double certify = 0;
};

/// All the evidence about one instance's constant.
struct Measurement {
  double alpha = 1;
  std::optional<AlphaFit> fit;  // where alpha was fitted
  std::optional<Sampled> sampled;
  std::optional<Searched> searched;
  std::optional<Certified> certified;
  std::optional<Bounded> bounded;
  std::optional<Forecast> forecast;  // where a certificate is open
  Witness witness;                   // the best of sampled, searched and what certify met: at least = witness.value
  Seconds seconds;
};

/// What is known about one constant.
enum class Kind {
  at_least,  // a witness only
  bracket,   // a witness and a proved at most, further apart than the relative gap asked for
  exact      // a witness and a proved at most that agree to the relative gap asked for
};

/// Is the least eps/alpha over all alpha below 1/2, which every W reaches as alpha grows? Only then a fit says
/// something.
enum class BelowHalf {
  no,        // attained whatever alpha, to fit_tolerance
  proved,    // by at most at the alpha chosen
  searched,  // as far as a search at the alpha chosen can tell
  open,      // neither
  not_fitted
};

BelowHalf below_half(const Measurement& m);

inline std::vector<std::string> names_of(BelowHalf) { return {"no", "proved", "searched", "open", "not fitted"}; }
inline std::vector<std::string> names_of(ProvedBy) { return {"exhaustion", "eigenvalues"}; }
inline std::vector<std::string> names_of(Side) { return {"plus", "minus"}; }
inline std::vector<std::string> names_of(Kind) { return {"at least", "bracket", "exact"}; }

Kind kind(const Measurement& m);

/// (at most - at least) / at least; NaN without an at most.
double relative_gap(const Measurement& m);

}  // namespace theoremeter
