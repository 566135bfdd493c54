// The results file and what is made of it: round trip, damage, failing writes, format document, JSON, table, verify.
// The "condition" here is a toy, f(x, y) = 1 + c |<x, y>| with c depending on the draw: the files know nothing of the
// WDC.
#include "results/atomic.hpp"
#include "results/file.hpp"
#include "results/hdf5.hpp"
#include "results/json.hpp"
#include "results/table.hpp"
#include "results/verify.hpp"
#include "tests/results_files.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <hdf5_hl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <random>
#include <set>
#include <sstream>

namespace theoremeter {

using namespace testing;

namespace {

// --- A made-up sweep ------------------------------------------------------------------------------------------------

long double toy(std::size_t point, std::size_t draw, const Point& p) {
  const long double c = 0.25L + 0.125L * static_cast<long double>(point) + 0.0625L * static_cast<long double>(draw);
  return 1 + c * std::abs(p[0].cast<long double>().dot(p[1].cast<long double>()));
}

NaiveAtAlpha toy_instance(std::size_t point, std::size_t draw) {
  return [=](double) { return [=](const Point& p, const std::string&) { return toy(point, draw, p); }; };
}

Eigen::VectorXd unit_vector(std::mt19937_64& random, Eigen::Index k) {
  std::normal_distribution<double> normal;
  Eigen::VectorXd x(k);
  for (double& coordinate : x) coordinate = normal(random);
  return x.normalized();
}

Witness toy_witness(std::size_t point, std::size_t draw, Point p) {
  Witness w;
  w.value = static_cast<double>(toy(point, draw, p));
  w.side = draw % 2 ? Side::minus : Side::plus;
  w.margin = 0x1p-1060 * static_cast<double>(1 + draw);  // subnormal
  w.form = draw % 2 ? "tangent" : "";
  w.point = std::move(p);
  return w;
}

Measurement toy_measurement(std::mt19937_64& random, std::size_t point, std::size_t draw, Eigen::Index k,
                            bool certify) {
  const auto pick = [&] { return toy_witness(point, draw, {unit_vector(random, k), unit_vector(random, k)}); };
  const auto better = [](const Witness& a, const Witness& b) { return a.value < b.value ? b : a; };
  Measurement m;
  m.alpha = 1 / 3.;
  m.sampled = Sampled{pick(), {}, 1, {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0}, 100};
  m.witness = m.sampled->witness;
  if (draw != 1) {
    const Eigen::VectorXd x = unit_vector(random, k);
    m.sampled->diagonal = toy_witness(point, draw, {x, x});
    m.witness = better(m.witness, *m.sampled->diagonal);
  }
  const Eigen::VectorXd e = Eigen::VectorXd::Unit(k, k - 1);
  if (draw == 1) m.fit = AlphaFit{0, {{e, e}, {e, -e}}};
  if (draw == 2) m.fit = AlphaFit{0, {{e, e}}};
  m.searched = Searched{pick(), 7, 12345678901};
  m.witness = better(m.witness, m.searched->witness);
  if (certify) m.certified = Certified{m.witness.value * (draw ? 1.5 : 1.005), 4711, draw == 0};
  m.seconds = {0.1, 0.2, certify ? 0.3 : 0};
  return m;
}

/// Three points of different k, three draws each: one draw not measured, one point without certificates, -0 in a
/// witness.
Results toy_results() {
  std::mt19937_64 random(5);
  Results r;
  r.condition = "toy";
  r.ensemble = "gaussian";
  r.grid = "sobol";
  r.gap = 0.01;
  r.seed = 0xfedcba9876543210;
  r.experiment = "# a sweep, with \"quotes\" and \xce\xb5\nk = [2, 3, 5]\n";
  r.sizes = {{"n", "rows"}, {"k", "columns"}, {"widths", "of a network", true}};
  r.witness = {{"x", "first argument"}, {"y", "second argument", false, true}};
  r.factor = 31;
  r.measurements = "rademacher";
  for (std::size_t p = 0; p < 3; ++p) {
    const Eigen::Index k = std::array{2, 3, 5}[p];
    Record record{{{"n", {10 * k}}, {"k", {k}}, {"widths", {k, 7, 10 * k}}}, {}};
    for (std::size_t d = 0; d < 3; ++d) record.draws.emplace_back(toy_measurement(random, p, d, k, p < 2));
    r.points.push_back(std::move(record));
  }
  r.points[0].draws[2].reset();
  r.points[2].draws[0]->searched.reset();
  r.points[2].draws[0]->sampled->diagonal.reset();
  r.points[2].draws[0]->witness = r.points[2].draws[0]->sampled->witness;
  r.points[0].draws[1]->certified->at_most = std::numeric_limits<double>::infinity();
  r.points[0].draws[0]->witness = r.points[0].draws[0]->sampled->witness =
      toy_witness(0, 0, {(Eigen::VectorXd(2) << 1, -0.0).finished(), (Eigen::VectorXd(2) << -1, 0.0).finished()});
  r.points[0].draws[0]->certified->at_most = 1.26;
  r.provenance = this_program();
  return r;
}

/// Every bit of a Results, as text.
std::string digest(const Results& r) {
  std::ostringstream out;
  const auto real = [&](double v) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &v, sizeof v);
    out << std::hex << bits << std::dec << ' ';
  };
  const auto witness = [&](const Witness& w) {
    real(w.value), real(w.margin), out << to_string(w.side) << w.form;
    for (const auto& p : w.point) out << '(', std::for_each(p.begin(), p.end(), real);
  };
  out << r.condition << '|' << r.ensemble << '|' << r.measurements << '|' << r.weights_spec << '|' << r.grid << '|'
      << r.seed << '|' << r.experiment << '|';
  real(r.gap), real(r.factor);
  for (const auto& list : {r.sizes, r.witness})
    for (const Symbol& s : list) out << s.name << '=' << s.meaning << s.list << s.unit << ';';
  for (const auto& [name, W] : r.matrices)
    out << name << W.rows() << 'x' << W.cols(), std::for_each(W.data(), W.data() + W.size(), real);
  for (const Record& point : r.points) {
    for (const auto& [name, size] : point.sizes) out << name << to_text(size) << ' ';
    for (const auto& m : point.draws) {
      out << "\ndraw ";
      if (!m) continue;
      real(m->alpha), witness(m->witness);
      real(m->seconds.sample), real(m->seconds.search), real(m->seconds.certify);
      if (m->sampled) {
        out << "\nsampled ", witness(m->sampled->witness), real(m->sampled->mean), out << m->sampled->count << ' ';
        std::for_each(m->sampled->quantiles.begin(), m->sampled->quantiles.end(), real);
        if (m->sampled->diagonal) witness(*m->sampled->diagonal);
      }
      if (m->searched)
        out << "\nsearched ", witness(m->searched->witness),
            out << m->searched->starts << ' ' << m->searched->evaluations;
      if (m->fit) {
        out << "\nfit ", real(m->fit->at_least);
        for (const Point& point_of_fit : m->fit->points)
          for (const auto& p : point_of_fit) out << '(', std::for_each(p.begin(), p.end(), real);
      }
      if (m->certified)
        out << "\ncertified ", real(m->certified->at_most), out << m->certified->nodes << m->certified->closed;
    }
  }
  const Provenance& v = r.provenance;
  for (const auto* s : {&v.version, &v.commit, &v.compiler, &v.flags, &v.libraries, &v.host_cpu, &v.date})
    out << '|' << *s;
  return out.str();
}

}  // namespace

