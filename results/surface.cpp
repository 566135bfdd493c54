#include "results/surface.hpp"

#include "results/atomic.hpp"
#include "results/variables.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numbers>
#include <set>

namespace theoremeter {
namespace {

/// The angle after d wide layers, from cos g(t) = ((pi - t) cos t + sin t)/pi as it stands.
long double wide(long double theta, int d) {
  constexpr long double pi = std::numbers::pi_v<long double>;
  for (int i = 0; i < d; ++i)
    theta = std::acos(std::min(1.0L, ((pi - theta) * std::cos(theta) + std::sin(theta)) / pi));
  return theta;
}

long double expected(const Surface& s, long double x, long double y) {
  constexpr long double pi = std::numbers::pi_v<long double>;
  if (s.problem == Problem::blind_demodulation) {
    const long double t = std::abs(x * y);
    return (t * t + 1) / 2 - t * std::cos(wide(x < 0 ? pi : 0, s.depth)) * std::cos(wide(y < 0 ? pi : 0, s.depth2));
  }
  const long double r = std::hypot(x, y), theta = wide(r > 0 ? std::atan2(std::abs(y), x) : 0, s.depth);
  const bool phaseless = s.problem == Problem::phase_retrieval || s.problem == Problem::amplitude_flow;
  const long double c =
      phaseless ? (pi - 2 * theta) / pi * std::cos(theta) + 2 / pi * std::sin(theta) : std::cos(theta);
  return (r * r + 1) / 2 - r * c;
}

std::vector<char> encode(const Surface& s) {
  const hdf5::Handle file = hdf5::create_in_memory();
  write_format(file);
  hdf5::write_attribute(file, "surface", name(s.problem));
  hdf5::write_attribute(file, "depth", static_cast<std::int64_t>(s.depth));
  hdf5::write_attribute(file, "depth2", static_cast<std::int64_t>(s.depth2));
  hdf5::write_attribute(file, "experiment", s.experiment);
  write_provenance(file, s.provenance);
  const bool blind = s.problem == Problem::blind_demodulation;
  const Dimension x = write_dimension(file, "x", s.x, blind ? "h, a number" : "first coordinate of x");
  const Dimension y = write_dimension(file, "y", s.y, blind ? "m, a number" : "second coordinate of x");
  write_variable(file, "objective", {&y, &x}, s.objective, "scaled population objective", "exact");
  const Dimension item = write_index(file, "critical", s.critical.size(), "critical points");
  std::vector<double> px, py, f;
  std::vector<std::string> names, kinds;
  for (const CriticalPoint& p : s.critical) {
    px.push_back(p.x), py.push_back(p.y), f.push_back(p.objective);
    names.push_back(p.name), kinds.push_back(p.kind);
  }
  write_variable(file, "critical_x", {&item}, px, "where it is, along x", "exact");
  write_variable(file, "critical_y", {&item}, py, "where it is, along y", "exact");
  write_variable(file, "critical_objective", {&item}, f, "the scaled objective there", "exact");
  write_variable(file, "critical_name", {&item}, names, "the point, or the curve that it is on", "exact");
  write_variable(file, "critical_kind", {&item}, kinds, "what it is", "exact");
  return hdf5::image(file);
}

Surface decode(hid_t file) {
  check_format(file);
  if (!hdf5::has_attribute(file, "surface")) throw hdf5::Error("a theoremeter file, but not of a surface");
  Surface s;
  s.problem = problem_named(hdf5::read_attribute<std::string>(file, "surface"));
  s.depth = static_cast<int>(hdf5::read_attribute<std::int64_t>(file, "depth"));
  s.depth2 = static_cast<int>(hdf5::read_attribute<std::int64_t>(file, "depth2"));
  s.experiment = hdf5::read_attribute<std::string>(file, "experiment");
  s.provenance = read_provenance(file);
  s.x = hdf5::read_dataset<double>(file, "x", {length_of(file, "x")});
  s.y = hdf5::read_dataset<double>(file, "y", {length_of(file, "y")});
  s.objective = hdf5::read_dataset<double>(file, "objective", {s.y.size(), s.x.size()});
  const hdf5::Shape items{length_of(file, "critical")};
  const auto x = hdf5::read_dataset<double>(file, "critical_x", items);
  const auto y = hdf5::read_dataset<double>(file, "critical_y", items);
  const auto f = hdf5::read_dataset<double>(file, "critical_objective", items);
  const auto names = hdf5::read_dataset<std::string>(file, "critical_name", items);
  const auto kinds = hdf5::read_dataset<std::string>(file, "critical_kind", items);
  for (std::size_t i = 0; i < x.size(); ++i) s.critical.push_back({x[i], y[i], names[i], kinds[i], f[i]});
  return s;
}

}  // namespace

bool holds_surface(const std::string& path) {
  bool answer = false;
  decode_file(path, [&](hid_t file) {
    check_format(file);
    answer = hdf5::has_attribute(file, "surface");
  });
  return answer;
}

void check_surface_output(const std::string& path, bool overwrite) {
  check_output(path, overwrite, [](const std::string& existing) { read_surface(existing); });
}

void write_surface(const Surface& surface, const std::string& path, bool overwrite) {
  check_surface_output(path, overwrite);
  replace_file(path, encode(surface), overwrite);
}

Surface read_surface(const std::string& path) {
  Surface surface;
  decode_file(path, [&](hid_t file) { surface = decode(file); });
  return surface;
}

std::vector<std::string> verify(const Surface& s) {
  std::vector<std::string> wrong;
  const auto check = [&](double stored, double x, double y, const std::string& what) {
    const auto right = static_cast<double>(expected(s, x, y));
    if (!(std::abs(stored - right) <= 1e-9 * (1 + std::abs(right))))
      wrong.push_back(fmt::format("{} at ({}, {}) is {}, not {}", what, x, y, stored, right));
  };
  for (std::size_t j = 0; j < s.y.size(); ++j)
    for (std::size_t i = 0; i < s.x.size(); ++i) check(s.objective[j * s.x.size() + i], s.x[i], s.y[j], "objective");
  for (const CriticalPoint& p : s.critical) {
    check(p.objective, p.x, p.y, p.name);
    if (p.x == 0) continue;  // at 0 the objective has one-sided derivatives only
    constexpr long double h = 1e-4L;
    const long double dx = (expected(s, p.x + h, p.y) - expected(s, p.x - h, p.y)) / (2 * h);
    const long double dy = (expected(s, p.x, p.y + h) - expected(s, p.x, p.y - h)) / (2 * h);
    if (!(std::hypot(dx, dy) < 1e-4L)) wrong.push_back(fmt::format("{} at ({}, {}) is not critical", p.name, p.x, p.y));
  }
  return wrong;
}

std::string table(const Surface& s) {
  std::string text = fmt::format(
      "population objective of {}, depth {}{}, scaled by 2^depth: {} x {} points\n", name(s.problem), s.depth,
      s.problem == Problem::blind_demodulation ? fmt::format(" and {}", s.depth2) : "", s.x.size(), s.y.size());
  std::set<std::string> shown;
  for (const CriticalPoint& p : s.critical)
    if (shown.insert(p.name).second)
      text +=
          fmt::format("{:<16} {:<22} at ({:.6f}, {:.6f}), objective {:.6f}\n", p.name, p.kind, p.x, p.y, p.objective);
  return text;
}

}  // namespace theoremeter
