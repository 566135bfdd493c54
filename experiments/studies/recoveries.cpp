#include "experiments/studies/recoveries.hpp"

#include "estimators/recovery/alternating.hpp"
#include "estimators/recovery/amplitude.hpp"
#include "estimators/recovery/copram.hpp"
#include "estimators/recovery/generative.hpp"
#include "estimators/recovery/lasso.hpp"
#include "estimators/recovery/spectral.hpp"
#include "estimators/recovery/wirtinger.hpp"
#include "experiments/studies/landscapes.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/error.hpp"
#include "theory/images.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr const char *first_network = "W", *second_network = "W2", *images = "images", *images2 = "images2";

bool has_network(const Algorithm& a) { return a.prior == Prior::network || a.prior == Prior::networks; }
bool is_signal(const Algorithm& a) { return !has_network(a); }

/// Is it recovered from amplitudes?
bool is_phaseless(const RecoverySetting& s) {
  return s.algorithm->prior == Prior::network ? s.problem == Problem::phase_retrieval : s.algorithm->phaseless;
}
bool has_matrix(const RecoverySetting& s) {
  return s.algorithm->prior != Prior::networks &&
         !(s.algorithm->prior == Prior::network && s.problem == Problem::inversion);
}

VectorXd normals(Index n, Stream stream) {
  VectorXd v(n);
  for (double& entry : v) entry = stream.normal();
  return v;
}

/// N(0, 1) on a support that is uniform, or everywhere.
VectorXd sparse_vector(Index n, Index s, Stream stream) {
  if (s == 0) return normals(n, stream);
  VectorXd x = VectorXd::Zero(n);
  for (Index count = 0; count < s;) {
    const auto j = std::min(n - 1, static_cast<Index>(stream.uniform() * static_cast<double>(n)));
    if (x[j] != 0) continue;
    x[j] = stream.normal();
    ++count;
  }
  return x;
}

const VectorXd* column(const Matrices& given, const std::string& name, VectorXd& held) {
  const auto at = given.find(name);
  if (at == given.end()) return nullptr;
  held = at->second.col(0);
  return &held;
}

VectorXd given_or_empty(const Matrices& given, const std::string& name) {
  VectorXd held;
  return column(given, name, held) ? held : VectorXd();
}

/// b + e with |e| about noise |b|; amplitudes stay at least 0.
VectorXd noisy(VectorXd b, double noise, bool phaseless, const Stream& draw) {
  if (noise == 0) return b;
  const double deviation = noise * b.norm() / std::sqrt(static_cast<double>(b.size()));
  b += deviation * normals(b.size(), draw.at({purpose::noise}));
  return phaseless ? VectorXd(b.cwiseMax(0.0)) : b;
}

/// Of images, the one asked for.
VectorXd numbered_row(const RecoverySetting& s, const char* name) { return s.given.at(name).row(s.image); }

std::int64_t size_or_zero(const Sizes& sizes, const std::string& name) {
  const auto at = sizes.find(name);
  return at == sizes.end() ? 0 : at->second.at(0);
}

std::int64_t needed(const Sizes& sizes, const std::string& name) {
  if (!sizes.contains(name)) throw InputError(fmt::format("{} is missing: give the sizes, or matrices", name));
  return sizes.at(name).at(0);
}

/// What the unknown has as its entries: n or k, or both networks' inputs.
std::vector<std::int64_t> unknown_sizes(const RecoverySetting& s) {
  switch (s.algorithm->prior) {
    case Prior::network:
      return {s.sizes.at("widths")[0]};
    case Prior::networks:
      return {s.sizes.at("widths")[0], s.sizes.at("widths2")[0]};
    default:
      return {needed(s.sizes, "n")};
  }
}

std::int64_t unknowns(const RecoverySetting& s) {
  std::int64_t all = 0;
  for (const std::int64_t k : unknown_sizes(s)) all += k;
  return all;
}

