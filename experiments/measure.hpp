// One instance, all the evidence asked for: sample, search, certify, in that order, the best witness handed on.
#pragma once

#include "estimators/certify.hpp"
#include "estimators/measurement.hpp"
#include "estimators/sample.hpp"
#include "estimators/search.hpp"
#include "experiments/request.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

namespace theoremeter {

/// About a second of samples.
inline std::int64_t default_samples(std::int64_t n, std::int64_t k) {
  return std::clamp<std::int64_t>(20'000'000'000 / (n * k * k + 1), 2'000, 500'000);
}

namespace purpose {  // the streams of a draw
inline constexpr std::uint64_t weights = 0, sample = 1, search = 2, fit = 3;
}

/// Runs `work`, adding the wall-clock time it takes to `seconds`.
template <class Work>
void timed(double& seconds, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// A certificate needs an incumbent: without a search of its own asked for, a short one is made and not reported.
template <SignDeviation D>
Measurement measure(const D& d, const Request& request, const Stream& stream, const StageProgress& progress) {
  Measurement m;
  const auto n = static_cast<std::int64_t>(d.rows().rows()), k = static_cast<std::int64_t>(d.rows().cols());
  const auto stage = [&](const std::string& name) { return [&progress, name](double done) { progress(name, done); }; };
  const auto better = [&m](const Witness& w) {
    if (m.witness.point.empty() || w.value > m.witness.value) m.witness = w;
  };
  if (request.sample) {
    timed(m.seconds.sample, [&] {
      const auto count = request.samples.value_or(default_samples(n, k));
      m.sampled = sample(d, count, request.grid.value_or(default_grid(static_cast<int>(k))),
                         stream.at({purpose::sample}), request.threads, stage("sample"));
    });
    better(m.sampled->witness);
    if (m.sampled->diagonal) better(*m.sampled->diagonal);
  }
  if (request.search || request.certify) {
    Searched searched;
    timed(m.seconds.search, [&] {
      searched = search(d, request.starts.value_or(default_starts(n, k)), stream.at({purpose::search}), request.threads,
                        stage("search"));
    });
    better(searched.witness);
    if (request.search) m.searched = searched;
  }
  if (request.certify)
    timed(m.seconds.certify,
          [&] { m.certified = certify(d, m.witness, request.gap, request.nodes, request.threads, stage("certify")); });
  return m;
}

}  // namespace theoremeter
