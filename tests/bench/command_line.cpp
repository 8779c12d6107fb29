#include "bench/command_line.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg::speed {
namespace {

Error usage_error(const std::string& message) { return {Status::model, message}; }

int whole_number(const std::string& option, const std::string& text) {
  constexpr std::int64_t kMost = 1000;
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number || *number < 1 || *number > kMost)
    throw usage_error(option + " is a whole number from 1 to 1000, and this is '" + text + "'");
  return static_cast<int>(*number);
}

}  // namespace

std::optional<Settings> read_command_line(std::span<const std::string> arguments,
                                          std::span<const std::string> families) {
  static const std::vector<std::string> kOptions = {"--help", "--json",   "--quick",  "--rounds",
                                                    "--svg",  "--python", "--threads"};
  Settings settings;
  std::optional<int> rounds;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == arguments.size() || arguments[i + 1].starts_with("--"))
        throw usage_error(word + " needs a value");
      return arguments[++i];
    };
    if (word == "--help" || word == "-h") return std::nullopt;
    if (word == "--json") {
      settings.json = true;
    } else if (word == "--quick") {
      settings.quick = true;
    } else if (word == "--rounds") {
      rounds = whole_number(word, value());
    } else if (word == "--threads") {
      settings.threads = whole_number(word, value());
    } else if (word == "--python") {
      settings.python = value();
    } else if (word == "--svg") {
      settings.svg = value();
    } else if (word.starts_with("-")) {
      throw usage_error("talweg-bench has no option '" + word + "'").set_hint(did_you_mean(word, kOptions));
    } else if (std::ranges::find(families, word) == families.end()) {
      throw usage_error("talweg-bench measures no '" + word + "'")
          .set_hint(did_you_mean(word, std::vector<std::string>(families.begin(), families.end())));
    } else {
      settings.families.push_back(word);
    }
  }
  settings.rounds = rounds.value_or(settings.quick ? 1 : settings.rounds);
  return settings;
}

}  // namespace talweg::speed
