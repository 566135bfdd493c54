// IDX files of images, compressed by gzip or not: one matrix, an image a row, of numbers from 0 to 1.
#pragma once

#include "results/weights/array_file.hpp"

#include <memory>
#include <string>

namespace theoremeter::weights {

/// Does it begin as one of bytes of rank 3 does?
bool is_idx(const std::string& path);

/// Throws Refusal when there are not as many bytes as its header says.
std::unique_ptr<ArrayFile> open_idx(const std::string& path);

}  // namespace theoremeter::weights