TEST_CASE("a results file round-trips bit for bit") {
  const Scratch scratch;
  const std::string path = scratch / "r.h5";
  Results r = toy_results();
  write(r, path, false);
  CHECK(digest(read(path)) == digest(r));
  CHECK(scratch.files() == 1);

  r.ensemble = "";
  r.weights_spec = "net.h5:layer1";
  r.matrices["W"] = Rows::Random(7, 3);
  r.matrices["B"] = Rows::Random(1, 1);
  write(r, path, true);
  CHECK(digest(read(path)) == digest(r));
  r.matrices["B"](0, 0) = std::nextafter(r.matrices["B"](0, 0), 2.);
  CHECK(digest(read(path)) != digest(r));  // the digest sees one bit

  for (Record& p : r.points)
    for (auto& m : p.draws) m.reset();
  write(r, path, true);  // nothing measured yet
  CHECK(digest(read(path)) == digest(r));
}

TEST_CASE("arguments may differ in number and dimension") {
  const Scratch scratch;
  Results r = toy_results();
  r.sizes = {{"l", ""}, {"n", ""}, {"p", ""}};
  r.witness = {{"h", ""}, {"x", ""}, {"m", ""}, {"y", ""}};
  r.points.resize(1);
  r.points[0].sizes = {{"l", {20}}, {"n", {2}}, {"p", {4}}};
  Measurement m;
  m.witness.point = {Eigen::VectorXd::Unit(2, 0), Eigen::VectorXd::Unit(2, 1), Eigen::VectorXd::Unit(4, 2),
                     Eigen::VectorXd::Unit(4, 3)};
  r.points[0].draws = {m};
  write(r, scratch / "joint.h5", false);
  CHECK(digest(read(scratch / "joint.h5")) == digest(r));
}