VectorXd drawn_truth(const RecoverySetting& s, const Stream& draw) {
  const Stream stream = draw.at({purpose::solution});
  if (is_signal(*s.algorithm)) return sparse_vector(needed(s.sizes, "n"), size_or_zero(s.sizes, "sparsity"), stream);
  const std::vector<std::int64_t> sizes = unknown_sizes(s);
  VectorXd x(unknowns(s));
  Index begin = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    x.segment(begin, sizes[i]) = normals(sizes[i], sizes.size() == 1 ? stream : stream.at({i})).normalized();
    begin += sizes[i];
  }
  return x;
}

VectorXd truth_of(const RecoverySetting& s, const Stream& draw) {
  if (s.given.contains("observations")) return given_or_empty(s.given, "truth");
  if (s.given.contains(images)) return is_signal(*s.algorithm) ? wavelet_coefficients(true_pixels(s)) : VectorXd();
  const VectorXd given = given_or_empty(s.given, "x0");
  return given.size() > 0 ? given : drawn_truth(s, draw);
}

/// The columns of starts: the one given first, then drawn; behind them their negatives, if asked.
MatrixXd starts_of(const RecoverySetting& s, const RecoveryRequest& r, const Stream& draw) {
  MatrixXd X(unknowns(s), r.restarts);
  for (Index c = 0; c < X.cols(); ++c) {
    X.col(c) = normals(X.rows(), draw.at({purpose::start, static_cast<std::uint64_t>(c)}));
    if (s.algorithm->prior != Prior::networks) continue;
    const Index n = unknown_sizes(s)[0];
    X.col(c).head(n).normalize(), X.col(c).tail(X.rows() - n).normalize();
  }
  if (s.given.contains("start")) X.col(0) = given_or_empty(s.given, "start");
  if (!r.two_starts) return X;
  MatrixXd both(X.rows(), 2 * X.cols());
  both << X, -X;
  return both;
}

AmplitudeFlow flow_of(const RecoverySetting& s, const RecoveryRequest& r) {
  const bool sparta = s.algorithm->name == "sparta", official = r.preset == "official";
  AmplitudeFlow how;
  how.step = default_step(s, r);
  if (sparta) {
    how.gamma = r.gamma.value_or(official ? 1 : 0.7);
    how.sparsity = needed(s.sizes, "sparsity");
    how.slack = official ? 0x1p-52 : 0;
  }
  if (s.algorithm->name == "taf") how.gamma = r.gamma.value_or(0.7);
  if (s.algorithm->name == "raf") how.eta = r.eta.value_or(10);
  return how;
}

/// The first iterate, from the normals of a power iteration.
VectorXd spectral_start(const RecoverySetting& s, const RecoveryRequest& r, const Recovery& f, const VectorXd& v) {
  const std::string& name = s.algorithm->name;
  if (name == "raf") return raf_start(f.A, f.b, v);
  if (name == "twf") return twf_start(f.A, f.b, v);
  if (name == "thwf") return thwf_start(f.A, f.b, v);
  if (s.algorithm->prior != Prior::sparse) return taf_start(f.A, f.b, v);
  const std::int64_t sparsity = needed(s.sizes, "sparsity");
  if (name == "copram") return copram_start(f.A, f.b, sparsity, v);
  return r.preset == "official" ? sparta_start(f.A, f.b, sparsity, v) : sparta_start_weighted(f.A, f.b, sparsity, v);
}

RecoveryRun run_signal(const RecoverySetting& s, const RecoveryRequest& r, const Recovery& f, const VectorXd& start) {
  const std::string& name = s.algorithm->name;
  if (name == "lasso") {
    const VectorXd x = r.spectral ? VectorXd(VectorXd::Zero(start.size())) : start;
    return lasso(f.A, f.b, x, {r.lambda.value_or(Lasso().lambda)}, r.rules);
  }
  const VectorXd z = r.spectral ? spectral_start(s, r, f, start) : start;
  if (name == "copram") return copram(f.A, f.b, z, needed(s.sizes, "sparsity"), r.rules);
  if (name == "thwf") return thwf(f.A, f.b, z, default_step(s, r), r.rules);
  if (name == "twf") return twf(f.A, f.b, z, default_step(s, r), r.rules);
  return amplitude_flow(f.A, f.b, z, flow_of(s, r), r.rules);
}

