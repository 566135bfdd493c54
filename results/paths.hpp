// What is said of files that are not found.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace theoremeter {

/// Nothing was found at `path`: because there is nothing, or because a folder on the way lets nobody look.
inline std::string why_not_there(const std::string& path) {
  std::error_code error;
  const bool missing = std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found || !error;
  return missing ? "no such file" : "cannot be reached: " + error.message();
}

}  // namespace theoremeter