TEST_CASE("existing, foreign and impossible outputs are refused before anything is written") {
  const Scratch scratch;
  const std::string path = scratch / "r.h5";
  const Results r = toy_results();
  write(r, path, false);
  const std::string before = load(path);
  fails([&] { write(r, path, false); }, "exists; give --overwrite");
  CHECK(load(path) == before);
  write(r, path, true);

  save(scratch / "notes.txt", "my notes");
  fails([&] { write(r, scratch / "notes.txt", true); }, "will not overwrite");
  CHECK(load(scratch / "notes.txt") == "my notes");
  save(scratch / "half.h5", before.substr(0, before.size() / 2));
  fails([&] { write(r, scratch / "half.h5", true); }, "will not overwrite");
  CHECK(fs::file_size(scratch / "half.h5") == before.size() / 2);

  fails([&] { write(r, "", false); }, "empty");
  fails([&] { write(r, scratch.path.string(), true); }, "a directory");
  fails([&] { write(r, "/dev/full", true); }, "not a regular file");
  fails([&] { write(r, scratch / "none/r.h5", false); }, "no directory");
  fails([&] { write(r, "/proc/r.h5", false); }, "no file can be made there");
  fails([&] { write(r, scratch / std::string(300, 'a'), false); }, "output ");
  CHECK(scratch.files() == 3);

  fs::create_symlink(path, scratch / "link.h5");
  write(r, scratch / "link.h5", true);
  CHECK(fs::is_symlink(scratch / "link.h5"));
}

TEST_CASE("a write that fails half-way leaves the old file intact and nothing behind") {
  const Scratch scratch;
  const std::string path = scratch / "r.h5";
  Results r = toy_results();
  write(r, path, false);
  const std::string before = load(path);
  r.seed = 2;

  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);  // then write() fails as on a full disk
  const rlimit small{10000, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string replace = message([&] { write(r, path, true); });
  const std::string fresh = message([&] { write(r, scratch / "fresh.h5", false); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);

  CHECK(replace == fmt::format("cannot write {}: File too large; nothing was changed", path));
  CHECK(fresh.find("nothing was changed") != std::string::npos);
  CHECK(load(path) == before);
  CHECK(scratch.files() == 1);
  CHECK(before.size() > 10000);
  write(r, path, true);  // and without the limit it succeeds
  CHECK(read(path).seed == 2);
}

TEST_CASE("a file that appears meanwhile is not replaced without being told") {
  const Scratch scratch;
  const std::string path = scratch / "r.h5";
  save(path, "someone else's");
  fails([&] { replace_file(path, {'a'}, false); }, "File exists; nothing was changed");
  CHECK(load(path) == "someone else's");
  CHECK(scratch.files() == 1);
  replace_file(path, {'a'}, true);
  CHECK(load(path) == "a");
}

TEST_CASE("damaged, foreign and newer files are refused with a reason") {
  const Scratch scratch;
  const std::string path = scratch / "r.h5", bad = scratch / "bad.h5";
  write(toy_results(), path, false);
  const std::string good = load(path);
  fails([&] { read(scratch / "none.h5"); }, "no such file");
  fails([&] { read(scratch.path.string()); }, "not a regular file");
  for (std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{96},
                             good.size() / 3, good.size() / 2, good.size() - 1}) {
    save(bad, good.substr(0, length));
    fails([&] { read(bad); }, length < 8 ? "not an HDF5 file" : "damaged HDF5 file");
  }
  std::string flipped = good;
  flipped[1] ^= 1;
  save(bad, flipped);
  fails([&] { read(bad); }, "not an HDF5 file");
  save(bad, "n,k,eps\n100,2,0.3\n");
  fails([&] { read(bad); }, "not an HDF5 file");

  const double value = toy_results().points[1].draws[1]->certified->at_most;
  std::string raw(sizeof value, '\0');
  std::memcpy(raw.data(), &value, sizeof value);
  REQUIRE(good.find(raw) != std::string::npos);
  flipped = good;
  flipped[good.find(raw)] ^= 1;
  save(bad, flipped);
  fails([&] { read(bad); }, "dataset at_most is damaged");
}

