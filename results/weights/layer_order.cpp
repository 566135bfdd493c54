#include "results/weights/layer_order.hpp"

#include "results/weights/names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace theoremeter::weights {
namespace {

std::vector<std::string> names(const std::vector<Layer>& layers) {
  std::vector<std::string> all;
  std::transform(layers.begin(), layers.end(), std::back_inserter(all), [](const Layer& l) { return l.array->name; });
  return all;
}

/// The first steps at which two paths part; nothing when the file does not say which comes first.
std::optional<bool> made_before(const Array& a, const Array& b) {
  const auto [p, q] = std::mismatch(a.path.begin(), a.path.end(), b.path.begin(), b.path.end(),
                                    [](const Step& s, const Step& t) { return s.name == t.name; });
  if (p == a.path.end() || q == b.path.end() || p->position < 0 || q->position < 0) return std::nullopt;
  return p->position < q->position;
}

/// The order that the file itself keeps; false when it keeps none.
bool sort_as_made(std::vector<Layer>& layers) {
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (std::size_t j = i + 1; j < layers.size(); ++j)
      if (!made_before(*layers[i].array, *layers[j].array)) return false;
  std::sort(layers.begin(), layers.end(),
            [](const Layer& a, const Layer& b) { return a.index != b.index && *made_before(*a.array, *b.array); });
  return true;
}

/// All orders in which each layer takes what the one before gives, until there are two or the effort is spent.
class FittingOrders {
 public:
  explicit FittingOrders(const std::vector<Layer>& layers) : layers_(layers), used_(layers.size()) { extend(); }

  int count() const { return effort_ > 0 ? count_ : 2; }
  const std::vector<Layer>& first() const { return first_; }

 private:
  void extend() {
    if (order_.size() == layers_.size() && count_++ == 0) first_ = order_;
    for (std::size_t i = 0; i < layers_.size() && count_ < 2 && effort_ > 0; ++i) {
      if (used_[i] || (!order_.empty() && layers_[i].inputs != order_.back().neurons)) continue;
      --effort_;
      used_[i] = true;
      order_.push_back(layers_[i]);
      extend();
      order_.pop_back();
      used_[i] = false;
    }
  }

  const std::vector<Layer>& layers_;
  std::vector<bool> used_;
  std::vector<Layer> order_, first_;
  int count_ = 0;
  long effort_ = 1'000'000;
};

/// Sizes that fit in one order fit in the opposite one when all is transposed: then which of the two is meant?
/// Generators grow.
void refuse_shrinking(const std::vector<Layer>& layers) {
  const bool shrinking = std::all_of(layers.begin(), layers.end(),
                                     [](const Layer& l) { return l.neurons < l.inputs && !l.array->kernel; });
  if (!shrinking) return;
  const std::vector<std::string> in_order = names(layers);
  throw Refusal(
      fmt::format("{0} fit together in this order, each with fewer neurons than inputs, or in the opposite order, "
                  "transposed: --transpose, or FILE:{1}, says which",
                  listing(in_order), fmt::join(in_order, ",")));
}

}  // namespace

bool fit_together(const std::vector<Layer>& layers) {
  return std::adjacent_find(layers.begin(), layers.end(),
                            [](const Layer& a, const Layer& b) { return b.inputs != a.neurons; }) == layers.end();
}

std::string sort_layers(std::vector<Layer>& layers) {
  if (layers.size() < 2) return "";
  std::vector<Layer> natural = layers, made = layers;
  std::sort(natural.begin(), natural.end(),
            [](const Layer& a, const Layer& b) { return naturally_before(a.array->name, b.array->name); });
  const std::vector<std::string> in_natural_order = names(natural);
  const bool kept = sort_as_made(made);
  if (kept && fit_together(made)) {
    layers = made;
    return names(made) == in_natural_order ? "" : "layers in the order that the file keeps";
  }
  layers = kept && !numbered(in_natural_order) ? made : natural;
  if (kept || numbered(in_natural_order)) return "";
  const FittingOrders orders(natural);
  if (orders.count() > 1)
    throw Refusal(
        fmt::format("{} fit together in more than one order, and nothing says which is right; name them from "
                    "the input on, as in FILE:{}",
                    listing(in_natural_order), fmt::join(in_natural_order, ",")));
  if (orders.count() == 0) return "";
  layers = orders.first();
  refuse_shrinking(layers);
  return names(layers) == in_natural_order ? "" : "layers in the only order that fits their sizes";
}

}  // namespace theoremeter::weights
