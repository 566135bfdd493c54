// Landscape files and what is made of them: round trip, damage, format document, JSON, tables, verify.
#include "estimators/census.hpp"
#include "estimators/ensembles.hpp"
#include "estimators/landscape.hpp"
#include "results/file.hpp"
#include "experiments/studies/landscape_columns.hpp"
#include "results/landscape_json.hpp"
#include "experiments/studies/landscape_table.hpp"
#include "experiments/studies/landscape_verify.hpp"
#include "tests/networks.hpp"
#include "tests/results_files.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numbers>
#include <utility>

namespace theoremeter {

using namespace testing;

namespace {

const std::vector<std::int64_t> widths{2, 12, 20};

LandscapeOptions quick() {
  LandscapeOptions o;
  o.directions = 200;
  o.starts = 2;
  o.steps = 20;
  o.descents = 5;
  return o;
}

Eigen::VectorXd unit_vector(Eigen::Index k, Stream stream) {
  Eigen::VectorXd x(k);
  for (double& entry : x) entry = stream.normal();
  return x.normalized();
}

Recovery recovery(std::size_t draw) {
  const Stream stream = Stream(7).at({draw});
  return phase_retrieval(draw_network(widths, stream.at({0})),
                         theoremeter::draw(Ensemble::gaussian, 15, 20, stream.at({1})), unit_vector(2, stream.at({2})));
}

Demodulation demodulation() {
  const Stream stream(8);
  return blind_demodulation(draw_network({2, 10, 20}, stream.at({0})), draw_network({3, 12, 20}, stream.at({1})),
                            unit_vector(2, stream.at({2})), unit_vector(3, stream.at({3})));
}

NaiveDeviation naive(const Rows& W) {
  return [W](const Point& p, const std::string&) { return wdc_deviation(W, 1, p.at(0), p.at(1)); };
}

Epsilon epsilon(const Rows& W) {
  Epsilon e{"wdc", "W_1", 1, 0, {}};
  e.witness.point = {unit_vector(W.cols(), Stream(1)), unit_vector(W.cols(), Stream(2))};
  e.witness.margin = 0x1p-1060;
  e.value = e.witness.value = static_cast<double>(naive(W)(e.witness.point, ""));
  return e;
}

Solution tried(const MeasuredLandscape& m) {
  return {m.x0, m.landscape.population_error, m.landscape.descent_at_zero, m.landscape.violation_count};
}

/// The instance with another solution.
Recovery other_solution(const Recovery& f) { return phase_retrieval(f.G, f.A, -f.x0); }

/// Tries -x0 besides x0, and lets the larger error be the draw's.
void add_smaller(MeasuredLandscape& m, const Recovery& f) {
  const Recovery g = other_solution(f);
  MeasuredLandscape other;
  other.x0 = {g.x0};
  LandscapeOptions few = quick();
  few.directions = few.starts = 1, few.steps = 0;
  other.landscape = measure_landscape(g, Problem::phase_retrieval, few, Stream(10));
  REQUIRE(other.landscape.population_error.value < m.landscape.population_error.value);
  m.solutions.insert(m.solutions.begin(), tried(other));
  m.solution = 1;
}

/// Two points of phase retrieval, two draws each; one not measured, one without census and epsilon.
LandscapeResults of_recovery() {
  LandscapeResults r;
  r.problem = Problem::phase_retrieval;
  r.ensemble = r.measurements = "gaussian";
  r.grid = "default";
  r.noise = 0.1;
  r.seed = 0xfedcba9876543210;
  r.experiment = "# with \"quotes\" and \xce\xb5\n";
  r.sizes = {{"m", "rows of A"}, {"widths", "of the network", true}};
  for (std::size_t p = 0; p < 2; ++p) {
    r.points.push_back({{{"m", {15}}, {"widths", widths}}, {}});
    for (std::size_t d = 0; d < 2; ++d) {
      const Recovery f = recovery(2 * p + d);
      MeasuredLandscape m;
      m.x0 = {f.x0};
      m.objective_x0 = objective(f, f.x0);
      m.landscape = measure_landscape(f, r.problem, quick(), Stream(9));
      m.solutions = {tried(m)};
      if (p == 0) add_smaller(m, f);
      if (p == 0) m.census = census(f, m.landscape.rho[0]);
      if (p == 0) m.epsilon = {epsilon(f.G.layers[0])};
      if (p == 0) add_violations(m.landscape, *m.census, f.x0);
      m.comparison = compare(r.problem, r.points[p].sizes, m.landscape, m.epsilon);
      m.spurious = spurious_minima(r.problem, r.points[p].sizes, m);
      m.seconds = 0.1;
      r.points[p].draws.emplace_back(std::move(m));
    }
  }
  r.points[1].draws[1].reset();
  r.provenance = this_program();
  return r;
}

LandscapeResults of_demodulation() {
  const Demodulation f = demodulation();
  LandscapeResults r;
  r.problem = Problem::blind_demodulation;
  r.ensemble = "gaussian";
  r.grid = "random";
  r.sizes = {{"widths", "of the first", true}, {"widths2", "of the second", true}};
  r.points.push_back({{{"widths", {2, 10, 20}}, {"widths2", {3, 12, 20}}}, {}});
  MeasuredLandscape m;
  m.x0 = {f.h0, f.m0};
  m.landscape = measure_landscape(f, 1, quick(), Stream(9));
  m.solutions = {tried(m)};
  m.epsilon = {epsilon(f.G1.layers[0])};
  m.comparison = compare(r.problem, r.points[0].sizes, m.landscape, m.epsilon);
  m.spurious = spurious_minima(r.problem, r.points[0].sizes, m);
  r.points[0].draws = {m};
  r.provenance = this_program();
  return r;
}

RebuiltInstance rebuild_recovery(std::size_t point, std::size_t draw) {
  const Recovery f = recovery(2 * point + draw);
  return {f, 1, [W = f.G.layers[0]](const Epsilon&) { return naive(W); },
          [f](std::size_t number) { return number == 0 ? other_solution(f) : f; }};
}

RebuiltInstance rebuild_demodulation(std::size_t, std::size_t) {
  const Demodulation f = demodulation();
  return {f, 1, [W = f.G1.layers[0]](const Epsilon&) { return naive(W); }, {}};
}

/// A landscape with every list filled, infinities, and points at the ends of rays: nothing that was measured.
LandscapeResults made_up() {
  LandscapeResults r = of_recovery();
  Landscape& l = r.points[0].draws[0]->landscape;
  l.violation_count = 7;
  l.violations = {{{Eigen::Vector2d(1, -0.0)}, 0.5, "v = 0 along the ray"},
                  {{Eigen::Vector2d(0, 1)}, 0, "D_p f(0) >= 0"}};
  l.implied[1].radius = std::numeric_limits<double>::infinity();
  l.merged = true;
  l.population_error.where = RayEnd::infinity;
  l.population_error.r = std::numeric_limits<double>::infinity();
  l.worst_margin.where = RayEnd::origin;
  l.stationary.push_back({{Eigen::Vector2d(0.1, 0.2)}, "", true, 0.1, 1e-9, 0.5, 0.7, 3});
  r.points[0].draws[0]->census->flat.push_back({StationaryKind::kink_minimum, 0.1, 0.2, {0, -1}, 0.3, {0, -1}});
  r.points[0].draws[0]->epsilon.push_back({"rrcp", "", 1, 0.1, {{}, 3.1, Side::minus, 0.2, "tangent"}});
  r.points[0].draws[0]->epsilon.back().witness.point.assign(6, Eigen::Vector4d(1, 2, 3, 4));
  r.points[1].draws[0]->landscape.excluded.clear();
  r.matrices["W_1"] = Rows::Random(12, 2);
  return r;
}

/// Every bit, as text.
class Digest {
 public:
  std::string operator()(const LandscapeResults& r) {
    add(name(r.problem), r.ensemble, r.measurements, r.weights_spec, r.grid, r.noise, r.seed, r.experiment);
    for (const Symbol& s : r.sizes) add(s.name, s.meaning, s.list);
    for (const auto& [name, W] : r.matrices) add(name, Eigen::VectorXd(W.reshaped<Eigen::RowMajor>()));
    for (const LandscapeRecord& point : r.points) {
      for (const auto& [name, size] : point.sizes) add(name, to_text(size));
      for (const auto& draw : point.draws) draw ? add(*draw) : add("not measured");
    }
    const Provenance& v = r.provenance;
    add(v.version, v.commit, v.compiler, v.flags, v.libraries, v.host_cpu, v.date);
    return text_;
  }

