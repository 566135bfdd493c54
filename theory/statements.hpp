// The lemmas and theorems of the papers, each with its constants by name, what it asks for and what it then gives, as
// functions of the sizes. The papers stand in theory/statements/, one file each: a formula there is its text, its LaTeX
// and the function that evaluates it, side by side. Versions of a paper differ: the one meant is named.
//
// A constant that the paper leaves unnamed ("universal", "numerical") has no value: formulas are evaluated as if it
// were 1. What is proved for this program, or quoted by others alone, says so in `source`.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// What formulas are evaluated at; NaN, or empty: not said.
struct At {
  static constexpr double unsaid = std::numeric_limits<double>::quiet_NaN();
  double d = unsaid, s = unsaid;        // layers of the network, of the second network
  double k = unsaid;                    // latent dimension
  double m = unsaid;                    // rows of A, measurements
  double n = unsaid;                    // rows of W; columns of A; of the joint-WDC, columns of B
  double p = unsaid, l = unsaid;        // columns of C; rows of B and C
  std::vector<double> widths, widths2;  // n_0 = k, n_1, ..., n_d; of the second network
  double alpha = unsaid;                // of the last layers of blind demodulation, multiplied
  double eps = unsaid;
  double noise = unsaid;  // |eta|/|x0|
  double sigma = unsaid;  // standard deviation of noise, sigma/|x0|
};

/// "d", "widths", ...: whether that is said.
bool is_said(const At& at, const std::string& size);

struct Constant {
  std::string name, latex, meaning;
  std::optional<double> value;  // none: the paper names no number
};

/// One inequality at given sizes: `what` `relation` `text`.
struct Formula {
  std::string what, relation, text, latex;
  std::vector<std::string> needs;  // of At
  double (*value)(const At&);
};

/// A deterministic condition that a statement assumes: the supremum, named as `measure` does, is at most factor eps.
struct Assumed {
  std::string condition;  // wdc, rric, rrcp, phaseless, joint-wdc
  double factor = 1;
};

struct Statement {
  std::string id, paper, number;  // hv-lemma-8, [HV] arXiv 1705.07576v3, Lemma 8
  std::string says, latex;        // in a line
  std::vector<Constant> constants = {};
  std::vector<Assumed> assumes = {};        // with constant eps
  std::vector<std::string> concludes = {};  // conditions whose constant the conclusion is about
  std::optional<Formula> epsilon = {};      // the largest eps that its hypothesis allows
  int least_depth = 1;                      // layers (of each network) that it is about, at least
  std::vector<Formula> asks = {}, gives = {};
  std::string source = {};  // where the paper itself was not read; what is derived, and from what
};

/// All, paper by paper.
const std::vector<Statement>& statements();

/// Throws InputError, suggesting the nearest id.
const Statement& statement_named(const std::string& id);

/// What measured numbers may be numbers of: the statement's constants, the conditions it is about or assumes, and "eps"
/// for the largest of them.
std::vector<std::string> measurable(const Statement& statement);

/// The least constant that Gaussian matrices can have, by Bai and Yin at x = y: proved as the sizes grow at a fixed
/// ratio of rows and columns. WDC: ratio = n/k, sqrt(2/ratio) + 1/ratio. Phaseless: m/n; RRIC and RRCP: m/k, of the
/// k dimensions that a linear piece of G fills; 2/sqrt(ratio) + 1/ratio. None is known for the joint-WDC: 0.
double floor_of(const std::string& condition, double ratio);

/// The ratio from which that is at most `constant`; 0 where there is no floor.
double ratio_needed(const std::string& condition, double constant);

/// "n/k", "m/n", "m/k": the ratio meant; "": none.
std::string ratio_of(const std::string& condition);

/// Whether there are as many layers as it is about, or none are said.
bool deep_enough(const Statement& statement, const At& at);

/// The largest constant of this condition, or of "eps", that a statement's hypothesis allows at these sizes. Nothing
/// where it has no hypothesis on it, needs a size that is not said, or is not about so few layers.
std::optional<double> allowed(const Statement& statement, const std::string& measured, const At& at);

/// What a measured constant says of "constant <= allowed" (or <, where `strict`).
enum class Verdict { holds, refuted, undecided };
Verdict decide(double allowed, bool strict, std::optional<double> at_least, std::optional<double> at_most);

}  // namespace theoremeter
