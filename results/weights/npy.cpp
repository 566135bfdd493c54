#include "results/weights/npy.hpp"

#include "results/weights/array_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

namespace theoremeter::weights {
namespace {

[[noreturn]] void damaged_header() { throw Refusal("a damaged .npy header; numpy.save writes a sound one"); }

/// Reads the Python dictionary {'descr': '<f8', 'fortran_order': False, 'shape': (40, 3), } from left to right.
class Dictionary {
 public:
  explicit Dictionary(std::string text) : text_(std::move(text)) {}

  NpyHeader parse() {
    NpyHeader h;
    bool order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        if (next() == '[') throw Refusal("a structured array; save one of its fields, as in numpy.save(F, a['W'])");
        h.descr = quoted();
        h.element = element(h.descr);
        descr_ = true;
      } else if (key == "fortran_order") {
        const std::string value = word();
        if (value != "True" && value != "False") damaged();
        h.columns_first = value == "True";
        order = true;
      } else if (key == "shape") {
        h.shape = sizes();
        shape = true;
      } else {
        damaged();
      }
      if (!accept(',') && next() != '}') damaged();
    }
    if (!descr_ || !order || !shape) damaged();
    return h;
  }

 private:
  [[noreturn]] static void damaged() { damaged_header(); }

  char next() {
    at_ = std::min(text_.find_first_not_of(" \n\r\t", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (next() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  std::string quoted() {
    const char quote = next();
    if (quote != '\'' && quote != '"') damaged();
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) damaged();
    const std::string found = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return found;
  }
  std::string word() {
    next();
    const std::size_t end = std::min(text_.find_first_of(",} \n", at_), text_.size());
    const std::string found = text_.substr(at_, end - at_);
    at_ = end;
    return found;
  }
  /// "(40, 3)", or Python 2's "(40L, 3L)".
  std::vector<std::uint64_t> sizes() {
    std::vector<std::uint64_t> found;
    expect('(');
    while (!accept(')')) {
      next();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) damaged();
      at_ = static_cast<std::size_t>(end - text_.data());
      accept('L');
      found.push_back(static_cast<std::uint64_t>(size));
      if (!accept(',') && next() != ')') damaged();
    }
    return found;
  }

  /// "<f8", and without a byte order "f8": this machine's, as NumPy takes it.
  static std::optional<Element> element(std::string descr) {
    bool big = std::endian::native == std::endian::big;
    if (descr.find_first_of("<>=|") == 0) {
      if (descr[0] == '<' || descr[0] == '>') big = descr[0] == '>';
      descr.erase(0, 1);
    }
    if (descr.size() != 2 || descr[1] < '1' || descr[1] > '8') return {};
    Element e{Element::Type::real, static_cast<unsigned>(descr[1] - '0'), big};
    if (descr[0] == 'i') e.type = Element::Type::integer;
    if (descr[0] == 'u') e.type = Element::Type::natural;
    if (std::string("fiu").find(descr[0]) == std::string::npos || !readable(e)) return {};
    return e;
  }

  std::string text_;
  std::size_t at_ = 0;
  bool descr_ = false;
};

class NpyFile : public ArrayFile {
 public:
  explicit NpyFile(Bytes bytes) : bytes_(std::move(bytes)), header_(parse_npy_header(bytes_.head(npy_most_header))) {
    if (!header_.element) throw Refusal(wrong_type(header_.descr));
    Array array;
    array.shape = header_.shape;
    array.numbers = header_.element->type == Element::Type::real ? Numbers::real : Numbers::integer;
    arrays_ = {array};
  }
  Rows read(std::size_t) override {
    const auto [n, k] = matrix_size(header_.shape);
    check_length(bytes_.size() - header_.data, header_.shape, *header_.element);
    return matrix_of(bytes_.at(header_.data, bytes_.size() - header_.data), *header_.element, n, k,
                     header_.columns_first);
  }

 private:
  Bytes bytes_;
  NpyHeader header_;
};

}  // namespace

std::string wrong_type(const std::string& type) {
  return fmt::format("type '{}'; float64, float32, float16 or integers are expected, as numpy's W.astype('float64') is",
                     type);
}

NpyHeader parse_npy_header(const std::vector<char>& bytes) {
  const auto major = little_endian(bytes, 6, 1);
  if (major < 1 || major > 3)
    throw Refusal(fmt::format(".npy format {} is not known (1, 2 or 3 are); numpy.save writes those", major));
  const unsigned width = major == 1 ? 2 : 4;
  const std::uint64_t length = little_endian(bytes, 8, width), data = 8 + width + length;
  if (data > npy_most_header) damaged_header();
  if (data > bytes.size()) throw Refusal("truncated within a header");
  const auto begin = bytes.begin() + 8 + static_cast<std::ptrdiff_t>(width);
  NpyHeader header = Dictionary(std::string(begin, begin + static_cast<std::ptrdiff_t>(length))).parse();
  header.data = data;
  return header;
}

std::unique_ptr<ArrayFile> open_npy(Bytes bytes) { return std::make_unique<NpyFile>(std::move(bytes)); }

}  // namespace theoremeter::weights