std::vector<RecoveryRun> runs_of(const RecoverySetting& s, const RecoveryRequest& r, const RecoveryInstance& instance,
                                 const MatrixXd& starts) {
  const double step = s.algorithm->name == "lasso" ? 0 : default_step(s, r);
  if (const auto* g = std::get_if<Demodulation>(&instance))
    return alternate(*g, starts.topRows(g->G1.input), starts.bottomRows(g->G2.input), {step, r.negation, r.momentum},
                     r.rules);
  const Recovery& f = std::get<Recovery>(instance);
  if (s.algorithm->prior == Prior::network)
    return descend(f, starts, {step, r.negation, r.adam ? Optimiser::adam : Optimiser::gradient}, r.rules);
  std::vector<RecoveryRun> all;
  for (Index c = 0; c < starts.cols(); ++c) all.push_back(run_signal(s, r, f, starts.col(c)));
  return all;
}

Restart restart_of(const RecoveryInstance& instance, const VectorXd& pixels, RecoveryRun run) {
  Restart r;
  r.x = std::move(run.x);
  r.steps = run.steps;
  r.negations = run.negations;
  r.last_negation = run.last_negation;
  r.ended = static_cast<RunEnd>(run.ended);
  r.rate = run.rate.rate;
  r.rate_fit = run.rate.fit;
  r.rate_steps = run.rate.steps;
  appraise(instance, r, pixels);
  return r;
}

/// [AF Thm 2]: (1 - alpha/2)^t and 4 |eta|, for A with rows N(0, I/m); [HLV20]: 1 - (7/8) alpha/2^d.
void add_theory(const RecoverySetting& s, const RecoveryRequest& r, const RecoveryInstance& instance,
                MeasuredRecovery& d) {
  if (r.adam) return;
  if (s.algorithm->name == "amplitude-flow") {
    d.theory_rate = 1 - default_step(s, r) / 2;
    const VectorXd& b = observations(instance);
    if (d.x0.size() > 0)
      d.theory_floor = 4 * d.noise * b.norm() / (std::sqrt(static_cast<double>(b.size())) * d.x0.norm());
  } else if (s.algorithm->name == "dpr") {
    d.theory_rate = 1 - 7.0 / 8 * default_step(s, r) / std::ldexp(1, std::get<Recovery>(instance).G.depth());
  }
}

/// The landscape problem whose theorem's conditions are measured, and its matrices: A with rows N(0, I/m).
std::pair<LandscapeSetting, Matrices> conditions_of(const RecoverySetting& s, const Stream& draw) {
  LandscapeSetting l;
  l.problem = s.algorithm->prior == Prior::networks ? Problem::blind_demodulation
              : s.algorithm->prior == Prior::none   ? Problem::amplitude_flow
                                                    : s.problem;
  l.ensembles = s.ensembles;
  l.sizes = s.sizes;
  l.given = s.given;
  Matrices m = matrices_of(s, draw);
  if (is_signal(*s.algorithm)) m.at("A") /= std::sqrt(static_cast<double>(m.at("A").rows()));
  return {std::move(l), std::move(m)};
}

void check_length(const RecoverySetting& s, const std::string& name, std::int64_t length) {
  const auto at = s.given.find(name);
  if (at != s.given.end() && at->second.rows() != length)
    throw InputError(fmt::format("{} has {} entries, where {} would fit the rest", name, at->second.rows(), length));
}

std::int64_t measurements_of(const RecoverySetting& s) {
  return has_matrix(s) ? needed(s.sizes, "m") : s.sizes.at("widths").back();
}

/// Square ones that fit the network, of which one has the number asked for.
void check_images(const RecoverySetting& s, const char* name, const char* widths) {
  const Rows& all = s.given.at(name);
  if (side_of(all.cols()) < least_side)
    throw InputError(
        fmt::format("{} of {} pixels: must be square, with sides of at least {}", name, all.cols(), least_side));
  if (s.image >= all.rows())
    throw InputError(fmt::format("image = {}: there are {} {}, counted from 0 on", s.image, all.rows(), name));
  if (has_network(*s.algorithm) && s.sizes.at(widths).back() != all.cols())
    throw InputError(
        fmt::format("{} of {} pixels: the network has {} outputs", name, all.cols(), s.sizes.at(widths).back()));
  if (all.row(s.image).isZero(0)) throw InputError(fmt::format("image = {}: is black", s.image));
}

