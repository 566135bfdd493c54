#include "experiments/studies/recovery_columns.hpp"

#include "experiments/studies/landscape_columns.hpp"

#include <cmath>
#include <string>

namespace theoremeter {
namespace {

Columns<Restart> restart_columns() {
  return Columns<Restart>()
      .vector("x", &Restart::x, {"x_coordinate"}, Says::witness, "its last iterate; blind demodulation: h and then m")
      .value("loss", &Restart::loss, Says::statistic, "f(x)")
      .value("residual", &Restart::residual, Says::statistic, "sqrt(2 f(x))/|b|")
      .value("error", &Restart::error, Says::statistic, "as error")
      .value("signal_error", &Restart::signal_error, Says::statistic, "as signal_error")
      .value("ssim", &Restart::ssim, Says::statistic, "as ssim")
      .value("steps", &Restart::steps, Says::count, "steps made")
      .value("negations", &Restart::negations, Says::count, "steps before which the iterate was negated")
      .value("last_negation", &Restart::last_negation, Says::count, "the last of them, from 1 on; 0: none")
      .value("ended", &Restart::ended, Says::statistic, "what ended it")
      .value("basin", &Restart::basin, Says::statistic, "where it ended")
      .value("rate", &Restart::rate, Says::statistic,
             "|x_{t+1} - x_t| shrinks by this factor a step near the end: a line through its logarithm; NaN: too few "
             "steps")
      .value("rate_fit", &Restart::rate_fit, Says::statistic, "R^2 of the line")
      .value("rate_steps", &Restart::rate_steps, Says::count, "steps it is laid through");
}

Columns<TracedIterate> trace_columns() {
  return Columns<TracedIterate>()
      .value("step", &TracedIterate::step, Says::parameter, "steps made")
      .value("residual", &TracedIterate::residual, Says::statistic, "as residual, then")
      .value("error", &TracedIterate::error, Says::statistic, "as error, then")
      .vector("x", &TracedIterate::x, {"x_coordinate"}, Says::witness, "the iterate");
}

/// A damaged row may have no restart.
Restart one_of(const MeasuredRecovery& d, std::size_t i) { return i < d.restarts.size() ? d.restarts[i] : Restart(); }

double largest_of(const MeasuredRecovery& d, const std::string& condition) {
  double most = NAN;
  for (const Epsilon& e : d.epsilon)
    if (e.condition == condition && !(e.value <= most)) most = e.value;
  return most;
}

}  // namespace

Columns<MeasuredRecovery> recovery_columns() {
  const auto of_kept = [](auto member) {
    return [member](const MeasuredRecovery& d) { return one_of(d, kept(d)).*member; };
  };
  Columns<MeasuredRecovery> c;
  c.vector("x0", &MeasuredRecovery::x0, {"x0_coordinate"}, Says::witness,
           "the truth; blind demodulation: h0 and then m0; empty: not known");
  c.vector("x", &MeasuredRecovery::x, {"x_coordinate"}, Says::witness,
           "the estimate: the last iterate of the restart kept");
  c.vector("true_pixels", &MeasuredRecovery::true_pixels, {"pixel"}, Says::witness,
           "the truth where it is an image: row by row, from 0 to 1; blind demodulation: two");
  c.vector("pixels", &MeasuredRecovery::pixels, {"pixel"}, Says::witness,
           "the estimate as an image; blind demodulation: c G1(h), with the c that fits best, and G2(m)/c");
  c.value("noise_level", &MeasuredRecovery::noise, Says::statistic, "sqrt(2 f(x0))/|b|: the noise in b, relative");
  c.value("success", &MeasuredRecovery::success, Says::statistic, "whether error is within the tolerance");
  c.computed("error", of_kept(&Restart::error), Says::statistic,
             "|x - x0|/|x0|, where -x gives the same observations up to sign; blind demodulation: |h m' - h0 "
             "m0'|/(|h0| |m0|)");
  c.computed("signal_error", of_kept(&Restart::signal_error), Says::statistic,
             "the same of G(x), phaseless up to sign; blind demodulation: of G1(h), up to scale; where the truth is an "
             "image: of the image, the first of two");
  c.computed("ssim", of_kept(&Restart::ssim), Says::statistic,
             "structural similarity of the estimate and the true image: 1 where they are equal; NaN: no image");
  c.computed("loss", of_kept(&Restart::loss), Says::statistic, "f(x), the least of all restarts: this one is kept");
  c.computed("residual", of_kept(&Restart::residual), Says::statistic, "sqrt(2 f(x))/|b|");
  c.computed("steps_made", of_kept(&Restart::steps), Says::count, "steps made");
  c.computed("negations", of_kept(&Restart::negations), Says::count, "steps before which the iterate was negated");
  c.computed("last_negation", of_kept(&Restart::last_negation), Says::count, "the last of them, from 1 on; 0: none");
  c.computed("ended", of_kept(&Restart::ended), Says::statistic, "what ended the run");
  c.computed("basin", of_kept(&Restart::basin), Says::statistic, "where it ended");
  c.computed("rate", of_kept(&Restart::rate), Says::statistic, "the observed linear rate near the end");
  c.computed("rate_fit", of_kept(&Restart::rate_fit), Says::statistic, "R^2 of its fit");
  c.value("theory_rate", &MeasuredRecovery::theory_rate, Says::statistic,
          "the rate that the theory proves near x0: 1 - alpha/2 [AF], 1 - (7/8) alpha/2^d [HLV20]; NaN: none");
  c.value("theory_floor", &MeasuredRecovery::theory_floor, Says::statistic,
          "the error that noise leaves, by the theory: 4 |eta|/|x0| [AF]; NaN: none");
  c.computed(
      "kept", [](const MeasuredRecovery& d) { return static_cast<std::int64_t>(kept(d)); }, Says::statistic,
      "the restart kept, from 0 on");
  c.computed(
      "oracle", [](const MeasuredRecovery& d) { return static_cast<std::int64_t>(oracle(d)); }, Says::statistic,
      "the restart nearest to the truth, which nobody knows");
  c.computed(
      "oracle_error", [](const MeasuredRecovery& d) { return one_of(d, oracle(d)).error; }, Says::statistic,
      "its error");
  c.list_of("restart", &MeasuredRecovery::restarts, "starts", restart_columns());
  c.list_of("iterate", &MeasuredRecovery::trace, "iterates kept, of the restart kept", trace_columns());
  c.vector("residuals", &MeasuredRecovery::residuals, {"step_number"}, Says::statistic,
           "residual after 0, 1, ... steps, where all were asked for");
  c.list_of("epsilon", &MeasuredRecovery::epsilon, "conditions measured on the instance", epsilon_columns());
  c.computed(
      "epsilon_largest", [](const MeasuredRecovery& d) { return d.epsilon.empty() ? NAN : largest(d.epsilon); },
      Says::at_least, "the largest of the epsilons");
  c.computed(
      "epsilon_wdc", [](const MeasuredRecovery& d) { return largest_of(d, "wdc"); }, Says::at_least,
      "the largest of the layers' WDC constants");
  c.computed(
      "epsilon_rrcp", [](const MeasuredRecovery& d) { return largest_of(d, "rrcp"); }, Says::at_least,
      "the RRCP constant over 31");
  c.value("seconds", &MeasuredRecovery::seconds, Says::seconds, "wall time, without drawing the instance").unit("s");
  return c;
}

}  // namespace theoremeter
