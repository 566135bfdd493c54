// One instance, all the evidence asked for: sample, search, certify, in that order, the best witness handed on.
#pragma once

#include "estimators/certify.hpp"
#include "estimators/decide.hpp"
#include "estimators/forecast.hpp"
#include "estimators/measurement.hpp"
#include "estimators/sample.hpp"
#include "estimators/search.hpp"
#include "estimators/spectral_bound.hpp"
#include "experiments/studies/request.hpp"
#include "theory/error.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter {

/// About a second of samples.
inline std::int64_t default_samples(std::int64_t n, std::int64_t k) {
  return std::clamp<std::int64_t>(20'000'000'000 / (n * k * k + 1), 2'000, 500'000);
}

template <Deviation D>
std::int64_t default_samples(const D& d) {
  return default_samples(d.rows().rows(), d.rows().cols());
}

/// On four spheres, those of the joint-WDC, there is as much to be found as on two of twice the dimension.
template <Deviation D>
std::int64_t default_starts(const D& d) {
  return default_starts(d.rows().rows(), d.rows().cols() * d.spheres() / 2);
}

/// Runs `work`, adding the wall-clock time it takes to `seconds`.
template <class Work>
void timed(double& seconds, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// A condition may consist of several inequalities, each a deviation; its constant is the largest of their suprema.
template <class D>
struct Part {
  D deviation;
  std::string form = {};                // what a witness calls this part
  std::vector<std::size_t> order = {};  // of the part's spheres among the condition's arguments; empty: the same

  /// A witness of the part as one of the condition.
  Witness to_condition(Witness w) const {
    if (!form.empty()) w.form = form;
    Point p = w.point;
    for (std::size_t s = 0; s < order.size(); ++s) p[order[s]] = std::move(w.point[s]);
    w.point = std::move(p);
    return w;
  }
};

template <class D>
concept Certifiable = requires(const D& d, Witness& incumbent, const Progress& progress) {
  certify(d, incumbent, 0.01, 1, 1, progress);
};

/// The evidence about several parts as evidence about the largest: budgets are shared equally among them.
template <class D>
class Measuring {
 public:
  Measuring(const std::vector<Part<D>>& parts, const Request& request, const Stream& stream,
            const StageProgress& progress, std::optional<Searched> searched)
      : parts_(parts), request_(request), stream_(stream), progress_(progress), searched_(std::move(searched)) {}

  /// Throws DefinedNowhere when the deviation is. A certificate needs an incumbent: without a search of its
  /// own asked for, a short one is made and not reported.
  Measurement run() {
    if (request_.sample) timed(m_.seconds.sample, [&] { sample_parts(); });
    if ((request_.search || request_.certify) && !refuted()) timed(m_.seconds.search, [&] { search_parts(); });
    if constexpr (Certifiable<D>)
      if (request_.certify && !refuted()) timed(m_.seconds.certify, [&] { certify_parts(); });
    if (request_.search || request_.certify) timed(m_.seconds.certify, [&] { bound_parts(); });
    if (m_.witness.point.empty())
      throw DefinedNowhere("the deviation is defined at no point tried: G(x) = 0 wherever it was looked at");
    return std::move(m_);
  }

 private:
  std::int64_t share(std::int64_t budget) const {
    return std::max<std::int64_t>(1, budget / static_cast<std::int64_t>(parts_.size()));
  }
  Stream own(std::uint64_t purpose, std::size_t part) const {
    return part == 0 ? stream_.at({purpose}) : stream_.at({purpose, part});
  }
  Progress stage(const std::string& name, std::size_t part) const {
    return [this, name, part](double done) {
      progress_(name, (static_cast<double>(part) + done) / static_cast<double>(parts_.size()));
    };
  }
  bool refuted() const { return request_.decide && m_.witness.value > *request_.decide; }
  void better(const Witness& w) {
    if (m_.witness.point.empty() || w.value > m_.witness.value) m_.witness = w;
  }
  static void keep_larger(Witness& best, Witness w) {
    if (best.point.empty() || w.value > best.value) best = std::move(w);
  }

  void sample_parts() {
    Sampled all;
    std::vector<double> pooled;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part<D>& part = parts_[i];
      const std::int64_t count = share(request_.samples.value_or(default_samples(part.deviation)));
      std::vector<double> values;
      Sampled s = sample_part(i, count, parts_.size() > 1 ? &values : nullptr);
      s.witness = part.to_condition(std::move(s.witness));
      if (s.diagonal) s.diagonal = part.to_condition(std::move(*s.diagonal));
      if (parts_.size() > 1) pooled.insert(pooled.end(), values.begin(), values.end());
      merge(all, std::move(s));
    }
    if (parts_.size() > 1) {
      all.mean = mean(pooled);
      all.quantiles = quantiles(pooled, quantile_levels);
    }
    better(all.witness);
    if (all.diagonal) better(*all.diagonal);
    m_.sampled = std::move(all);
  }

  Sampled sample_part(std::size_t i, std::int64_t count, std::vector<double>* kept) const {
    const D& d = parts_[i].deviation;
    const Stream stream = own(purpose::sample, i);
    if constexpr (Deviation<D>)
      return sample(d, count, request_.grid, stream, request_.threads, stage("sample", i), kept);
    else
      return sample(d, count, request_.grid, stream, request_.threads, stage("sample", i));
  }

  static void merge(Sampled& all, Sampled s) {
    const std::int64_t count = all.count + s.count, undefined = all.undefined + s.undefined;
    if (all.witness.point.empty()) {
      all = std::move(s);
    } else {
      keep_larger(all.witness, std::move(s.witness));
      if (s.diagonal && all.diagonal) keep_larger(*all.diagonal, std::move(*s.diagonal));
    }
    all.count = count;
    all.undefined = undefined;
  }

  void search_parts() {
    Searched all = searched_.value_or(Searched{});
    std::vector<double> reach;  // of each part: the value that its halves leave in sight, NaN where it has no halves
    for (std::size_t i = 0; i < parts_.size() && !searched_; ++i) {
      const std::int64_t starts = share(request_.starts.value_or(default_starts(parts_[i].deviation)));
      if (request_.decide && starts >= 8) search_part(i, starts / 8, {}, all);  // often enough to refute
      if (!request_.decide || !(all.witness.value > *request_.decide))
        reach.push_back(search_part(i, starts, stage("search", i), all));
    }
    const auto unknown_last = [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); };
    if (reach.size() > 1 && all.witness.value > 0)
      all.agreement = std::ranges::max(reach, unknown_last) / all.witness.value - 1;
    better(all.witness);
    if (request_.search) m_.searched = std::move(all);
  }

  double search_part(std::size_t i, std::int64_t starts, const Progress& progress, Searched& all) const {
    Searched s = search(parts_[i].deviation, starts, own(purpose::search, i), request_.threads, progress);
    const double reach = s.witness.value * (1 + s.agreement);
    all.starts += s.starts;
    all.evaluations += s.evaluations;
    all.undefined += s.undefined;
    all.agreement = s.agreement;
    keep_larger(all.witness, parts_[i].to_condition(std::move(s.witness)));
    return reach;
  }

  std::optional<Certified> certified_part(std::size_t i, Witness& incumbent) const {
    const D& d = parts_[i].deviation;
    const std::int64_t nodes = refuted() ? 0 : share(request_.nodes);  // one part refuted is enough
    if (request_.decide) return decide(d, incumbent, *request_.decide, nodes, request_.threads, stage("certify", i));
    return certify(d, incumbent, request_.gap, nodes, request_.threads, stage("certify", i));
  }

  /// The part with the largest at_most is what the bound waits for; of more nodes it has its share.
  void keep_course(Certified& all, const Certified& part) const {
    const auto parts = static_cast<std::int64_t>(parts_.size());
    all.course = part.course;
    all.next = part.next;
    all.ended = part.ended;
    for (Proved& p : all.course) p.nodes *= parts;
    if (all.next) all.next->nodes *= parts;
  }

  void certify_parts() {
    Certified all;
    bool closed = true;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      Witness incumbent = m_.witness;  // its value is what counts
      const std::optional<Certified> c = certified_part(i, incumbent);
      if (incumbent.value > m_.witness.value) m_.witness = parts_[i].to_condition(std::move(incumbent));
      if (!c) return;  // nothing is proved of this part, hence of the whole
      all.at_most = std::max(all.at_most, c->at_most);
      all.nodes += c->nodes;
      closed = closed && c->closed;
      if (c->at_most >= all.at_most) keep_course(all, *c);
    }
    all.closed = closed || all.at_most <= (1 + request_.gap) * m_.witness.value;
    m_.certified = all;
  }

  /// The constant is the largest part's: so are bounds.
  void bound_parts() {
    double at_most = 0;
    for (const Part<D>& part : parts_) at_most = std::max(at_most, spectral_bound(part.deviation));
    if (std::isfinite(at_most)) m_.bounded = {at_most, ProvedBy::eigenvalues, false};
    if (m_.certified && !(m_.bounded && m_.bounded->at_most < m_.certified->at_most))
      m_.bounded = {m_.certified->at_most, ProvedBy::exhaustion, m_.certified->closed};
    if (m_.certified && !m_.bounded->closed && !request_.decide && relative_gap(m_) > request_.gap)
      m_.forecast = forecast(*m_.certified, m_.witness.value, relative_gap(m_), request_.gap);
  }

  const std::vector<Part<D>>& parts_;
  const Request& request_;
  const Stream& stream_;
  const StageProgress& progress_;
  std::optional<Searched> searched_;
  Measurement m_;
};

/// `searched`: a search that was made already, in place of one of its own.
template <class D>
Measurement measure(const std::vector<Part<D>>& parts, const Request& request, const Stream& stream,
                    const StageProgress& progress, std::optional<Searched> searched = {}) {
  return Measuring<D>(parts, request, stream, progress, std::move(searched)).run();
}

}  // namespace theoremeter