/// Beside what images leave open.
void check_images(const RecoverySetting& s) {
  const bool one = s.given.contains(images), two = s.given.contains(images2);
  if (s.algorithm->prior == Prior::networks && one != two)
    throw InputError(fmt::format("{}: blind demodulation is of two images, give {} too", one ? images : images2,
                                 one ? images2 : images));
  if (!one) {
    if (s.image > 0) throw InputError(fmt::format("image = {}: is one of the images; none are given", s.image));
    return;
  }
  for (const char* name : {"x0", "truth", "observations"})
    if (s.given.contains(name))
      throw InputError(fmt::format("{}: has no place beside images, which are the truth", name));
  check_images(s, images, "widths");
  if (two) check_images(s, images2, "widths2");
}

void check_given(const RecoverySetting& s) {
  for (const char* name : {"x0", "truth", "start"}) check_length(s, name, unknowns(s));
  check_length(s, "observations", measurements_of(s));
  const bool observed = s.given.contains("observations");
  if (observed && s.given.contains("x0"))
    throw InputError("x0: makes observations, and has no place beside those given; truth compares with it");
  if (!observed && s.given.contains("truth"))
    throw InputError("truth: is compared with what observations give; without them say x0");
  if (!observed) return;
  const Rows& b = s.given.at("observations");
  for (Index i = 0; is_phaseless(s) && i < b.rows(); ++i)
    if (b(i, 0) < 0)
      throw InputError(fmt::format("observations: entry {} is {}; amplitudes are not negative", i + 1, b(i, 0)));
}

}  // namespace

const std::vector<Algorithm>& algorithms() {
  static const std::vector<Algorithm> all{
      {"dpr",
       "phase retrieval with a generative prior: descent with the test of the sign [HLV Alg. 1]",
       Prior::network,
       true,
       {},
       2000,
       {"negation", "adam", "two_starts"}},
      {"subgradient",
       "inversion, compressed sensing or phase retrieval with a generative prior, the same test [HHHV]",
       Prior::network,
       false,
       {},
       2000,
       {"problem", "negation", "adam", "two_starts"}},
      {"alternating",
       "blind demodulation: alternating descent [HJ Alg. 1]",
       Prior::networks,
       false,
       {},
       2000,
       {"negation", "momentum", "two_starts"}},
      {"amplitude-flow",
       "phase retrieval by amplitude flow [AF], started as TAF",
       Prior::none,
       true,
       {},
       1000,
       {"spectral"}},
      {"taf",
       "truncated amplitude flow (gangwg.github.io e26e4a9)",
       Prior::none,
       true,
       {},
       1000,
       {"gamma", "spectral"}},
      {"raf", "reweighted amplitude flow (gangwg.github.io e26e4a9)", Prior::none, true, {}, 1000, {"eta", "spectral"}},
      {"twf", "truncated Wirtinger flow (gangwg.github.io e26e4a9)", Prior::none, true, {}, 1000, {"spectral"}},
      {"sparta",
       "sparse truncated amplitude flow (gangwg.github.io e26e4a9; GauriJagatap/model-copram 0c64453)",
       Prior::sparse,
       true,
       {"official", "model-copram"},
       1000,
       {"preset", "gamma", "spectral"}},
      {"copram", "signs, then CoSaMP (GauriJagatap/model-copram 0c64453)", Prior::sparse, true, {}, 100, {"spectral"}},
      {"thwf",
       "thresholded Wirtinger flow (GauriJagatap/model-copram 0c64453)",
       Prior::sparse,
       true,
       {},
       1000,
       {"spectral"}},
      {"lasso",
       "compressed sensing of sparse vectors by l1 minimisation: FISTA (Beck, Teboulle 2009)",
       Prior::sparse,
       false,
       {},
       2000,
       {"lambda", "spectral"}}};
  return all;
}