TEST_CASE("files of another kind or of a newer format are refused with a reason") {
  const Scratch scratch;
  const std::string path = scratch / "r.h5";
  const auto edit = [&](const std::function<void(hid_t)>& change) {
    fs::remove(path);
    write(toy_results(), path, false);
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open");
    change(file);
  };
  const auto set = [](hid_t file, const char* name, const auto& value) {
    H5Adelete(file, name);
    hdf5::write_attribute(file, name, value);
  };
  edit([&](hid_t file) { set(file, "format_version", std::vector<std::int64_t>{2, 0}); });
  fails([&] { read(path); }, "newer theoremeter: format 2.0, this one reads 1.x");
  fails([&] { write(toy_results(), path, true); }, "will not overwrite");
  edit([&](hid_t file) { set(file, "format_version", std::vector<std::int64_t>{1, 9}); });
  CHECK(digest(read(path)).size() > 100);  // a minor version only adds
  edit([&](hid_t file) { set(file, "format", std::string("other")); });
  fails([&] { read(path); }, "not a theoremeter results file");
  edit([&](hid_t file) { H5Adelete(file, "format"); });
  fails([&] { read(path); }, "not a theoremeter results file");
  edit([&](hid_t file) { H5Adelete(file, "seed"); });
  fails([&] { read(path); }, "no attribute seed");
  edit([&](hid_t file) { set(file, "seed", std::string("one")); });
  fails([&] { read(path); }, "attribute seed has a wrong type");
  edit([&](hid_t file) { H5Ldelete(file, "margin", H5P_DEFAULT); });
  fails([&] { read(path); }, "no dataset margin");
  edit([&](hid_t file) {
    H5Ldelete(file, "at_most", H5P_DEFAULT);
    hdf5::write_dataset(file, "at_most", {2, 3}, std::vector<double>(6));
  });
  fails([&] { read(path); }, "dataset at_most has shape (2, 3), expected (3, 3)");
  edit([&](hid_t file) {
    H5Ldelete(file, "kind", H5P_DEFAULT);
    hdf5::write_dataset(file, "kind", {3, 3}, std::vector<std::string>(9, "exact"));
  });
  fails([&] { read(path); }, "contradicts the evidence");
}

// --- The format document --------------------------------------------------------------------------------------------

TEST_CASE("docs/results_format.md lists every path, type and shape of a fresh file, and no other") {
  const Scratch scratch;
  Results r = toy_results();
  r.matrices["W"] = Rows::Random(4, 2);
  write(r, scratch / "r.h5", false);
  Placeholders names;
  for (const Symbol& size : r.sizes) names[size.list ? "<list>" : "<size>"].push_back(size.name);
  for (const Symbol& argument : r.witness) names["<argument>"].push_back(argument.name);
  for (const auto& [name, W] : r.matrices) names["<matrix>"].push_back(name);
  const std::set<std::string> document = documented("results_format.md", names), file = present(scratch / "r.h5");
  CHECK(file.size() > 60);
  for (const std::string& entry : document) {
    CAPTURE(entry);
    CHECK(file.count(entry) == 1);
  }
  for (const std::string& entry : file) {
    CAPTURE(entry);
    CHECK(document.count(entry) == 1);
  }
}

