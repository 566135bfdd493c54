#include "experiments/scripts.hpp"

#include "experiments/declarations.hpp"
#include "experiments/studies/studies.hpp"
#include "experiments/verbs.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#ifndef THEOREMETER_SOURCES
#define THEOREMETER_SOURCES ""
#endif

extern char** environ;

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

/// The folder `name` beside an installed program (PREFIX/share/theoremeter), or among the sources it was built from.
std::vector<fs::path> folders(const std::string& name) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  std::vector<fs::path> all;
  if (!error) all.push_back(program.parent_path().parent_path() / "share" / "theoremeter" / name);
  if (*THEOREMETER_SOURCES != '\0') all.push_back(fs::path(THEOREMETER_SOURCES) / name);
  return all;
}

}  // namespace

std::string found_experiment(const std::string& name) {
  std::error_code ignored;
  if (name.find('/') != std::string::npos || fs::exists(name, ignored)) return name;
  for (const fs::path& folder : folders("experiments"))
    for (const char* ending : {"", ".toml"})
      if (const fs::path file = folder / (name + ending); fs::is_regular_file(file)) return file.string();
  return name;  // refused when it is read
}

std::string found_script(const std::string& name) {
  for (const fs::path& folder : folders("results"))
    if (fs::is_regular_file(folder / name)) return (folder / name).string();
  throw InputError(fmt::format("the script {} is not where the program was installed or built", name));
}

namespace {

/// The figure that the study of this file declares, as options of results/plot.py. Throws InputError, as for any verb.
std::vector<std::string> declared_figure(const std::string& file) {
  const Tally t = tally(file, declarations);
  std::vector<std::string> words;
  for (const auto& [name, text] : study_of(t.about).figure) words.push_back("--" + name + "=" + text);
  return words;
}

/// Runs results/NAME and returns its exit status.
int run_script(const std::string& name, const std::vector<std::string>& options) {
  std::vector<std::string> words{"/usr/bin/python3", found_script(name), "--program",
                                 fs::read_symlink("/proc/self/exe").string()};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::fflush(stdout);
  pid_t child = 0;
  if (const int error = posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ); error != 0)
    throw InputError(fmt::format("{} needs {}: {}", name, words[0], std::strerror(error)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int plot_verb(const Options& o) {
  std::vector<std::string> words{o.file};
  const std::vector<std::string> declared = declared_figure(o.file);
  const bool own = o.study.contains("y") && !o.study.at("y").empty();
  if (!own) words.insert(words.end(), declared.begin(), declared.end());
  for (const auto& [name, text] : o.study)  // the last one counts
    if (!text.empty()) words.push_back((name == "x" ? "--asked-x" : "--" + name) + "=" + text);
  if (!o.output.empty()) words.insert(words.end(), {"--out", o.output});
  if (o.point >= 0) words.insert(words.end(), {"--point", std::to_string(o.point)});
  if (o.draw >= 0) words.insert(words.end(), {"--draw", std::to_string(o.draw)});
  return run_script("plot.py", words);
}

int report_verb(const Options& o) {
  std::vector<std::string> words{"--output", o.output};
  for (const std::string& file : o.files) {
    words.insert(words.end(), {"--", file});
    const std::vector<std::string> declared = declared_figure(file);
    words.insert(words.end(), declared.begin(), declared.end());
  }
  return run_script("report.py", words);
}

}  // namespace theoremeter