 private:
  template <class... Values>
  void add(const Values&... values) {
    (add(values), ...);
  }
  void add(const char* text) { add(std::string(text)); }
  void add(const std::string& text) { text_ += fmt::format("{}:{}|", text.size(), text); }
  void add(bool value) { add(std::string(value ? "yes" : "no")); }
  void add(std::int64_t value) { add(fmt::format("{}", value)); }
  void add(std::uint64_t value) { add(fmt::format("{}", value)); }
  void add(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    add(fmt::format("{:x}", bits));
  }
  void add(const Eigen::VectorXd& x) {
    add(static_cast<std::int64_t>(x.size()));
    for (const double value : x) add(value);
  }
  void add(const Eigen::Vector2d& x) { add(x[0], x[1]); }
  template <class Item>
  void add(const std::vector<Item>& list) {
    add(static_cast<std::int64_t>(list.size()));
    for (const Item& item : list) add(item);
  }
  void add(const RayWitness& w) { add(w.direction, static_cast<std::int64_t>(w.where), w.r, w.value); }
  void add(const Solution& s) { add(s.x0, s.population_error, s.descent_at_zero, s.violations); }
  void add(const Neighbourhood& n) { add(n.centre, n.radius); }
  void add(const Violation& v) { add(v.direction, v.r, v.reason); }
  void add(const DescentEnd& e) {
    add(e.x, e.near, e.kink, e.objective, e.gradient, e.to_solution, e.to_spurious, e.starts);
  }
  void add(const StationaryPoint& p) {
    add(p.x, name(p.kind), p.objective, p.distance_x0, p.distance_minus_rho_x0, p.counterclockwise, p.clockwise,
        p.isolated);
  }
  void add(const FlatSet& f) { add(name(f.kind), f.from, f.to, f.normal, f.objective); }
  void add(const Epsilon& e) {
    add(e.condition, e.matrix, e.alpha, e.value, e.witness.point, e.witness.value,
        std::string(to_string(e.witness.side)), e.witness.margin, e.witness.form);
  }
  void add(const MeasuredLandscape& d) {
    const Landscape& l = d.landscape;
    const Outcomes& o = l.outcomes;
    add(d.x0, d.solution, d.solutions, d.objective_x0, l.rho, l.population_error, l.implied, l.merged, l.excluded,
        l.worst_margin, l.derivative_at_worst, l.descent_at_zero, l.violation_count, l.violations, o.solution,
        o.spurious, o.zero, o.elsewhere, o.not_converged, l.stationary, l.directions, l.evaluations);
    add(d.census.has_value());
    if (const auto& c = d.census)
      add(c->points, c->flat, name(c->zero), c->objective_at_zero, c->descent_at_zero, c->zero_witness, c->cells,
          c->integer_signs);
    for (const double number :
         {d.comparison.K, d.comparison.left_side, d.comparison.epsilon_needed, d.comparison.descent})
      add(std::isnan(number), std::isnan(number) ? 0 : number);
    add(d.epsilon, d.comparison.K2, d.comparison.hypothesis, d.spurious.near, d.spurious.elsewhere, d.seconds);
  }

