#pragma once
#include "results/data_file.hpp"
namespace theoremeter {
std::string gaps(const DataSet& data);
}