// --- What is made of it ---------------------------------------------------------------------------------------------

TEST_CASE("JSON of measure") {
  const Results r = toy_results();
  const auto json = to_json(r, r.points[0]);
  CHECK(json.dump().starts_with(
      R"({"condition":"toy","sizes":{"n":20,"k":2,"widths":[2,7,20]},"seed":18364758544493064720,"draws":[{"draw":0,)"));
  CHECK(json["draws"].size() == 2);  // the third was not measured
  const Measurement& m = *r.points[0].draws[0];
  const auto draw = nlohmann::ordered_json::parse(json.dump())["draws"][0];
  CHECK(draw["at_least"].get<double>() == m.witness.value);  // full precision
  CHECK(draw["at_most"].get<double>() == 1.26);
  CHECK(draw["kind"] == "exact");
  CHECK(draw["alpha"].get<double>() == 1 / 3.);
  CHECK(draw["epsilon_at_least"].get<double>() == m.witness.value / 31);
  CHECK(draw["epsilon_at_most"].get<double>() == 1.26 / 31);
  CHECK(!draw.contains("form"));
  CHECK(json["draws"][1]["form"] == "tangent");
  CHECK(draw["side"] == "plus");
  CHECK(draw["margin"].get<double>() == m.witness.margin);
  CHECK(draw["sampled"]["max"].get<double>() == m.sampled->witness.value);
  CHECK(draw["sampled"]["quantiles"]["0.5"] == 1.0);
  CHECK(draw["sampled"]["count"] == 100);
  CHECK(draw["sampled"]["diagonal"].get<double>() == m.sampled->diagonal->value);
  CHECK(draw["searched"]["starts"] == 7);
  CHECK(draw["witness"]["x"] == std::vector<double>{1, 0});
  CHECK(draw["witness"]["y"] == std::vector<double>{-1, 0});
  CHECK(draw["evaluations"].dump() == R"({"sample":100,"search":12345678901,"certify":4711})");
  CHECK(draw["seconds"].dump() == R"({"sample":0.1,"search":0.2,"certify":0.3})");
  const auto unknown = to_json(r, r.points[2])["draws"][0];
  CHECK(unknown["at_most"].is_null());
  CHECK(unknown["searched"].is_null());
  CHECK(unknown["sampled"]["diagonal"].is_null());
  CHECK(unknown["evaluations"]["certify"].is_null());
  CHECK(unknown["kind"] == "at least");
}

TEST_CASE("the table states every value's direction, rounded so that it stays true") {
  Results r = toy_results();
  const std::string all_columns = table(r, Detail::draws);
  CHECK(all_columns.find("A rademacher") != std::string::npos);
  CHECK(all_columns.find("at least/alpha  at least/31\n") != std::string::npos);
  CHECK(all_columns.find("20  2  2,7,20 ") != std::string::npos);
  r.sizes.pop_back();
  r.factor = 1;
  r.measurements.clear();
  for (Record& point : r.points)
    for (auto& draw : point.draws)
      if (draw) draw->alpha = 1;
  Measurement& m = *r.points[0].draws[0];
  m.sampled->witness.value = 0.30009;
  m.sampled->diagonal->value = 0.2;
  m.witness.value = 0.40006;
  m.certified->at_most = 0.40311;
  const std::string by_draw = table(r, Detail::draws), by_point = table(r, Detail::points);
  std::vector<std::string> lines = split(by_draw, '\n');
  CHECK(lines[0] == "toy constant, gaussian ensemble, seed 18364758544493064720");
  const auto line = [&](std::size_t i) {
    std::istringstream in(lines[i]);
    std::string words, word;
    while (in >> word) words += (words.empty() ? "" : " ") + word;
    return words;
  };
  CHECK(line(1) == "n k draw sampled at least at most kind gap sampled/at least");
  CHECK(line(3) == "20 2 0 >= 0.3000 >= 0.4000 <= 0.4032 exact 0.8 % 75.0 %");
  CHECK(line(5) == "20 2 2 - - - not measured - -");
  CHECK(line(9).find("- at least - 100.0 %") != std::string::npos);
  CHECK(std::all_of(lines.begin() + 1, lines.begin() + 12, [&](const auto& l) { return l.size() <= lines[2].size(); }));
  CHECK(by_draw.find("exact: both agree to the relative gap asked for, 1 %") != std::string::npos);
  CHECK(std::count(by_point.begin(), by_point.end(), '\n') == std::count(by_draw.begin(), by_draw.end(), '\n') - 6);
  CHECK(by_point.find("exact, bracket") != std::string::npos);
  CHECK(by_point.find(" .. ") != std::string::npos);
}