  std::string text_;
};

std::string digest(const LandscapeResults& r) { return Digest()(r); }

}  // namespace

TEST_CASE("a landscape file round-trips bit for bit") {
  const Scratch scratch;
  const std::string path = scratch / "l.h5";
  for (LandscapeResults r : {of_recovery(), of_demodulation(), made_up()}) {
    write(r, path, true);
    CHECK(digest(read_landscapes(path)) == digest(r));
    CHECK(scratch.files() == 1);
    CHECK(holds_landscapes(path));
    double& value = r.points[0].draws[0]->landscape.population_error.direction[0][0];
    value = std::nextafter(value, 2.);
    CHECK(digest(read_landscapes(path)) != digest(r));  // the digest sees one bit
    for (LandscapeRecord& p : r.points)
      for (auto& draw : p.draws) draw.reset();
    write(r, path, true);  // nothing measured yet
    CHECK(digest(read_landscapes(path)) == digest(r));
  }
}

TEST_CASE("files of format 1.1 are read: compared by the theorems' own powers, blind demodulation refused") {
  const Scratch scratch;
  const std::string path = scratch / "l.h5";
  const auto write_as_1_1 = [&](const LandscapeResults& r) {
    write(r, path, true);
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open");
    H5Adelete(file, "format_version");
    hdf5::write_attribute(file, "format_version", std::vector<std::int64_t>{1, 1});
    for (const char* added : {"solution_number", "tried_count", "tried_solution_x", "tried_population_error",
                              "hypothesis_left_side", "epsilon_needed", "descent_of_theorem"})
      if (H5Lexists(file, added, H5P_DEFAULT) > 0) H5Ldelete(file, added, H5P_DEFAULT);
  };
  LandscapeResults r = of_recovery();
  MeasuredLandscape& draw = *r.points[0].draws[0];
  const Comparison now = draw.comparison;
  draw.comparison.K2[0] *= 2;  // as it was defined then
  write_as_1_1(r);
  const LandscapeResults old = read_landscapes(path);
  CHECK(old.points[0].draws[0]->comparison.K2 == now.K2);
  CHECK(old.points[0].draws[0]->comparison.left_side == now.left_side);
  CHECK(old.points[0].draws[0]->solutions.size() == 1);
  for (const Failure& f : verify(old, rebuild_recovery)) FAIL_CHECK(f.point, " ", f.draw, " ", f.what);
  write_as_1_1(of_demodulation());
  fails([&] { read_landscapes(path); }, "measure them again");
}

TEST_CASE("damaged and foreign landscape files are refused with a reason") {
  const Scratch scratch;
  const std::string path = scratch / "l.h5", bad = scratch / "bad.h5";
  const LandscapeResults r = of_recovery();
  write(r, path, false);
  fails([&] { write(r, path, false); }, "exists; give --overwrite");
  const std::string good = load(path);
  fails([&] { read_landscapes(scratch / "none.h5"); }, "no such file");
  for (const std::size_t length : {std::size_t{0}, std::size_t{96}, good.size() / 2, good.size() - 1}) {
    save(bad, good.substr(0, length));
    fails([&] { read_landscapes(bad); }, length < 8 ? "not an HDF5 file" : "damaged HDF5 file");
    fails([&] { write(r, bad, true); }, "will not overwrite");
  }
  const double value = r.points[0].draws[0]->landscape.population_error.value;
  std::string raw(sizeof value, '\0'), flipped = good;
  std::memcpy(raw.data(), &value, sizeof value);
  REQUIRE(good.find(raw) != std::string::npos);
  flipped[good.find(raw)] ^= 1;
  save(bad, flipped);
  fails([&] { read_landscapes(bad); }, "population_error is damaged");

  fails([&] { read(path); }, "holds landscapes, where measurements of a condition are expected");
  Results other;
  other.condition = "wdc";
  other.sizes = {{"n", "rows"}};
  other.witness = {{"x", "argument"}};
  other.points = {{{{"n", {2}}}, {std::nullopt}}};
  write(other, scratch / "m.h5", false);
  CHECK(!holds_landscapes(scratch / "m.h5"));
  fails([&] { read_landscapes(scratch / "m.h5"); }, "holds measurements of a condition, where landscapes are expected");
  fails([&] { write(r, scratch / "m.h5", true); }, "will not overwrite");
}

TEST_CASE("landscape files edited out of shape are refused with a reason") {
  const Scratch scratch;
  const std::string path = scratch / "l.h5";
  const auto edit = [&](const std::function<void(hid_t)>& change, const std::string& part) {
    fs::remove(path);
    write(of_recovery(), path, false);
    {
      const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open");
      change(file);
    }
    fails([&] { read_landscapes(path); }, part);
  };
  const auto set = [](hid_t file, const char* name, const auto& value) {
    H5Adelete(file, name);
    hdf5::write_attribute(file, name, value);
  };
  const auto replace = [](hid_t file, const char* name, const hdf5::Shape& shape, const auto& values) {
    H5Ldelete(file, name, H5P_DEFAULT);
    hdf5::write_dataset(file, name, shape, values);
  };
  edit([&](hid_t file) { set(file, "format_version", std::vector<std::int64_t>{2, 0}); }, "newer theoremeter");
  edit([&](hid_t file) { set(file, "format", std::string("other")); }, "not a theoremeter results file");
  edit([&](hid_t file) { set(file, "problem", std::string("other")); }, "unknown problem");
  edit([&](hid_t file) { H5Ldelete(file, "worst_margin", H5P_DEFAULT); }, "no dataset worst_margin");
  edit([&](hid_t file) { replace(file, "merged", {3, 1}, std::vector<std::int64_t>(3)); }, "has shape");
  edit(
      [&](hid_t file) {
        replace(file, "epsilon_count", {2, 2}, std::vector<std::int64_t>(4, 1000));
      },
      "epsilon_count = 1000");
  edit(
      [&](hid_t file) {
        replace(file, "population_error_where", {2, 2}, std::vector<std::string>(4, "there"));
      },
      "\"there\" is unknown here");
}

TEST_CASE("docs/landscape_format.md lists every path, type and shape of a fresh file, and no other") {
  const Scratch scratch;
  for (LandscapeResults r : {made_up(), of_demodulation()}) {
    r.matrices["W_1"] = Rows::Random(12, 2);
    write(r, scratch / "l.h5", true);
    Placeholders names{{"<argument>", argument_names(r.problem)}, {"<matrix>", {"W_1"}}, {"<size>", {}}};
    for (const Symbol& size : r.sizes) names[size.list ? "<list>" : "<size>"].push_back(size.name);
    const std::set<std::string> document = documented("landscape_format.md", names), file = present(scratch / "l.h5");
    CHECK(file.size() > 100);
    for (const std::string& entry : document) {
      CAPTURE(entry);
      CHECK(file.count(entry) == 1);
    }
    for (const std::string& entry : file) {
      CAPTURE(entry);
      CHECK(document.count(entry) == 1);
    }
  }
}

TEST_CASE("comparison with the theorems") {
  Landscape l;
  l.population_error.value = 0.5;
  l.descent_at_zero.value = 0.25;
  l.implied = {{"x0", 0.1}, {"-rho x0", 0.2}, {"0", 0}};
  const Sizes two{{"widths", {2, 20, 60}}}, three{{"widths", {2, 20, 30, 60}}};
  const std::vector<Epsilon> eps{{"wdc", "W_1", 1, 0.01, {}}, {"rrcp", "", 1, 0.0625, {}}};  // eps^{1/4} = 1/2
  const Comparison c = compare(Problem::phase_retrieval, two, l, eps);
  CHECK(c.K == doctest::Approx(0.5 / (8 * 0.25)));
  REQUIRE(c.K2.size() == 2);
  CHECK(c.K2[0] == doctest::Approx(0.1 / (8 * 0.5)));
  CHECK(c.K2[1] == doctest::Approx(0.2 / (16384 * 0.5)));  // 2^14 [HLV]
  CHECK(c.left_side == 128);
  CHECK(c.epsilon_needed == std::ldexp(1, -32));
  CHECK(c.descent == doctest::Approx(2 * std::numbers::pi));
  CHECK(c.hypothesis == "cannot hold");
  for (const Problem problem : {Problem::inversion, Problem::compressed_sensing}) {
    const Comparison hv = compare(problem, two, l, eps);
    CHECK(hv.K2[1] == doctest::Approx(0.2 / (8192 * 0.5)));  // 2^13 [HV]
    CHECK(compare(problem, three, l, eps).K2[0] == doctest::Approx(0.1 / (27 * 0.5)));
    CHECK(compare(problem, three, l, eps).K2[1] == doctest::Approx(0.2 / (1594323 * 0.5)));  // 3^13
    CHECK(compare(problem, three, l, eps).left_side == doctest::Approx(6561 * 0.5));
  }
  CHECK(compare(Problem::phase_retrieval, three, l, eps).K2[1] == doctest::Approx(0.2 / (4782969 * 0.5)));  // 3^14

  const std::vector<Epsilon> tiny{{"wdc", "W_1", 1, std::ldexp(1, -32), {}}},
      large{{"wdc", "W_1", 1, std::ldexp(1, -31), {}}};
  CHECK(compare(Problem::inversion, two, l, tiny).hypothesis == "not excluded");  // 2^8 2^-8 = 1
  CHECK(compare(Problem::inversion, two, l, tiny).left_side == 1);
  CHECK(compare(Problem::inversion, two, l, large).hypothesis == "cannot hold");
  CHECK(compare(Problem::inversion, {{"widths", {2, 20}}}, l, tiny).hypothesis == "cannot hold");  // d = 1
  CHECK(compare(Problem::inversion, {{"widths", {2, 20}}}, l, tiny).K2.empty());
  CHECK(compare(Problem::compressed_sensing, two, l, tiny).hypothesis == "not decided");
  std::vector<Epsilon> with_rric = tiny;
  with_rric.push_back({"rric", "", 1, std::ldexp(1, -33), {}});
  CHECK(compare(Problem::compressed_sensing, two, l, with_rric).hypothesis == "not excluded");
  with_rric.back().value = 0.0625;  // the larger of both counts
  CHECK(compare(Problem::compressed_sensing, two, l, with_rric).left_side == 128);
  CHECK(compare(Problem::compressed_sensing, two, l, large).hypothesis == "cannot hold");
  const Comparison none = compare(Problem::inversion, two, l, {});
  CHECK(none.hypothesis.empty());
  CHECK((std::isnan(none.K) && std::isnan(none.left_side) && std::isnan(none.epsilon_needed)));
  CHECK(none.descent == c.descent);

  const Comparison flow = compare(Problem::amplitude_flow, {}, l, eps);
  CHECK(flow.K == 8);  // E/eps
  CHECK(flow.K2.empty());
  CHECK(flow.epsilon_needed == 0.001);
  CHECK(flow.left_side == doctest::Approx(62.5));
  CHECK(flow.hypothesis == "cannot hold");
  CHECK(std::isnan(flow.descent));
  CHECK(compare(Problem::amplitude_flow, {}, l, {{"phaseless", "A", 1, 0.001, {}}}).hypothesis == "not excluded");

  l.implied = {{"(h0, m0)", 0.1}, {"(-rho h0, m0)", 0.2}, {"(h0, -rho m0)", 0.3}, {"(-rho h0, -rho m0)", INFINITY}};
  const Sizes both{{"widths", {2, 10, 20}}, {"widths2", {3, 5, 6, 20}}};
  const std::vector<Epsilon> joint{{"joint-wdc", "", 0.5, 0.0625, {}}};
  const Comparison j = compare(Problem::blind_demodulation, both, l, joint);
  CHECK(std::isnan(j.K));
  REQUIRE(j.K2.size() == 4);
  CHECK(j.K2[0] == doctest::Approx(0.1 * 0.5 / (8 * 27 * 0.5)));
  CHECK(j.K2[1] == doctest::Approx(0.2 * 0.5 / (256 * 27 * 0.5)));
  CHECK(j.K2[2] == doctest::Approx(0.3 * 0.5 / (8 * 6561 * 0.5)));
  CHECK(j.K2[3] == INFINITY);
  CHECK(j.left_side == doctest::Approx((128 * 9 + 4 * 2187) * 0.5 / 0.5));
  CHECK(j.epsilon_needed == doctest::Approx(std::pow(0.5 / 9900, 4)));
  CHECK(j.hypothesis == "cannot hold");
}

TEST_CASE("spurious minima are counted by where they are") {
  const Sizes sizes{{"widths", {2, 8, 9}}};
  MeasuredLandscape d;
  d.objective_x0 = 0.1;  // 0.4, scaled
  const auto found = [&] {
    const SpuriousMinima s = spurious_minima(Problem::phase_retrieval, sizes, d);
    return std::pair{s.near, s.elsewhere};
  };
  const auto end = [](double objective, double to_solution, double to_spurious, const char* near = "") {
    DescentEnd e;
    e.objective = objective, e.to_solution = to_solution, e.to_spurious = to_spurious, e.near = near;
    return e;
  };
  d.landscape.stationary = {end(0.39, 0.06, 1.5), end(0.41, 0.04, 1.4), end(0.5, 1.4, 0.3),
                            end(0.5, 1.2, 0.6),   end(0.41, 0.4, 1.2),  end(0.5, 1, 0.6, "0")};
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 2});
  d.census.emplace();
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{0, 0});
  d.census->points = {{{1, 0}, StationaryKind::minimum, 0.09, 0, 1.5},
                      {{1, 0}, StationaryKind::kink_minimum, 0.11, 1.5, 0.01},
                      {{1, 0}, StationaryKind::kink_saddle, 0.11, 1.5, 0.01}};
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 0});
  d.census->zero = StationaryKind::kink_minimum;
  d.census->objective_at_zero = 0.2;
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 1});
  d.census->flat = {{StationaryKind::minimum, 0, 1, {1, 0}, 0.2, {1, 0}},
                    {StationaryKind::minimum, 0, 1, {1, 0}, 0.1, {1, 0}},
                    {StationaryKind::kink_saddle, 2, 2, {0, 0}, 0.2, {1, 0}}};
  d.census->points.push_back({{1, 0}, StationaryKind::minimum, 0.2, 1, 1});
  d.census->points.back().isolated = false;  // an end of the first
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 2});
}

