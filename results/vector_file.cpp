#include "results/vector_file.hpp"

#include "results/weights.hpp"
#include "results/weights/bytes.hpp"
#include "results/weights/npy.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

Eigen::VectorXd to_vector(const std::vector<double>& numbers) {
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
}

/// Of a .npy of rank 1, of any type that is read; nothing of another rank.
std::optional<Eigen::VectorXd> vector_of_npy(const std::string& path) {
  weights::Bytes bytes(path);
  const weights::NpyHeader header = weights::parse_npy_header(bytes.head(weights::npy_most_header));
  if (header.shape.size() != 1) return {};
  if (!header.element) throw weights::Refusal(weights::wrong_type(header.descr));
  const std::uint64_t held = bytes.size() - header.data;
  weights::check_length(held, header.shape, *header.element);
  const auto size = static_cast<std::int64_t>(header.shape[0]);
  return weights::matrix_of(bytes.at(header.data, held), *header.element, size, 1, false).col(0);
}

std::string shown(const std::string& word) {
  constexpr std::size_t most = 20;
  return fmt::format("\"{}{}\"", word.substr(0, most), word.size() > most ? "..." : "");
}

/// What is not, of text, a number: "x" in 0.6 x; nothing where it is no text, or all are.
std::optional<std::string> no_number(const std::string& bytes) {
  const auto is_text = [](unsigned char c) { return std::isprint(c) != 0 || std::isspace(c) != 0; };
  if (!std::all_of(bytes.begin(), bytes.end(), is_text)) return {};
  std::string numbers = bytes;
  std::replace(numbers.begin(), numbers.end(), ',', ' ');
  std::istringstream words(numbers);
  for (std::string word; words >> word;) {
    double number = 0;
    const char *begin = word.data() + (word[0] == '+' ? 1 : 0), *const end = word.data() + word.size();
    if (const auto [next, error] = std::from_chars(begin, end, number); error != std::errc() || next != end)
      return word;
  }
  return {};
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
    try {
      if (const auto x = bytes.starts_with(weights::npy_magic) ? vector_of_npy(spec) : vector_of_text(bytes)) return *x;
    } catch (const weights::Refusal& refusal) {
      throw InputError(fmt::format("vector {}: {}", spec, refusal.what()));
    }
    if (const auto word = no_number(bytes))
      throw InputError(fmt::format("vector {}: {} is no number; they stand between blanks, commas or ends of lines",
                                   spec, shown(*word)));
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
  if (x.size() == 0) throw InputError(fmt::format("vector {}: has no entries", spec));
  if (x.isZero(0)) throw InputError(fmt::format("vector {}: is 0; it must not be", spec));
  return x;
}

}  // namespace theoremeter
