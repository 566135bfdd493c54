// Whatever the bytes, an experiment is read or refused in one line at the file's name.
#include "experiments/experiment.hpp"
#include "theory/error.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string path = "/tmp/fuzz_experiment." + std::to_string(getpid()) + ".toml";
  std::ofstream(path, std::ios::binary) << std::string(reinterpret_cast<const char*>(data), size);
  for (const theoremeter::Size each : {theoremeter::Size::small, theoremeter::Size::full}) try {
      theoremeter::read_experiment(path, each);
    } catch (const theoremeter::InputError& error) {
      const std::string said = error.what();
      if (said.find('\n') != std::string::npos || !said.starts_with(path)) std::abort();
    }
  unlink(path.c_str());
  return 0;
}