TEST_CASE("JSON and tables of landscapes") {
  const LandscapeResults r = made_up();
  const auto json = to_json(r, r.points[0]);
  CHECK(json.dump().starts_with(
      R"({"problem":"phase-retrieval","sizes":{"m":15,"widths":[2,12,20]},"seed":18364758544493064720,"draws":[{"draw":0,"rho":)"));
  const auto d = json["draws"][0];
  const MeasuredLandscape& m = *r.points[0].draws[0];
  CHECK(d["population_error"]["at_least"].get<double>() == m.landscape.population_error.value);
  CHECK(d["population_error"]["witness"]["r"] == "infinity");
  CHECK(d["neighbourhoods"][0]["centre"] == "x0");
  CHECK(d["neighbourhoods"][1]["radius"] == "infinity");
  CHECK(d["solution_scaled_objective"] == 4 * m.objective_x0);
  CHECK(d["stationary_points"][0]["scaled_objective"] == 4 * m.census->points[0].objective);
  CHECK(d["violation_count"] == 7);
  CHECK(d["violations"][0]["reason"] == "v = 0 along the ray");
  CHECK(d["violations"][0]["x"] == std::vector<double>{1, 0});
  CHECK(d["epsilon"]["conditions"][1]["condition"] == "rrcp");
  CHECK(d["epsilon"]["conditions"][1]["form"] == "tangent");
  CHECK(d["stationary_points"].size() == m.census->points.size());
  CHECK(d["census"]["cells"] == m.census->cells);
  CHECK(json["draws"][1]["stationary_points"].size() == r.points[0].draws[1]->census->points.size());
  const auto descended = to_json(r, r.points[1])["draws"];
  CHECK(descended.size() == 1);  // the other was not measured
  CHECK(descended[0]["epsilon"].is_null());
  CHECK(!descended[0].contains("census"));
  const auto blind = of_demodulation();
  const auto b = to_json(blind, blind.points[0])["draws"][0];
  CHECK(b["rho"].size() == 2);
  CHECK(b["descent_at_zero"]["witness"]["m"].size() == 3);

  // Legend lines only for what occurs.
  CHECK(table(blind, Detail::draws).find("K = ") == std::string::npos);
  LandscapeResults without = of_recovery();
  without.points.erase(without.points.begin());  // without epsilon, and nothing merged
  without.points[0].draws.resize(1);
  without.points[0].draws[0]->landscape.merged = false;
  for (const char* words : {"epsilon >= ", "inf: merged", "a .. b"})
    CHECK(table(without, Detail::points).find(words) == std::string::npos);
  CHECK(table(without, Detail::points).find("The theorem speaks of all x0: its E is at least that of one.") !=
        std::string::npos);
  const std::string by_draw = table(r, Detail::draws), whole = report(r, r.points[0], m);
  CHECK(by_draw.find("phase-retrieval landscape, gaussian ensemble, A gaussian, noise 0.1, seed ") == 0);
  CHECK(by_draw.find("not measured") != std::string::npos);
  CHECK(by_draw.find("draws with a spurious minimum near -rho x0: ") != std::string::npos);
  CHECK(whole.find("merged: an error of this size excludes nothing") != std::string::npos);
  CHECK(whole.find("cannot hold for any K1 >= 1: left side >= ") != std::string::npos);
  CHECK(whole.find(" for K1 = 1; needs eps <= 2.329e-10, found >= ") != std::string::npos);
  CHECK(whole.find("[HLV] 1807.04261v1 Thm II.6: d >= 2 and K1 d^8 eps^(1/4) <= 1") != std::string::npos);
  CHECK(whole.find(" times the |x0|/(8 pi 2^d) of [HV]") != std::string::npos);
  CHECK(whole.find("2 tried, this is number 1: the largest E") != std::string::npos);
  CHECK(d["solution_number"] == 1);
  CHECK(d["solutions"].size() == 2);
  CHECK(d["solutions"][1]["population_error"]["at_least"] == d["population_error"]["at_least"]);
  CHECK(d["epsilon_needed"] == std::ldexp(1, -32));
  CHECK(d["hypothesis_left_side"]["at_least"] == m.comparison.left_side);
  CHECK(whole.find("7 found: ") != std::string::npos);
  CHECK(whole.find("flat set") != std::string::npos);
  CHECK(report(blind, blind.points[0], *blind.points[0].draws[0]).find("d, s >= 2") != std::string::npos);
}

