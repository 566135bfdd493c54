#include "experiments/studies/request.hpp"

#include "theory/suggest.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

namespace theoremeter {

void set_evidence(Request& request, const std::string& list) {
  request.sample = request.search = request.certify = false;
  std::istringstream items(list);
  for (std::string item; std::getline(items, item, ',');) {
    const auto first = item.find_first_not_of(' '), last = item.find_last_not_of(' ');
    if (first != std::string::npos) item = item.substr(first, last - first + 1);
    bool* flags[] = {&request.sample, &request.search, &request.certify};
    *flags[position("evidence", item, {"sample", "search", "certify"})] = true;
  }
  if (!request.sample && !request.search && !request.certify)
    throw InputError("evidence is empty: give one or more of sample,search,certify");
}

Alpha parse_alpha(const std::string& text) {
  if (text == "fit") return {std::nullopt, true};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("alpha = {}: must be a positive number or fit", text));
  return {value, false};
}

}  // namespace theoremeter
