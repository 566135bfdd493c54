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
std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  return bytes + data;
}

std::string npy(const std::string& shape, const std::vector<double>& numbers) {
  std::string data(sizeof(double) * numbers.size(), '\0');
  std::memcpy(data.data(), numbers.data(), data.size());
  return npy("<f8", shape, data);
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
  refused("0.6 x", "\"x\" is no number");
  refused("0.6 0.8a, 1", "\"0.8a\" is no number");
  refused(npy("<f8", "(0,)", ""), "has no entries");
  refused(npy("<c16", "(1,)", std::string(16, '\1')), "type '<c16'");
  refused(npy("|b1", "(3,)", std::string(3, '\1')), "type '|b1'");
  refused("", "");
  refused(npy("(3,)", {0.6, -0.8}), "");  // truncated
  fails([&] { read_vector(scratch / "none"); }, "no such file");
}

// Bytes as the formats have them: 1.5, -2 and .25 as IEEE 754 writes them, 3 and -2 in two's complement.
TEST_CASE("vector files: .npy of rank 1 of every type") {
  const Scratch scratch;
  const std::string path = scratch / "x";
  const auto read = [&](const std::string& type, const std::string& shape, const std::string& data) {
    save(path, npy(type, shape, data));
    return read_vector(path);
  };
  using namespace std::string_literals;
  const Eigen::Vector3d reals(1.5, -2, 0.25);
  CHECK(read("<f4", "(3,)", "\0\0\xc0\x3f\0\0\0\xc0\0\0\x80\x3e"s) == reals);
  CHECK(read(">f4", "(3,)", "\x3f\xc0\0\0\xc0\0\0\0\x3e\x80\0\0"s) == reals);
  CHECK(read("<f2", "(3,)", "\0\x3e\0\xc0\0\x34"s) == reals);
  CHECK(read(">f8", "(1,)", "\x3f\xf8\0\0\0\0\0\0"s)[0] == 1.5);
  CHECK(read("<i4", "(2,)", "\3\0\0\0\xfe\xff\xff\xff"s) == Eigen::Vector2d(3, -2));
  CHECK(read("|u1", "(3,)", "\3\0\xff"s) == Eigen::Vector3d(3, 0, 255));
}

}  // namespace test_vector_file