TEST_CASE("verify accepts landscapes as they were measured") {
  for (const Failure& f : verify(of_recovery(), rebuild_recovery)) FAIL_CHECK(f.point, " ", f.draw, " ", f.what);
  for (const Failure& f : verify(of_demodulation(), rebuild_demodulation)) FAIL_CHECK(f.what);
}

TEST_CASE("verify accepts a network that is dead: many violations of every reason") {
  const auto dead = [](std::size_t, std::size_t) {
    Stream s(5);
    Rows W(9, 2);
    for (double& entry : W.reshaped()) entry = -0.1 - s.uniform();
    return RebuiltInstance{inversion(Network({W}), Eigen::Vector2d(0.6, 0.8)), 1, {}, {}};
  };
  const Recovery f = std::get<Recovery>(dead(0, 0).f);
  REQUIRE(f.b.isZero(0));
  LandscapeResults r;
  r.points.push_back({{{"widths", {2, 9}}}, {}});
  LandscapeOptions options = quick();
  options.directions = 1000;
  MeasuredLandscape m;
  m.x0 = {f.x0};
  m.landscape = measure_landscape(f, r.problem, options, Stream(9));
  m.solutions = {tried(m)};
  m.census = census(f, m.landscape.rho[0]);
  add_violations(m.landscape, *m.census, f.x0);
  m.comparison = compare(r.problem, r.points[0].sizes, m.landscape, m.epsilon);
  r.points[0].draws = {m};
  std::map<std::string, std::size_t> listed;
  for (const Violation& v : m.landscape.violations) ++listed[v.reason];
  CHECK(listed["D_p f(0) >= 0"] == max_listed);
  CHECK(listed["v = 0 along the ray"] == max_listed);
  CHECK(listed[by_census] > 0);
  CHECK(m.landscape.rho[0] == 0);
  CHECK(m.landscape.excluded.size() == 2);
  for (const Failure& failure : verify(r, dead)) FAIL_CHECK(failure.what);
}

