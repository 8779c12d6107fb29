#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model_options.hpp"
#include "training/trainer.hpp"

namespace talweg {

/// The options that every subcommand has which trains.
struct TrainingArguments {
  std::optional<std::string> out;
  std::optional<std::string> executor;
  std::optional<std::int64_t> threads;
  bool json = false;

  /// `out_doc` says what --out DIR is for.
  void declare(CommandLine& line, const std::string& out_doc);
  [[nodiscard]] TrainerOptions options() const;
};

}  // namespace talweg
