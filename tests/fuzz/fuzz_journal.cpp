// Any bytes as a row and as a journal: taken or refused, and nothing else.
#include "results/journal.hpp"
#include "tests/toy.hpp"
#include "theory/error.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace theoremeter;
  static const Columns<toy::Toy> columns = toy::columns();
  static const std::string path = "/tmp/fuzz_journal." + std::to_string(getpid());
  const std::string bytes(reinterpret_cast<const char*>(data), size);

  bool decoded = false;
  try {
    const Row row = decode(bytes, columns.schema());
    decoded = true;
    columns.draw(row);
  } catch (const WrongRow&) {
  }
  if (decoded != is_row(bytes, columns.schema())) std::abort();

  // Behind a header that is sound: the records are what is damaged.
  std::filesystem::remove(path);
  if (size % 2 == 0) Journal(path, toy::description(2, 1000), Provenance());
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  try {
    DataSet all(toy::description(2, 1000));
    std::string remark;
    take_up(path, all, remark);
  } catch (const InputError&) {
  }
  std::filesystem::remove(path);
  return 0;
}