TEST_CASE("verify finds every kind of tampering with landscapes") {
  const LandscapeResults sound[] = {of_recovery(), of_demodulation()};
  const auto tampered = [&](std::size_t which, const std::string& part,
                            const std::function<void(MeasuredLandscape&)>& change) {
    LandscapeResults r = sound[which];
    change(*r.points[0].draws[0]);
    const std::vector<Failure> failures = verify(r, which ? rebuild_demodulation : rebuild_recovery);
    CAPTURE(part);
    REQUIRE(!failures.empty());
    CHECK(std::any_of(failures.begin(), failures.end(),
                      [&](const Failure& f) { return f.what.find(part) != std::string::npos; }));
  };
  for (const std::size_t which : {0, 1}) {
    tampered(which, "population_error =", [](auto& d) { d.landscape.population_error.value *= 1.0001; });
    tampered(which, "population_error =", [](auto& d) { d.landscape.population_error.direction[0] *= -1; });
    tampered(which, "unit vectors", [](auto& d) { d.landscape.population_error.direction[0] *= 1.001; });
    tampered(which, "worst_margin =", [](auto& d) { d.landscape.worst_margin.value += 1e-6; });
    tampered(which, "descent_at_zero =", [](auto& d) { d.landscape.descent_at_zero.value += 1e-6; });
    tampered(which, "rho =", [](auto& d) { d.landscape.rho[0] += 1e-9; });
    tampered(which, "the seed gives", [](auto& d) { d.x0[0] *= -1; });
    tampered(which, "solution_objective", [](auto& d) { d.objective_x0 += 1e-9; });
    tampered(which, "its witness attains", [](auto& d) { d.epsilon[0].witness.value *= 1.0001; });
    tampered(which, "epsilon of wdc W_1 =", [](auto& d) { d.epsilon[0].value *= 1.0001; });
    tampered(which, "K2", [](auto& d) { d.comparison.K2[0] = 0.5; });
    tampered(which, "hypothesis", [](auto& d) { d.comparison.hypothesis = "not excluded"; });
    tampered(which, "hypothesis_left_side =", [](auto& d) { d.comparison.left_side *= 1.0001; });
    tampered(which, "epsilon_needed =", [](auto& d) { d.comparison.epsilon_needed *= 1.0001; });
    tampered(which, "none of those tried", [](auto& d) { d.solution = 2; });
    tampered(which, "not what its landscape says", [](auto& d) { d.solutions.back().descent_at_zero.value += 1e-6; });
    tampered(which, "are listed", [](auto& d) {
      d.landscape.violations.clear();
      d.landscape.violation_count = 1;
    });
    tampered(which, "is none", [](auto& d) {
      d.landscape.violation_count = 1;
      d.landscape.violations = {{d.x0, 0, "D_p f(0) >= 0"}};  // f falls towards the solution
    });
    tampered(which, "negative", [](auto& d) { d.landscape.outcomes.zero = -1; });
    tampered(which, "more descents", [](auto& d) { d.landscape.stationary.at(0).starts += 100; });
    tampered(which, "objective of a point of descent", [](auto& d) { d.landscape.stationary.at(0).objective += 1e-3; });
    tampered(which, "to_solution", [](auto& d) { d.landscape.stationary.at(0).to_solution += 1e-3; });
  }
  tampered(0, "descent_of_theorem =", [](auto& d) { d.comparison.descent *= 1.0001; });
  tampered(0, "population_error of solution 0 =", [](auto& d) { d.solutions[0].population_error.value *= 0.99; });
  tampered(0, "descent_at_zero of solution 0 =", [](auto& d) { d.solutions[0].descent_at_zero.value += 1e-6; });
  tampered(0, "solution 0 is not the one", [](auto& d) { d.solutions[0].x0[0] *= -1; });
  tampered(0, "larger population error", [](auto& d) { d.solutions[0].population_error.value = 100; });
  tampered(0, "K =", [](auto& d) { d.comparison.K *= 1.01; });
  tampered(0, "objective of a census point", [](auto& d) { d.census->points.at(0).objective += 1e-3; });
  tampered(0, "distance_x0", [](auto& d) { d.census->points.at(0).distance_x0 += 1e-3; });
  tampered(0, "objective_at_zero", [](auto& d) { d.census->objective_at_zero += 1e-3; });
  tampered(0, "inside an excluded", [](auto& d) { d.landscape.excluded.back().radius = 100; });
  tampered(0, "implied neighbourhoods leave out", [](auto& d) {
    d.landscape.merged = false;
    for (Neighbourhood& n : d.landscape.implied) n.radius = 0;
  });
  tampered(0, "spurious minima", [](auto& d) { ++d.spurious.near; });
  tampered(0, "derivative at a kink", [](auto& d) {
    for (StationaryPoint& p : d.census->points) p.counterclockwise += 0.1;
  });
  tampered(0, "is none", [](auto& d) {
    d.landscape.violation_count = 1;
    d.landscape.violations = {{d.x0, 0.5, by_census}};
  });
  tampered(0, "f falls from a minimum", [](auto& d) {
    StationaryPoint& p = d.census->points.at(0);
    p.x = 0.7 * p.x;
    p.kind = StationaryKind::minimum;
  });
  tampered(0, "census_descent_at_zero", [](auto& d) { d.census->descent_at_zero += 1e-3; });
}

}  // namespace theoremeter
