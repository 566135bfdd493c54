// Wrong use or bad input: reported in one line, with exit code 2.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace theoremeter {

/// One line: what, where, what would be right. Control characters of names and files that it cites are told as spaces.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::string what) : std::runtime_error(one_line(std::move(what))) {}

 private:
  static std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 127; }, ' ');
    return text;
  }
};

}  // namespace theoremeter
