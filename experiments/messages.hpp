// Lines on stderr. They never decide the outcome: a closed or full stderr loses them, and nothing else.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace theoremeter {

inline void put_message(const std::string& text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

template <class... T>
void message(fmt::format_string<T...> format, T&&... arguments) {
  put_message(fmt::format(format, std::forward<T>(arguments)...));
}

}  // namespace theoremeter
