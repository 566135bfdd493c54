#include "experiments/studies/words.hpp"

#include <fmt/format.h>

#include <map>

namespace theoremeter {
namespace {

bool of_network(const Condition& c) { return c.name == "rrcp" || c.name == "rric"; }
bool of_two_inequalities(const Condition& c) { return c.name == "joint-wdc"; }

}  // namespace

std::string form_meaning(const std::string& form) {
  static const std::map<std::string, std::string> meanings{
      {"(6)", "the first inequality of [HJ], a matrix between arguments of B"},
      {"(7)", "the second inequality of [HJ], (6) with B and C exchanged"},
      {"tangent", "x1 and x2 lie in one linear piece of G, x3 and x4 in one, and their differences fill its range"},
      {"differences", "x1 to x4 lie in any pieces of G"}};
  const auto found = meanings.find(form);
  return found == meanings.end() ? "" : found->second;
}

std::string default_samples_text(const Condition& c) {
  if (of_network(c)) return "3.5e9 over the operations of one value, but 256 to 200000";
  const std::string &n = c.sizes[0].name, &k = c.sizes[1].name;
  if (of_two_inequalities(c))
    return fmt::format("for each inequality half of 2e10/({0} {1}^2), resp. 2e10/({0} {2}^2), but 1000 to 250000", n, k,
                       c.sizes[2].name);
  return fmt::format("2e10/({} {}^2), but 2000 to 500000", n, k);
}

std::string default_starts_text(const Condition& c) {
  if (of_network(c))
    return "14336 (8e4 k over the operations of a step, k at least 10)^0.5, but 256 to 5120 k and at most 40960";
  const auto of_one = [&](const std::string& k) {
    return fmt::format(
        "{1} <= 4: 3e6/{0}, but 2048 to 8192; to 30: 16384 (4e4/({0} {1})), but 256 to 65536; above: 3072 (1e5/({0} "
        "{1}))^0.8, but 256 to 16384",
        c.sizes[0].name, k);
  };
  if (!of_two_inequalities(c)) return of_one(c.sizes[1].name);
  return fmt::format("for each inequality, k = 2{} resp. 2{}, half of: {}", c.sizes[1].name, c.sizes[2].name,
                     of_one("k"));
}

}  // namespace theoremeter