TEST_CASE("verify accepts what is right") {
  const Scratch scratch;
  write(toy_results(), scratch / "r.h5", false);
  for (const Failure& f : verify(read(scratch / "r.h5"), toy_instance)) FAIL_CHECK(f.point, " ", f.draw, " ", f.what);
}

TEST_CASE("verify finds every kind of tampering, and where") {
  const auto tampered = [](std::size_t point, std::size_t draw, const std::string& part,
                           const std::function<void(Measurement&)>& change) {
    Results r = toy_results();
    change(*r.points[point].draws[draw]);
    const std::vector<Failure> failures = verify(r, toy_instance);
    CAPTURE(part);
    REQUIRE(!failures.empty());
    CHECK(std::all_of(failures.begin(), failures.end(),
                      [&](const Failure& f) { return f.point == point && f.draw == draw; }));
    CHECK(std::any_of(failures.begin(), failures.end(),
                      [&](const Failure& f) { return f.what.find(part) != std::string::npos; }));
  };
  tampered(1, 1, "at_least =", [](Measurement& m) { m.witness.value *= 1 + 1e-9; });
  tampered(1, 1, "but its witness attains", [](Measurement& m) { m.searched->witness.value *= 1 - 1e-9; });
  tampered(2, 0, "sampled_max =", [](Measurement& m) {
    m.sampled->witness.point[0].swap(m.sampled->witness.point[1]),
        m.sampled->witness.point[0] = Eigen::VectorXd::Unit(5, 0);
  });
  tampered(2, 2, "has length", [](Measurement& m) { m.witness.point[1] *= 1.001; });
  tampered(2, 2, "arguments, not 2", [](Measurement& m) { m.witness.point.pop_back(); });
  tampered(1, 0, "exceeds at_most", [](Measurement& m) { m.certified->at_most = m.witness.value * 0.999; });
  tampered(1, 0, "kind is exact", [](Measurement& m) { m.certified->at_most = m.witness.value * 1.02; });
  tampered(2, 1, "below the best evidence", [](Measurement& m) {
    m.witness = m.witness.value == m.searched->witness.value ? m.sampled->witness : m.searched->witness;
  });
  tampered(2, 1, "exceeds the best evidence", [](Measurement& m) { m.searched.reset(), m.sampled.reset(); });
  tampered(0, 0, "not in order",
           [](Measurement& m) { std::swap(m.sampled->quantiles[0], m.sampled->quantiles[1] = 1.1); });
  tampered(0, 0, "exceeds sampled_max", [](Measurement& m) { m.sampled->mean = 2; });
  tampered(0, 0, "diagonal's arguments differ", [](Measurement& m) { m.sampled->diagonal->point[0] *= -1; });
  tampered(0, 1, "margin", [](Measurement& m) { m.witness.margin = -1; });
  tampered(0, 1, "margin", [](Measurement& m) { m.witness.margin = NAN; });
  tampered(0, 1, "alpha", [](Measurement& m) { m.alpha = 0; });
  tampered(0, 1, "its points prove only", [](Measurement& m) { m.fit->at_least = 1e-6; });
  tampered(0, 1, "no norm", [](Measurement& m) { m.witness.value = NAN; });
}

}  // namespace theoremeter
