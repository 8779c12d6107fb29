#pragma once

#include <cstddef>
#include <vector>

#include "training/records.hpp"

namespace talweg {

/// The line on standard error that says how far training is; only on a terminal that can overwrite lines.
class ProgressLine final : public TrainingObserver {
 public:
  ProgressLine();
  ~ProgressLine() override { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void logged(const LogRecord&) override { clear(); }
  void validated(const ValidationRecord&) override { clear(); }
  void progressed(const ProgressRecord& progress) override;
  void ended(const EndRecord&) override { clear(); }

 private:
  void clear();

  bool enabled_ = false;
  bool shown_ = false;
};

/// Training for people, on standard output: how it starts, a table of the log lines, how it ended, and what
/// `report:` asks for.
class TrainingTable final : public TrainingObserver {
 public:
  void started(const StartRecord& start) override;
  void logged(const LogRecord& log) override;
  void validated(const ValidationRecord& record) override;
  void ended(const EndRecord& end) override;

 private:
  void write_row(std::int64_t step, const std::vector<NamedTensor>& values);

  std::size_t step_width_ = 0;
  std::vector<std::size_t> widths_;  ///< of the values' columns; empty until the heading is written
};

/// "all planned steps were made", ...
[[nodiscard]] std::string explain(EndReason reason);

}  // namespace talweg
