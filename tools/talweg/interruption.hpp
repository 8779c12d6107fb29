#pragma once

#include "training/trainer.hpp"

namespace talweg {

/// Catches SIGINT and SIGTERM from its construction on: the first one asks the training to end, a second one
/// ends the process at once. There is one of it.
class Interruption {
 public:
  Interruption();

  /// The signal that came, or 0.
  [[nodiscard]] int signal() const;
  /// The status to end with after a signal: 130 or 143.
  [[nodiscard]] int exit_status() const;

  /// In its lifetime a signal ends the run of one trainer after the step that is under way.
  class Stops {
   public:
    Stops(const Interruption& interruption, Trainer& trainer);
    ~Stops();
    Stops(const Stops&) = delete;
    Stops& operator=(const Stops&) = delete;
  };
};

}  // namespace talweg
