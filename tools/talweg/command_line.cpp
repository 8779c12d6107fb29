#include "command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <deque>
#include <functional>
#include <talweg/error.hpp>
#include <utility>

#include "support/numbers.hpp"
#include "support/suggest.hpp"
#include "support/table.hpp"

namespace talweg {
namespace {

Error usage_error(const std::string& message) { return Error(Status::model, message); }

std::int64_t read_integer(const std::string& name, const std::string& text, std::int64_t low,
                          std::int64_t high) {
  const std::optional<std::int64_t> value = parse_integer(text);
  if (!value) throw usage_error(name + " is a whole number, and this is '" + text + "'");
  if (*value < low) throw usage_error(name + " is at least " + std::to_string(low) + ", and this is " + text);
  if (*value > high)
    throw usage_error(name + " is at most " + std::to_string(high) + ", and this is " + text);
  return *value;
}

}  // namespace

/// CLI11 splits the arguments into options and values; what they mean is read here, so that every message is
/// in Talweg's form.
struct CommandLine::Parser {
  struct Entry {
    std::string name;  ///< "--steps", or "MODEL" for an argument without a dash
    std::string placeholder;
    std::string doc;
    bool repeated = false;
    std::vector<std::string> values;  ///< as given
    std::function<void(const std::vector<std::string>&)> assign;

    [[nodiscard]] bool is_argument() const { return !name.starts_with("--"); }
  };

  Parser(std::string command, std::string about)
      : name(std::move(command)), summary(std::move(about)), app(summary, name) {
    app.set_help_flag("-h,--help");
    app.allow_extras();
  }

  /// Entries stay where they are.
  Entry& add(Entry entry) { return entries.emplace_back(std::move(entry)); }

  void add_option(Entry given) {
    Entry& entry = add(std::move(given));
    app.add_option(entry.name, entry.values)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  /// Hands out what CLI11 takes for no option: the arguments without a dash, and what is none of ours.
  void place_arguments() {
    std::vector<std::string> names = {"--help"};
    for (const Entry& entry : entries)
      if (!entry.is_argument()) names.push_back(entry.name);
    std::vector<std::string> given = app.remaining();
    const auto separator = std::ranges::find(given, "--");  // what follows is no option
    for (auto text = given.begin(); text != separator; ++text)
      if (text->starts_with("-") && text->size() > 1) {
        const std::string option = text->substr(0, text->find('='));
        throw usage_error("talweg " + name + " has no option '" + option + "'")
            .set_hint(did_you_mean(option, names));
      }
    if (separator != given.end()) given.erase(separator);
    std::size_t next = 0;
    for (Entry& entry : entries) {
      if (!entry.is_argument()) continue;
      if (entry.repeated) {
        entry.values.assign(given.begin() + static_cast<std::ptrdiff_t>(next), given.end());
        next = given.size();
        continue;
      }
      if (next == given.size())
        throw usage_error("talweg " + name + " needs an argument: " + entry.name)
            .set_hint("talweg " + name + " --help");
      entry.values.push_back(given[next++]);
    }
    if (next < given.size())
      throw usage_error("talweg " + name + " takes no further argument, and there is '" + given[next] + "'");
  }

  void assign() const {
    for (const Entry& entry : entries) {
      if (entry.values.empty()) continue;
      for (const std::string& value : entry.values)
        if (!entry.is_argument() && (value.empty() || value.starts_with("--")))
          throw usage_error(entry.name + " needs a value: " + entry.placeholder);
      if (entry.values.size() > 1 && !entry.repeated)
        throw usage_error(entry.name + " is given " + std::to_string(entry.values.size()) + " times");
      entry.assign(entry.values);
    }
  }

  /// "--out: 1 required TEXT missing", "json was given a disallowed flag override"
  [[nodiscard]] Error explain_mismatch(const std::string& text) const {
    const std::size_t begin = std::min(text.find_first_not_of('-'), text.size());
    const std::string option = "--" + text.substr(begin, text.find_first_of(": ", begin) - begin);
    for (const Entry& entry : entries)
      if (entry.name == option)
        return usage_error(option + (entry.placeholder.empty() ? " takes no value"
                                                               : " needs a value: " + entry.placeholder));
    return usage_error(text);
  }

  std::string name;
  std::string summary;
  std::string explanation;
  CLI::App app;
  std::deque<Entry> entries;
};

CommandLine::CommandLine(std::string name, std::string summary)
    : parser_(std::make_unique<Parser>(std::move(name), std::move(summary))) {}

CommandLine::~CommandLine() = default;

void CommandLine::argument(const std::string& placeholder, const std::string& doc, std::string& target) {
  parser_->add({placeholder, "", doc, false, {}, [&](const auto& values) { target = values.front(); }});
}

void CommandLine::arguments(const std::string& placeholder, const std::string& doc,
                            std::vector<std::string>& target) {
  parser_->add({placeholder, "", doc, true, {}, [&](const auto& values) { target = values; }});
}

void CommandLine::flag(const std::string& name, const std::string& doc, bool& target) {
  parser_->add({name, "", doc, true, {}, [](const auto&) {}});
  parser_->app.add_flag(name, target)->disable_flag_override();
}

void CommandLine::option(const std::string& name, const std::string& placeholder, const std::string& doc,
                         std::optional<std::string>& target) {
  parser_->add_option(
      {name, placeholder, doc, false, {}, [&](const auto& values) { target = values.front(); }});
}

void CommandLine::option(const std::string& name, const std::string& placeholder, const std::string& doc,
                         std::vector<std::string>& target) {
  parser_->add_option({name, placeholder, doc, true, {}, [&](const auto& values) { target = values; }});
}

void CommandLine::option(const std::string& name, const std::string& placeholder, const std::string& doc,
                         std::optional<std::int64_t>& target, std::int64_t low, std::int64_t high) {
  parser_->add_option({name, placeholder, doc, false, {}, [&target, name, low, high](const auto& values) {
                         target = read_integer(name, values.front(), low, high);
                       }});
}

void CommandLine::explain(std::string text) { parser_->explanation = std::move(text); }

bool CommandLine::parse(std::span<const std::string> arguments) {
  try {
    // CLI11 takes them from the back.
    parser_->app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return false;
  } catch (const CLI::ArgumentMismatch& mismatch) {
    throw parser_->explain_mismatch(mismatch.what());
  } catch (const CLI::ParseError& error) {
    throw usage_error(error.what());
  }
  parser_->place_arguments();
  parser_->assign();
  return true;
}

std::string CommandLine::help() const {
  std::string usage = "talweg " + parser_->name;
  std::vector<std::vector<std::string>> rows;
  for (const Parser::Entry& entry : parser_->entries) {
    if (entry.is_argument()) usage += entry.repeated ? " [" + entry.name + "...]" : " " + entry.name;
    const std::string left = entry.name + (entry.placeholder.empty() ? "" : " " + entry.placeholder);
    const bool several = entry.repeated && !entry.placeholder.empty();
    rows.push_back({left, entry.doc + (several ? " (may be given several times)" : "")});
  }
  rows.push_back({"--help", "this text"});
  std::string text = usage + " [OPTION]...\n\n" + parser_->summary + "\n\n";
  text += format_table(rows, "", "  ");
  if (!parser_->explanation.empty()) text += "\n" + parser_->explanation;
  return text;
}

std::pair<std::string, std::string> split_setting(std::string_view option, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    throw usage_error(std::string(option) + " takes NAME=VALUE, and this is '" + text + "'");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace talweg
