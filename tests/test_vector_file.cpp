// Vectors from files: text, .npy, matrices of one row or column.
#include "results/vector_file.hpp"
#include "tests/results_files.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

namespace test_vector_file {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

/// As numpy.save writes: header padded to a multiple of 64 bytes, ended by a newline.
std::string npy(const std::string& shape, const std::vector<double>& numbers) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof(double) * numbers.size());
  std::memcpy(bytes.data() + at, numbers.data(), sizeof(double) * numbers.size());
  return bytes;
}

}  // namespace

TEST_CASE("vector files: every way to write three numbers, and what is none") {
  const Scratch scratch;
  const std::string path = scratch / "x";
  const Eigen::Vector3d x(0.6, -0.8, 1e-3);
  for (const std::string& content :
       {std::string("0.6 -0.8\t1e-3"), std::string("6.0e-01\n-8.0e-01\n1.0e-03\n"), std::string("+0.6, -.8, 0.001\n"),
        npy("(3,)", {0.6, -0.8, 1e-3}), npy("(3, 1)", {0.6, -0.8, 1e-3}), npy("(1, 3)", {0.6, -0.8, 1e-3})}) {
    CAPTURE(content);
    save(path, content);
    CHECK(read_vector(path) == x);
  }
  const auto refused = [&](const std::string& content, const std::string& says) {
    CAPTURE(content);
    save(path, content);
    fails([&] { read_vector(path); }, says);
  };
  refused("0.6 nan 1", "entry 2 is nan; all must be finite");
  refused("inf", "must be finite");
  refused("0 0 0", "is 0");
  refused(npy("(2, 2)", {1, 2, 3, 4}), "is 2 x 2, where one row or column is expected");
  refused("0.6 x", "");
  refused("", "");
  refused(npy("(3,)", {0.6, -0.8}), "");  // truncated
  fails([&] { read_vector(scratch / "none"); }, "no such file");
}

}  // namespace test_vector_file