const Algorithm& algorithm_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Algorithm& a : algorithms()) names.push_back(a.name);
  return algorithms()[position("algorithm", name, names)];
}

std::vector<Shape> shapes(const RecoverySetting& s) {
  std::vector<Shape> all;
  if (has_network(*s.algorithm)) {
    if (!s.sizes.contains("widths")) needed(s.sizes, "widths");
    all = network_shapes(s.sizes.at("widths"), s.ensembles.weights, first_network);
  }
  if (s.algorithm->prior == Prior::networks) {
    if (!s.sizes.contains("widths2")) needed(s.sizes, "widths2");
    for (const Shape& shape : network_shapes(s.sizes.at("widths2"), s.ensembles.weights, second_network))
      all.push_back(shape);
    if (s.sizes.at("widths").back() != s.sizes.at("widths2").back())
      throw InputError(fmt::format("widths = {} and widths2 = {}: both must end in the same number of outputs",
                                   to_text(s.sizes.at("widths")), to_text(s.sizes.at("widths2"))));
  }
  if (has_matrix(s)) {
    const std::int64_t n = has_network(*s.algorithm) ? s.sizes.at("widths").back() : needed(s.sizes, "n");
    all.push_back({"A", needed(s.sizes, "m"), n, s.ensembles.measurements});
  }
  return all;
}

VectorXd true_pixels(const RecoverySetting& s) {
  if (!s.given.contains(images)) return {};
  if (s.algorithm->prior != Prior::networks) return numbered_row(s, images);
  const VectorXd first = numbered_row(s, images), second = numbered_row(s, images2);
  VectorXd both(first.size() + second.size());
  both << first, second;
  return both;
}

Matrices given_to(const Algorithm& a, const Matrices& all) {
  Matrices some = all;
  std::erase_if(some, [&](const auto& matrix) {
    return (is_signal(a) && matrix.first.starts_with(first_network)) ||
           (a.prior != Prior::networks && matrix.first == images2);
  });
  return some;
}

Sizes sizes_of(const RecoverySetting& s) {
  Sizes sizes;
  if (s.given.contains(layer_name(0, first_network))) sizes["widths"] = network_of(s.given, first_network).widths();
  if (s.given.contains(layer_name(0, second_network))) sizes["widths2"] = network_of(s.given, second_network).widths();
  if (const auto A = s.given.find("A"); A != s.given.end()) {
    sizes["m"] = {A->second.rows()};
    if (is_signal(*s.algorithm)) sizes["n"] = {A->second.cols()};
  }
  if (const auto all = s.given.find(images); all != s.given.end() && is_signal(*s.algorithm))
    sizes["n"] = {coefficients_of(all->second.cols())};
  return sizes;
}

void check(const RecoverySetting& s, const RecoveryRequest& r) {
  const std::vector<Shape> all = shapes(s);
  check_shapes(all, s.given);
  check_images(s);
  const bool sparse = s.algorithm->prior == Prior::sparse;
  if (sparse && !s.sizes.contains("sparsity") && s.algorithm->name != "thwf" && s.algorithm->name != "lasso")
    throw InputError("sparsity is missing: the number of entries of x that are not 0");
  if (is_signal(*s.algorithm) && size_or_zero(s.sizes, "sparsity") > needed(s.sizes, "n"))
    throw InputError(
        fmt::format("sparsity = {}: must be at most n = {}", needed(s.sizes, "sparsity"), needed(s.sizes, "n")));
  if (!r.preset.empty()) position("preset", r.preset, s.algorithm->presets);
  if (!(r.momentum < 1)) throw InputError(fmt::format("momentum = {}: must be less than 1", r.momentum));
  check_given(s);
}

Matrices matrices_of(const RecoverySetting& s, const Stream& draw) {
  Matrices m = draw_matrices(shapes(s), s.given, draw);
  if (is_signal(*s.algorithm) && !s.given.contains("A")) m.at("A") *= std::sqrt(static_cast<double>(m.at("A").rows()));
  return m;
}

