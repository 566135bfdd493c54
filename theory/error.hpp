// Wrong use or bad input: reported in one line, with exit code 2.
#pragma once

#include <stdexcept>

namespace theoremeter {

/// One line: what, where, what would be right.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace theoremeter
