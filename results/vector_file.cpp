#include "results/vector_file.hpp"

#include "results/weights.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <bit>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

Eigen::VectorXd to_vector(const std::vector<double>& numbers) {
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
}

/// All of a .npy of rank 1 and little-endian float64, as numpy.save writes x0; nothing of any other.
std::optional<Eigen::VectorXd> vector_of_npy(const std::string& bytes) {
  constexpr std::size_t fixed = 10;
  if (bytes.size() < fixed || bytes[6] != 1 || std::endian::native != std::endian::little) return {};
  const std::size_t length = static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(fixed, length);
  const std::size_t shape = header.find('(');
  if (header.find("'<f8'") == std::string::npos || shape == std::string::npos) return {};
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(header.data() + shape + 1, header.data() + header.size(), size);
  if (error != std::errc() || std::string_view(end, 2) != ",)") return {};
  if (bytes.size() != fixed + length + sizeof(double) * size) return {};
  std::vector<double> numbers(size);
  std::memcpy(numbers.data(), bytes.data() + fixed + length, sizeof(double) * size);
  return to_vector(numbers);
}

/// Nothing unless it is text, and nothing but numbers.
std::optional<Eigen::VectorXd> vector_of_text(const std::string& bytes) {
  std::vector<double> numbers;
  const char *p = bytes.data(), *const end = p + bytes.size();
  const auto separates = [](char c) { return c == ',' || std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (true) {
    while (p != end && separates(*p)) ++p;
    if (p == end) break;
    if (*p == '+') ++p;
    double number = 0;
    const auto [next, error] = std::from_chars(p, end, number);
    if (error != std::errc() || (next != end && !separates(*next))) return {};
    numbers.push_back(number);
    p = next;
  }
  if (numbers.empty()) return {};
  return to_vector(numbers);
}

Eigen::VectorXd numbers_of(const std::string& spec) {
  std::ifstream in(spec, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (in.good() || in.eof()) {
    if (const auto x = bytes.starts_with("\x93NUMPY") ? vector_of_npy(bytes) : vector_of_text(bytes)) return *x;
  }
  const Rows matrix = std::move(read_weights(spec, {false, false}).matrices.at(0).W);
  if (matrix.rows() != 1 && matrix.cols() != 1)
    throw InputError(
        fmt::format("vector {}: is {} x {}, where one row or column is expected", spec, matrix.rows(), matrix.cols()));
  return matrix.reshaped<Eigen::RowMajor>();
}

}  // namespace

Eigen::VectorXd read_vector(const std::string& spec) {
  Eigen::VectorXd x = numbers_of(spec);
  for (Eigen::Index i = 0; i < x.size(); ++i)
    if (!std::isfinite(x[i]))
      throw InputError(fmt::format("vector {}: entry {} is {}; all must be finite", spec, i + 1, x[i]));
  if (x.isZero(0)) throw InputError(fmt::format("vector {}: is 0; a solution must not be", spec));
  return x;
}

}  // namespace theoremeter
