#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace talweg {

/// The arguments of one subcommand: declared once, which drives parsing, --help and "did you mean". What is
/// wrong with them is an Error{model}.
class CommandLine {
 public:
  /// `summary` is what --help begins with.
  CommandLine(std::string name, std::string summary);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Targets outlive the CommandLine. `placeholder` is how help calls a value: "DIR".
  void argument(const std::string& placeholder, const std::string& doc, std::string& target);
  /// As many as are given, none included, behind all others.
  void arguments(const std::string& placeholder, const std::string& doc, std::vector<std::string>& target);
  void flag(const std::string& name, const std::string& doc, bool& target);
  void option(const std::string& name, const std::string& placeholder, const std::string& doc,
              std::optional<std::string>& target);
  /// May be given several times.
  void option(const std::string& name, const std::string& placeholder, const std::string& doc,
              std::vector<std::string>& target);
  void option(const std::string& name, const std::string& placeholder, const std::string& doc,
              std::optional<std::int64_t>& target, std::int64_t low,
              std::int64_t high = std::numeric_limits<std::int64_t>::max());
  /// Lines below the options in --help.
  void explain(std::string text);

  /// Fills the targets. False where help was asked for and nothing shall run.
  [[nodiscard]] bool parse(std::span<const std::string> arguments);
  [[nodiscard]] std::string help() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// "NAME=VALUE" as a pair. Throws Error{model} that names the option.
[[nodiscard]] std::pair<std::string, std::string> split_setting(std::string_view option,
                                                                const std::string& text);

}  // namespace talweg
