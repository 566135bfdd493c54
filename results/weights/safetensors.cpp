// .safetensors: a length, a JSON header, the tensors one behind the other.
#include "results/weights/array_file.hpp"
#include "results/weights/elements.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace theoremeter::weights {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t most_header = 100'000'000;  // the format's own limit

[[noreturn]] void damaged_header(const std::string& what) {
  throw Refusal(fmt::format("a damaged .safetensors file: {}", what));
}

std::optional<Element> element(const std::string& type) {
  using enum Element::Type;
  static const std::map<std::string, Element> known{{"F64", {real, 8}},    {"F32", {real, 4}},    {"F16", {real, 2}},
                                                    {"BF16", {bfloat, 2}}, {"I64", {integer, 8}}, {"I32", {integer, 4}},
                                                    {"I16", {integer, 2}}, {"I8", {integer, 1}},  {"U64", {natural, 8}},
                                                    {"U32", {natural, 4}}, {"U16", {natural, 2}}, {"U8", {natural, 1}}};
  const auto found = known.find(type);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

/// One object of objects; a name that comes twice is refused, as JSON's readers would silently take the last.
Json header_of(const std::vector<char>& text) {
  std::set<std::string> names;
  bool twice = false;
  const Json::parser_callback_t once = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1)
      twice = !names.insert(parsed.get<std::string>()).second || twice;
    return depth < 8;
  };
  Json header = Json::parse(text.begin(), text.end(), once, false);
  if (!header.is_object()) damaged_header("its header is no JSON object");
  if (twice) damaged_header("two tensors have the same name");
  return header;
}

/// The whole numbers of a list.
std::vector<std::uint64_t> whole_numbers(const Json& entry, const char* key) {
  std::vector<std::uint64_t> found;
  const auto list = entry.find(key);
  if (list == entry.end() || !list->is_array()) damaged_header(fmt::format("a tensor without {}", key));
  for (const Json& number : *list) {
    if (!number.is_number_unsigned()) damaged_header(fmt::format("a tensor whose {} are no whole numbers", key));
    found.push_back(number.get<std::uint64_t>());
  }
  return found;
}

struct Tensor {
  std::optional<Element> element;
  std::uint64_t begin, length;
};

class SafetensorsFile : public ArrayFile {
 public:
  explicit SafetensorsFile(Bytes bytes) : bytes_(std::move(bytes)) {
    const std::uint64_t length = little_endian(bytes_.head(8), 0, 8);
    if (length > most_header || length > bytes_.size() - 8) damaged_header("its header goes beyond its end");
    data_ = 8 + length;
    const Json header = header_of(bytes_.at(8, length));
    bool inputs_first = false;
    if (const auto metadata = header.find("__metadata__"); metadata != header.end() && metadata->is_object())
      if (const auto format = metadata->find("format"); format != metadata->end())
        inputs_first = *format == "flax" || *format == "tf" || *format == "keras";
    for (const auto& [name, entry] : header.items())
      if (name != "__metadata__") add(name, entry, inputs_first);
  }

  Rows read(std::size_t i) override {
    const auto [n, k] = matrix_size(arrays_[i].shape);
    const Tensor& t = tensors_[i];
    return matrix_of(bytes_.at(data_ + t.begin, t.length), *t.element, n, k, false);
  }

 private:
  void add(const std::string& name, const Json& entry, bool inputs_first) {
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string())
      damaged_header("a tensor without dtype");
    const std::string type = entry["dtype"].get<std::string>();
    const std::vector<std::uint64_t> offsets = whole_numbers(entry, "data_offsets");
    Array array;
    array.name = name;
    array.path = {{name}};
    array.shape = whole_numbers(entry, "shape");
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > bytes_.size() - data_)
      damaged_header(fmt::format("the data of {} go beyond its end", name));
    Tensor tensor{element(type), offsets[0], offsets[1] - offsets[0]};
    if (tensor.element) {
      try {
        check_length(tensor.length, array.shape, *tensor.element);
      } catch (const Refusal& refusal) {
        damaged_header(fmt::format("{}: {}", name, refusal.what()));
      }
      const bool whole =
          tensor.element->type == Element::Type::integer || tensor.element->type == Element::Type::natural;
      array.numbers = whole ? Numbers::integer : Numbers::real;
    } else {
      array.obstacle = fmt::format("type {}; F64, F32, F16, BF16 or integers are expected, as W.float() has", type);
    }
    const std::string last = name.substr(name.find_last_of("./") + 1);
    array.kernel = inputs_first && last.starts_with("kernel");
    arrays_.push_back(array);
    tensors_.push_back(tensor);
  }

  Bytes bytes_;
  std::uint64_t data_ = 0;
  std::vector<Tensor> tensors_;
};

}  // namespace

std::unique_ptr<ArrayFile> open_safetensors(Bytes bytes) { return std::make_unique<SafetensorsFile>(std::move(bytes)); }

}  // namespace theoremeter::weights
