#include "experiments/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace theoremeter {
namespace {

std::vector<std::string> long_options(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> names_below(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::App* below : verb.get_subcommands({})) names.push_back(below->get_name());
  return names;
}

/// "measure wdc": the words from the program's name on.
void add_cases(const CLI::App& verb, const std::string& words, std::string& script) {
  std::vector<std::string> all = names_below(verb);
  const std::vector<std::string> options = long_options(verb);
  all.insert(all.end(), options.begin(), options.end());
  script += fmt::format("    \"{}\") words=\"{}\" ;;\n", words, fmt::join(all, " "));
  for (const CLI::App* below : verb.get_subcommands({}))
    add_cases(*below, words.empty() ? below->get_name() : words + " " + below->get_name(), script);
}

/// man(7): a hyphen is \-, a leading dot or quote starts no macro, lines stand alone.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '-' || c == '\\') out += '\\';
    out += c == '\\' ? 'e' : c;
  }
  return out;
}

void add_options(const CLI::App& verb, std::string& page) {
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_name() == "--help" || option->get_lnames().empty()) continue;
    page += fmt::format(".TP\n.B {} {}\n{}\n", roff("--" + option->get_lnames().front()), roff(option->get_type_name()),
                        roff(option->get_description()));
  }
}

void add_verb(const CLI::App& verb, const std::string& words, std::string& page) {
  if (!words.empty()) {
    page += fmt::format(".SS {}\n{}\n", roff(words), roff(verb.get_description()));
    add_options(verb, page);
    if (const std::string notes = verb.get_footer(); !notes.empty())
      page += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(notes));
  }
  for (const CLI::App* below : verb.get_subcommands({}))
    add_verb(*below, words.empty() ? below->get_name() : words + " " + below->get_name(), page);
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string script =
      "# bash completion of theoremeter\n_theoremeter() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" said=\"\" words=\"\" w\n"
      "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$w\" in -*) break ;; esac\n"
      "    said=\"${said:+$said }$w\"\n"
      "  done\n"
      "  case \"$said\" in\n";
  add_cases(app, "", script);
  for (const CLI::App* verb : app.get_subcommands({}))
    if (verb->get_subcommands({}).empty())  // behind a file
      script += fmt::format("    \"{} \"*) words=\"{}\" ;;\n", verb->get_name(), fmt::join(long_options(*verb), " "));
  return script +
         "  esac\n"
         "  case \"$word\" in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
         "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\")) ;;\n"
         "  esac\n"
         "}\ncomplete -o filenames -F _theoremeter theoremeter\n";
}

std::string zsh_completion(const CLI::App& app) {
  return "#compdef theoremeter\nautoload -U +X bashcompinit && bashcompinit\n" + bash_completion(app);
}

std::string man_page(const CLI::App& app, const std::string& version) {
  std::string page = fmt::format(
      ".TH THEOREMETER 1 \"\" \"theoremeter {}\"\n.SH NAME\ntheoremeter \\- constants in recovery theorems for ReLU "
      "generative "
      "priors\n.SH SYNOPSIS\n.B theoremeter\n.I verb\n[\n.I options\n]\n.SH DESCRIPTION\n{}\n.SH VERBS\n",
      version, roff(app.get_description()));
  add_verb(app, "", page);
  return page + fmt::format(".SH EXIT STATUS AND EXAMPLES\n.nf\n{}\n.fi\n", roff(app.get_footer()));
}

}  // namespace theoremeter
