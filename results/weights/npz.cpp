// NumPy's .npz: a zip archive of .npy files.
#include "results/weights/array_file.hpp"
#include "results/weights/npy.hpp"
#include "results/weights/zip.hpp"

#include <utility>

namespace theoremeter::weights {
namespace {

class NpzFile : public ArrayFile {
 public:
  explicit NpzFile(Zip zip) : zip_(std::move(zip)) {
    for (const Zip::Member& m : zip_.members()) {
      if (!m.name.ends_with(".npy") || m.name.starts_with("__MACOSX/")) continue;  // what macOS adds is no array
      Array array;
      array.name = m.name.substr(0, m.name.size() - 4);
      array.path = {{array.name, static_cast<std::int64_t>(arrays_.size())}};
      describe(zip_.read(m, npy_most_header), array);
      arrays_.push_back(array);
      of_array_.push_back(&m - zip_.members().data());
    }
  }

  Rows read(std::size_t i) override {
    const std::vector<char> bytes = zip_.read(zip_.members()[static_cast<std::size_t>(of_array_[i])]);
    const NpyHeader header = parse_npy_header(bytes);
    const auto [n, k] = matrix_size(header.shape);
    check_length(bytes.size() - header.data, header.shape, *header.element);
    return matrix_of({bytes.begin() + static_cast<std::ptrdiff_t>(header.data), bytes.end()}, *header.element, n, k,
                     header.columns_first);
  }

 private:
  /// What cannot be read is no obstacle to reading the others, and what is no matrix, as words are, none at all.
  static void describe(const std::vector<char>& head, Array& array) try {
    const NpyHeader header = parse_npy_header(head);
    array.shape = header.shape;
    if (!header.element && array.shape.size() == 2)
      array.obstacle = wrong_type(header.descr);
    else if (header.element)
      array.numbers = header.element->type == Element::Type::real ? Numbers::real : Numbers::integer;
  } catch (const Refusal& refusal) {
    array.obstacle = refusal.what();
  }

  Zip zip_;
  std::vector<std::ptrdiff_t> of_array_;
};

}  // namespace

std::unique_ptr<ArrayFile> open_npz(Zip zip) { return std::make_unique<NpzFile>(std::move(zip)); }

}  // namespace theoremeter::weights