RecoveryInstance instance_of(const RecoverySetting& s, const Stream& draw) {
  const Matrices m = matrices_of(s, draw);
  const VectorXd x0 = truth_of(s, draw), b = given_or_empty(s.given, "observations");
  if (s.algorithm->prior == Prior::networks) {
    Demodulation g;
    g.G1 = network_of(m, first_network), g.G2 = network_of(m, second_network);
    if (x0.size() > 0) g.h0 = x0.head(g.G1.input), g.m0 = x0.tail(g.G2.input);
    if (b.size() > 0) {
      g.b = b;
      return g;
    }
    const VectorXd y1 = x0.size() > 0 ? forward(g.G1, g.h0) : numbered_row(s, images),
                   y2 = x0.size() > 0 ? forward(g.G2, g.m0) : numbered_row(s, images2);
    g.b = noisy(y1.cwiseProduct(y2), s.noise, false, draw);
    return g;
  }
  Recovery f;
  f.phaseless = is_phaseless(s);
  f.G = has_network(*s.algorithm) ? network_of(m, first_network) : Network::identity(m.at("A").cols());
  if (has_matrix(s)) f.A = m.at("A");
  f.x0 = x0;
  if (b.size() > 0) {
    f.b = b;
    return f;
  }
  const VectorXd y = x0.size() > 0 ? forward(f.G, x0) : true_pixels(s),
                 measured = f.A.size() > 0 ? VectorXd(f.A * y) : y;
  f.b = noisy(f.phaseless ? VectorXd(measured.cwiseAbs()) : measured, s.noise, f.phaseless, draw);
  return f;
}

double default_step(const RecoverySetting& s, const RecoveryRequest& r) {
  if (r.step) return *r.step;
  if (r.adam) return 0.05;
  const auto depth = [&](const char* widths) { return static_cast<int>(s.sizes.at(widths).size()) - 1; };
  switch (s.algorithm->prior) {
    case Prior::network: {
      const int d = depth("widths");
      return std::ldexp(1, d) / (d * d);
    }
    case Prior::networks:
      return std::ldexp(static_cast<double>(s.sizes.at("widths").back()) / 4, depth("widths") + depth("widths2"));
    default:
      const std::string& name = s.algorithm->name;
      return name == "raf" ? 2 : name == "twf" ? 0.2 : name == "thwf" ? 0.23 : name == "sparta" ? 1 : 0.6;
  }
}

NaiveDeviation naive_of(const RecoverySetting& s, const Stream& draw, const Epsilon& epsilon) {
  const auto [landscape, matrices] = conditions_of(s, draw);
  return naive_of(landscape, matrices, epsilon);
}

MeasuredRecovery measure(const RecoverySetting& s, const RecoveryRequest& r, const Stream& draw,
                         const StageProgress& progress) {
  const RecoveryInstance instance = instance_of(s, draw);
  if (observations(instance).isZero(0)) throw Undefined("all observations are 0");
  MeasuredRecovery d;
  timed(d.seconds, [&] {
    std::vector<RecoveryRun> runs = runs_of(s, r, instance, starts_of(s, r, draw));
    d.true_pixels = true_pixels(s);
    d.x0 = truth(instance);
    d.noise = relative_noise(instance);
    for (const RecoveryRun& run : runs) d.restarts.push_back(restart_of(instance, d.true_pixels, run));
    const std::size_t best = kept(d);
    d.x = d.restarts[best].x;
    if (d.true_pixels.size() > 0) d.pixels = pixels_at(instance, d.x, d.true_pixels);
    d.success = succeeds(d.restarts[best], r.tolerance);
    for (Traced& t : runs[best].trace) d.trace.push_back({t.step, t.residual, error_of(instance, t.x), std::move(t.x)});
    d.residuals = std::move(runs[best].residuals);
    add_theory(s, r, instance, d);
  });
  if (r.condition_starts == 0) return d;
  LandscapeRequest conditions;
  conditions.condition_starts = r.condition_starts;
  conditions.threads = r.threads;
  const auto [landscape, matrices] = conditions_of(s, draw);
  d.epsilon = measure_epsilons(landscape, matrices, conditions, draw, progress);
  return d;
}

}  // namespace theoremeter
