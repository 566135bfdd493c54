#include "experiments/rho.hpp"

#include "experiments/usage.hpp"
#include "theory/error.hpp"
#include "theory/problems.hpp"
#include "theory/rho.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

struct RhoRequest {
  std::vector<Problem> problems;
  int first, last, digits;
};

std::optional<std::int64_t> whole(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "D" or "A..B".
std::pair<int, int> depths(const std::string& text) {
  const std::size_t dots = text.find("..");
  const auto first = whole(text.substr(0, dots));
  const auto last = dots == std::string::npos ? first : whole(text.substr(dots + 2));
  if (!first || !last)
    throw InputError(fmt::format("--depth {}: must be a number of layers, D, or a range of them, A..B", text));
  if (*first < 1 || *last < 1)
    throw InputError(fmt::format("--depth {}: must be at least 1, a network of one layer", text));
  if (*first > max_rho_depth || *last > max_rho_depth)
    throw InputError(fmt::format("--depth {}: must be at most {}", text, max_rho_depth));
  if (*first > *last) throw InputError(fmt::format("--depth {}: in A..B, A must not be larger than B", text));
  return {static_cast<int>(*first), static_cast<int>(*last)};
}

/// One of each kind where none is named.
std::vector<Problem> problems(const std::string& given) {
  if (given.empty()) return {Problem::inversion, Problem::phase_retrieval};
  const Problem problem = problem_named(given);
  if (problem == Problem::amplitude_flow)
    throw InputError(
        "--problem amplitude-flow: has no network, hence no rho_d; inversion, compressed-sensing, phase-retrieval or "
        "blind-demodulation is needed");
  return {problem};
}

RhoRequest request_of(const RhoOptions& o) {
  if (o.digits < 1 || o.digits > max_rho_digits)
    throw InputError(fmt::format("--digits {}: must be between 1 and {}", o.digits, max_rho_digits));
  const auto [first, last] = depths(o.depth);
  return {problems(o.problem), first, last, static_cast<int>(o.digits)};
}

const char* heading(Problem problem) {
  return problem == Problem::phase_retrieval ? "phase retrieval"
                                             : "inversion, compressed sensing, each network of blind demodulation";
}

void print_rho_table(Problem problem, const RhoRequest& r) {
  const int width = r.digits + 7;  // "0." before them, "e-11" after them
  fmt::print("{}\n", heading(problem));
  fmt::print("{:>7}  {:<{}}  {:<{}}  {:<{}}  {}\n", "d", "check_d", width, "rho_d", width, "1 - rho_d", width,
             "over 9 pi^2/(2 d^2)");
  for_each_rho(problem, r.first, r.last, r.digits, [&](const RhoRow& row) {
    fmt::print("{:>7}  {:<{}}  {:<{}}  {:<{}}  {:.6f}\n", row.depth, row.angle, width, row.rho, width,
               row.one_minus_rho, width, row.ratio);
  });
}

/// Row by row: a million of them need no memory.
void print_rho_json(Problem problem, const RhoRequest& r) {
  const auto value = [&](const std::string& decimal) {
    return r.digits > 17 ? nlohmann::ordered_json(decimal) : nlohmann::ordered_json(std::stod(decimal));
  };
  fmt::print("{{\"problem\": \"{}\", \"digits\": {}, \"rows\": [", name(problem), r.digits);
  const char* separator = "\n";
  for_each_rho(problem, r.first, r.last, r.digits, [&](const RhoRow& row) {
    const nlohmann::ordered_json object{{"depth", row.depth},
                                        {"rho", value(row.rho)},
                                        {"angle", value(row.angle)},
                                        {"one_minus_rho", value(row.one_minus_rho)},
                                        {"asymptote", value(row.asymptote)}};
    fmt::print("{}  {}", std::exchange(separator, ",\n"), object.dump());
  });
  fmt::print("\n]}}");
}

constexpr const char* notes =
    R"(-rho_d x0 is where the population gradient vanishes besides x0 and 0; check_d, the angle between
G(x0) and G(-x0) in infinitely wide networks; 9 pi^2/(2 d^2), what 1 - rho_d tends to.
With --json: {"problem", "digits", "rows": [{"depth", "rho", "angle", "one_minus_rho",
"asymptote"}, ...]}, values being text where there are more than 17 digits; without --problem
{"digits", "problems": [one such object for each kind]}.
Cost: as many steps as layers, of some 5 us each at 17 digits, 8 us at 50, 1 ms at 1000.)";

}  // namespace

int rho_verb(const RhoOptions& o) {
  const RhoRequest r = request_of(o);
  if (!o.json) {
    for (const Problem problem : r.problems) {
      if (problem != r.problems.front()) fmt::print("\n");
      print_rho_table(problem, r);
    }
    return 0;
  }
  const bool both = r.problems.size() > 1;
  if (both) fmt::print("{{\"digits\": {}, \"problems\": [\n", r.digits);
  for (const Problem problem : r.problems) {
    if (problem != r.problems.front()) fmt::print(",\n");
    print_rho_json(problem, r);
  }
  fmt::print("{}\n", both ? "\n]}" : "");
  return 0;
}

void add_rho(CLI::App& app, int& status) {
  const auto o = std::make_shared<RhoOptions>();
  CLI::App* verb = app.add_subcommand("rho", "Print rho_d, where the spurious point -rho_d x0 is, to any precision");
  verb->add_option("--depth", o->depth, fmt::format("number of layers, or a range of it; at most {}", max_rho_depth))
      ->type_name("D|A..B")
      ->required()
      ->check(not_empty());
  verb->add_option("--problem", o->problem,
                   "inversion, compressed-sensing, phase-retrieval or blind-demodulation (each of its networks); "
                   "default: both kinds")
      ->type_name("NAME")
      ->check(not_empty());
  verb->add_option("--digits", o->digits, fmt::format("significant digits, at most {} (default 17)", max_rho_digits))
      ->type_name("N")
      ->transform(whole_number());
  verb->add_flag("--json", o->json, "print one JSON object instead of the table");
  verb->footer(notes);
  verb->callback([o, &status] { status = rho_verb(*o); });
}

}  // namespace theoremeter
