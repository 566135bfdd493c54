// Whatever HDF5 gives for the values of a results file, and whatever its description says, it is read or refused in one
// line. Changed are the values, not the bytes by which HDF5 finds its way: version 1.10 of the library crashes at some
// of them, which is what files are sealed against.
#include "results/data_file.hpp"
#include "results/description.hpp"
#include "results/hdf5.hpp"
#include "tests/toy.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace theoremeter {
namespace {

const std::string& results_file() {
  static const std::string path = fmt::format("/tmp/fuzz_results.{}.h5", getpid());
  DataSet data(toy::description(2, 3));
  data.add({0, 0}, State::measured, toy::columns().row(toy::numbered(0, 0)), 0);
  data.add({1, 2}, State::measured, toy::columns().row(toy::numbered(1, 2)), 0);
  write(data, path, true);
  return path;
}

// The values of the dataset, by turns from `bytes`.
void change(hid_t file, const std::string& name, const std::string& bytes) try {
  const hdf5::Handle set = hdf5::open_dataset(file, name), type(H5Dget_type(set), H5Tclose, "type");
  if (H5Tis_variable_str(type) != 0) return;
  const hdf5::Handle space(H5Dget_space(set), H5Sclose, "space");
  std::vector<char> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)) * H5Tget_size(type));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = bytes[i % bytes.size()];
  H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
} catch (const hdf5::Error&) {  // a group
}

}  // namespace
}  // namespace theoremeter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace theoremeter;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    description_of(bytes);
  } catch (const std::runtime_error&) {
  }
  if (size < 2) return 0;
  const std::string& path = results_file();
  {
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "file");
    const std::vector<std::string> names = hdf5::names_in(file);
    change(file, names[data[0] % names.size()], bytes.substr(1));
  }
  try {
    read(path, [] { return std::vector<Declared>(); });
  } catch (const InputError& error) {
    if (std::string(error.what()).find('\n') != std::string::npos) std::abort();
  }
  std::filesystem::remove(path);
  return 0;
}
