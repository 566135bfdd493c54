#include "experiments/options.hpp"

#include "experiments/usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace theoremeter {
namespace {

std::string option_name(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

/// The sentence, its choices and its default.
std::string help_of(const AnyParameter& p) {
  const std::string choices = p.choices.empty() ? "" : fmt::format(": {}", fmt::join(p.choices, ", "));
  const std::string fallback = !p.default_note.empty()        ? p.default_note
                               : p.has_default && !p.required ? to_text(p.example)
                                                              : "";
  return p.meaning + choices + (fallback.empty() ? "" : fmt::format(" (default: {})", fallback));
}

}  // namespace

void add_parameters(CLI::App& verb, const Study& study, Options& o) {
  for (const AnyParameter& p : *study.parameters) {
    if (p.scope == Scope::label) continue;
    if (std::holds_alternative<bool>(p.example)) {
      verb.add_flag(option_name(p.name), o.flags[p.name], help_of(p))->group(p.group);
      continue;
    }
    verb.add_option(option_name(p.name), o.study[p.name], help_of(p))
        ->type_name(p.type_name)
        ->check(not_empty())
        ->group(p.group);
  }
  for (const Input& input : study.inputs)
    verb.add_option("--" + input.option, o.study[input.option], input.meaning)
        ->type_name(input.vector           ? "FILE"
                    : input.matrix.empty() ? "FILE[:LAYER,...][,FILE...]"
                                           : "FILE[:DATASET]")
        ->check(not_empty())
        ->group(seed.group);
  if (!study.inputs.empty())
    verb.add_flag(
            "--transpose", o.flags["transpose"],
            "weights are stored inputs x neurons, a column a neuron: turn them (not A; done unasked where the file "
            "says so, as Keras does)")
        ->group(seed.group);
}

}  // namespace theoremeter
