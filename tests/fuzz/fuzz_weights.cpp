// Whatever the bytes, the readers of .npy, .npz and .safetensors return or refuse; libFuzzer looks for bytes at which
// they do not. As the other targets here run by the tests for seconds; by hand for minutes, where CORPUS, a new
// directory, keeps what is found:
//
//   cmake --build --preset asan --target fuzz_weights
//   build/asan/fuzz_weights -max_total_time=300 CORPUS tests/fuzz/corpus/weights
#include "results/weights/array_file.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace theoremeter::weights {
namespace {

template <class Open>
void read_all(const Open& open) try {
  const std::unique_ptr<ArrayFile> file = open();
  for (std::size_t i = 0; i < file->arrays().size(); ++i) {
    const Array& a = file->arrays()[i];
    if (a.shape.size() != 2 || a.numbers == Numbers::none || !a.obstacle.empty()) continue;
    try {
      file->read(i);
    } catch (const Refusal&) {
    }
  }
} catch (const Refusal&) {
}

}  // namespace
}  // namespace theoremeter::weights

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace theoremeter::weights;
  const std::vector<char> bytes(data, data + size);
  read_all([&] { return open_npy(Bytes(bytes)); });
  read_all([&] { return open_safetensors(Bytes(bytes)); });
  read_all([&] { return open_npz(Zip(Bytes(bytes))); });
  return 0;
}
