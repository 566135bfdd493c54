#include "experiments/arguments.hpp"

#include "experiments/messages.hpp"
#include "results/weights.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <limits>
#include <utility>

namespace theoremeter {
namespace {

constexpr std::int64_t max_threads = 1024;

}  // namespace

void require_between(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least) throw InputError(fmt::format("--{} {}: must be at least {}", name, value, least));
  if (value > most) throw InputError(fmt::format("--{} {}: must be at most {}", name, value, most));
}

void require_positive(const char* name, std::int64_t value) {
  require_between(name, value, 1, std::numeric_limits<std::int64_t>::max());
}

int thread_count(const Options& o) {
  require_between("threads", o.threads, 1, max_threads);
  return static_cast<int>(o.threads);
}

void add_transpose(CLI::App& verb, Options& o, const std::string& group) {
  verb.add_flag("--transpose", o.transpose,
                "weights are stored inputs x neurons, a column a neuron: turn them (not A; done unasked where the file "
                "says so, as Keras does)")
      ->group(group);
}

GivenMatrices read_given(const std::vector<Given>& all, const Options& o) {
  GivenMatrices given;
  for (const Given& g : all) {
    const auto files = o.given.find(g.option);
    if (files == o.given.end() || files->second.empty()) continue;
    if (given.option.empty()) given.option = g.option;
    given.spec += (given.spec.empty() ? "" : " ") + files->second;
    const bool layers = g.matrix.empty(), measurements = g.matrix == "A";
    const Meaning meaning{o.transpose && g.option != "A", !measurements};
    Reading reading = layers ? read_network(files->second, meaning) : read_weights(files->second, meaning);
    for (std::size_t i = 0; i < reading.matrices.size(); ++i) {
      const std::string name = layers ? layer_name(i, g.network) : g.matrix;
      given.matrices[name] = std::move(reading.matrices[i].W);
      given.sources[name] = std::move(reading.matrices[i].source);
    }
    for (const std::string& remark : reading.remarks) message("theoremeter: {}\n", remark);
  }
  if (o.transpose && given.option.empty())
    throw InputError("--transpose: turns matrices that are read; there is none without an option that gives a file");
  return given;
}

void require_resumed_or_replaced(const Options& o) {
  if (!o.output.empty() && !o.resume && !o.overwrite && access(o.output.c_str(), F_OK) == 0)
    throw InputError(fmt::format(
        "output {}: exists; give --resume to measure what it lacks, or --overwrite to replace it", o.output));
}

Sizes sizes_of(const std::vector<Symbol>& symbols, const std::vector<Given>& all, const Options& o, const Sizes& given,
               const std::string& option) {
  Sizes sizes = given;
  for (const Symbol& size : symbols) {
    const std::string& text = o.sizes.at(size.name);
    if (sizes.contains(size.name)) {
      if (!text.empty()) throw InputError(fmt::format("--{}: has no place beside --{}", size.name, option));
      continue;
    }
    if (text.empty())
      throw InputError(fmt::format("--{} is missing: give the sizes, or --{} FILE", size.name, all[0].option));
    sizes[size.name] = *whole_numbers(text);
    for (const std::int64_t number : sizes[size.name]) require_positive(size.name.c_str(), number);
  }
  return sizes;
}

}  // namespace theoremeter
