#include "results/weights/names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

namespace theoremeter::weights {
namespace {

bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// The digits that begin at `at`, and where they end.
std::string number_at(const std::string& s, std::size_t& at) {
  const std::size_t begin = at;
  while (at < s.size() && digit(s[at])) ++at;
  return s.substr(begin, at - begin);
}

std::string without_zeros(const std::string& number) {
  return number.substr(std::min(number.find_first_not_of('0'), number.size() - 1));
}

/// Less than 0, 0, more than 0; numbers that differ in padding only are equal.
int compare(const std::string& a, const std::string& b) {
  for (std::size_t i = 0, j = 0;;) {
    if (i == a.size() || j == b.size()) return static_cast<int>(j == b.size()) - static_cast<int>(i == a.size());
    if (digit(a[i]) && digit(b[j])) {
      const std::string p = without_zeros(number_at(a, i)), q = without_zeros(number_at(b, j));
      if (p.size() != q.size()) return p.size() < q.size() ? -1 : 1;
      if (p != q) return p < q ? -1 : 1;
    } else {
      const auto of = [](char c) { return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)); };
      if (a[i] != b[j]) return of(a[i]) - of(b[j]);
      ++i, ++j;
    }
  }
}

/// A name without its numbers and what joins them to it: "dense" of "dense_1".
std::string skeleton(const std::string& name) {
  std::string rest;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!digit(name[i])) {
      rest += name[i];
      continue;
    }
    if (i > 0 && !rest.empty() && std::string("_-. ").find(rest.back()) != std::string::npos) rest.pop_back();
    while (i + 1 < name.size() && digit(name[i + 1])) ++i;
  }
  return rest;
}

/// The last part of a name, in lower case, without numbers: "kernel" of "dense/kernel:0", "bias" of "0.bias".
std::string last_part(const std::string& name) {
  std::string last = name.substr(name.find_last_of("./") + 1);
  last = last.substr(0, last.find(':'));
  std::string letters;
  std::copy_if(last.begin(), last.end(), std::back_inserter(letters), [](char c) { return !digit(c) && c != '_'; });
  std::transform(letters.begin(), letters.end(), letters.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return letters;
}

}  // namespace

bool naturally_before(const std::string& a, const std::string& b) {
  const int order = compare(a, b);
  return order != 0 ? order < 0 : a < b;
}

bool numbered(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return skeleton(name) == skeleton(names.front()); });
}

bool names_bias(const std::string& name) {
  constexpr std::array<const char*, 4> others{"b", "beta", "offset", "intercept"};
  const std::string last = last_part(name);
  return last.find("bias") != std::string::npos || std::find(others.begin(), others.end(), last) != others.end();
}

bool names_weights(const std::string& name) {
  const std::string last = last_part(name);
  return last == "w" || last.find("weight") != std::string::npos || last.find("kernel") != std::string::npos;
}

std::string listing(const std::vector<std::string>& names) {
  const std::size_t shown = std::min<std::size_t>(names.size(), 8);
  const std::string list =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return shown == names.size() ? list : fmt::format("{} and {} more", list, names.size() - shown);
}

}  // namespace theoremeter::weights
