#include "experiments/usage.hpp"

#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

constexpr std::size_t column = 28, width = 96;

/// Broken between words, into lines that fit beside the column of names.
std::string wrapped(const std::string& text) {
  std::string lines;
  std::size_t length = 0;
  for (const std::string& word : CLI::detail::split(text, ' ')) {
    const bool fits = lines.empty() || length + 1 + word.size() <= width - column;
    length = fits ? length + 1 + word.size() : word.size();
    if (!lines.empty()) lines += fits ? ' ' : '\n';
    lines += word;
  }
  return lines;
}

class Layout : public CLI::Formatter {
 public:
  Layout() {
    label("SUBCOMMAND", "VERB");
    label("Positionals", "Arguments");
    column_width(column);
  }
  std::string make_option_desc(const CLI::Option* option) const override { return wrapped(option->get_description()); }
  std::string make_subcommand(const CLI::App* verb) const override {
    std::ostringstream out;
    CLI::detail::format_help(out, verb->get_name(), wrapped(verb->get_description()), column);
    return out.str();
  }
  std::string make_help(const CLI::App* verb, std::string name, CLI::AppFormatMode mode) const override {
    return CLI::detail::find_and_replace(CLI::Formatter::make_help(verb, std::move(name), mode), "\n\n\n", "\n\n");
  }
};

/// The verb that the words on the command line reach.
const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

/// "theoremeter measure wdc"
std::string command_of(const CLI::App& verb) {
  return (verb.get_parent() ? command_of(*verb.get_parent()) + " " : "") + verb.get_name();
}

std::vector<std::string> names(const std::vector<const CLI::App*>& verbs) {
  std::vector<std::string> all(verbs.size());
  std::transform(verbs.begin(), verbs.end(), all.begin(), [](const CLI::App* verb) { return verb->get_name(); });
  return all;
}

/// The verb itself or one below it that has this option, in words; "" when none has.
std::string which_takes(const CLI::App& verb, const std::string& option) {
  if (!option.starts_with("--")) return "";
  if (verb.get_option_no_throw(option)) return command_of(verb);
  for (const CLI::App* below : verb.get_subcommands({}))
    if (const std::string found = which_takes(*below, option); !found.empty()) return found;
  return "";
}

std::string unknown_word(const CLI::App& verb, const std::string& argument) {
  const std::string word = argument.substr(0, argument.find('='));
  std::vector<std::string> known = names(verb.get_subcommands({}));
  if (word.starts_with("-")) {
    known.clear();
    for (const CLI::Option* option : verb.get_options())
      if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames().front());
  }
  if (const std::string verb_below = which_takes(verb, word); !verb_below.empty())
    return fmt::format("{}: options come behind the last word of the command, as in {} {}", word, verb_below, word);
  if (known.empty()) return fmt::format("\"{}\" is one word too many", word);
  const std::string near = nearest(word, known);
  return fmt::format("{}: unknown{}", word, near.empty() ? "" : fmt::format(" (did you mean {}?)", near));
}

/// CLI11's "--n: 1 required N missing" and "--n: At Most 1 required but received 2".
std::string wrong_count(const std::string& what) {
  const bool many = what.find("At Most") != std::string::npos;
  return fmt::format("{}: {}", what.substr(0, what.find(':')), many ? "given more than once" : "its value is missing");
}

std::string mistake(const CLI::App& app, const CLI::App& verb, const CLI::ParseError& error) {
  const auto verbs = verb.get_subcommands([](const CLI::App*) { return true; });
  const auto unused = app.remaining(true);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) return wrong_count(error.what());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) && !unused.empty()) return unknown_word(verb, unused.front());
  if (dynamic_cast<const CLI::RequiredError*>(&error) && !verbs.empty()) {
    if (!unused.empty()) return unknown_word(verb, unused.front());
    return fmt::format("\"{}\" is incomplete, one of {} must follow", command_of(verb), fmt::join(names(verbs), ", "));
  }
  return error.what();
}

}  // namespace

CLI::Validator not_empty() {
  return CLI::Validator([](std::string& text) -> std::string { return text.empty() ? "its value is empty" : ""; }, "");
}

CLI::Validator whole_number() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        std::int64_t value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
          return fmt::format("\"{}\" is not a whole number below 2^63, in decimal digits", text);
        text = std::to_string(value);  // CLI11 takes 010 for 8
        return "";
      },
      "");
}

CLI::Validator no_less_than(std::int64_t least) {
  return CLI::Validator(
      [least](std::string& text) -> std::string {
        return std::stoll(text) >= least ? "" : fmt::format("{}: must be at least {}", text, least);
      },
      "");
}

CLI::Validator number() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        double value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size()) return "";
        return fmt::format("\"{}\" is not a number", text);
      },
      "");
}

void lay_out_help(CLI::App& app) {
  app.formatter(std::make_shared<Layout>());
  app.set_help_flag("-h,--help", "print this page");
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = innermost(app);
  return fmt::format("{}; see {} --help", mistake(app, verb, error), command_of(verb));
}

}  // namespace theoremeter
