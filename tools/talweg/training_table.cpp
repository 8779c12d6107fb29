#include "training_table.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "output.hpp"
#include "support/numbers.hpp"
#include "support/table.hpp"
#include "tensor_text.hpp"

namespace talweg {
namespace {

/// "-1.23456789012e-05" fits.
constexpr std::size_t kValueWidth = 18;

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width > display_width(text) ? width - display_width(text) : 0, ' ');
}

std::string right_aligned(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

/// Three digits: "0.0123", "45.6", "1.2e+04".
std::string rounded(double value) {
  char text[32];
  static_cast<void>(std::snprintf(text, sizeof text, "%.3g", value));
  return text;
}

/// "8 s", "2 min 05 s", "3 h 20 min".
std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds > 1e7) return "a long time";
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  const auto two_digits = [](std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + two_digits(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + two_digits(whole / 60 % 60) + " min";
}

void write_line_over(const std::string& text) {
  const std::string line = "\r" + text + "\033[K";
  // Nothing depends on whether somebody sees it.
  static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
}

}  // namespace

ProgressLine::ProgressLine() : enabled_(is_interactive(STDERR_FILENO)) {}

void ProgressLine::progressed(const ProgressRecord& progress) {
  if (!enabled_) return;
  shown_ = true;
  write_line_over("step " + std::to_string(progress.step) + " of " + std::to_string(progress.steps) +
                  ", loss " + rounded(progress.loss) + ", " +
                  std::to_string(std::llround(progress.steps_per_second)) + " steps/s, " +
                  duration(progress.seconds_left) + " left");
}

void ProgressLine::clear() {
  if (shown_) write_line_over("");
  shown_ = false;
}

void TrainingTable::started(const StartRecord& start) {
  std::string text = start.name + ": " + count(start.parameters, "parameter") + " in " +
                     std::string(to_string(start.dtype)) + ", seed " + std::to_string(start.seed);
  if (!start.optimizer.empty()) text += "; " + start.optimizer + ", " + count(start.steps, "step");
  if (start.first_step > 0) text += ", from step " + std::to_string(start.first_step) + " on";
  text += "\n";
  for (const GroupRecord& group : start.groups) {
    text += "  " + (group.name.empty() ? "all others" : group.name) + ": " + group.optimizer + " for";
    for (std::size_t i = 0; i < group.parameters.size(); ++i)
      text += (i == 0 ? " " : ", ") + group.parameters[i];
    text += "\n";
  }
  write_output(text);
  step_width_ = std::max(std::string("step").size(), std::to_string(start.steps).size());
}

void TrainingTable::logged(const LogRecord& log) { write_row(log.step, log.values); }

namespace {

/// "validation: loss 0.312, accuracy 0.913"
std::string describe_validation(const ValidationRecord& record) {
  std::string text = "validation:";
  for (std::size_t i = 0; i < record.values.size(); ++i)
    text += (i == 0 ? " " : ", ") + record.values[i].name + " " + format_inline(record.values[i]);
  return text;
}

}  // namespace

void TrainingTable::validated(const ValidationRecord& record) {
  write_output(right_aligned(std::to_string(record.step), step_width_) + "  epoch " + rounded(record.epoch) +
               ", " + describe_validation(record) + "\n");
}

void TrainingTable::ended(const EndRecord& end) {
  write_row(end.steps, end.values);
  std::string text = count(end.steps, "step") + " in " + rounded(end.seconds) + " s: " + explain(end.reason);
  if (!end.message.empty()) text += ": " + end.message;
  if (end.evaluations) text += " (" + count(*end.evaluations, "evaluation") + ")";
  text += "\n";
  if (end.validation && end.validation->step != end.steps)
    text += "kept is step " + std::to_string(end.validation->step) + "; " +
            describe_validation(*end.validation) + "\n";
  for (const NamedTensor& tensor : end.report) text += format_report(tensor);
  write_output(text);
}

void TrainingTable::write_row(std::int64_t step, const std::vector<NamedTensor>& values) {
  std::string text;
  if (widths_.empty()) {
    text = right_aligned("step", step_width_);
    for (const NamedTensor& value : values) {
      widths_.push_back(std::max(kValueWidth, display_width(value.name)));
      text += "  " + padded(value.name, widths_.back());
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  text += right_aligned(std::to_string(step), step_width_);
  for (std::size_t i = 0; i < values.size(); ++i) text += "  " + padded(format_inline(values[i]), widths_[i]);
  text.erase(text.find_last_not_of(' ') + 1);
  write_output(text + "\n");
}

std::string explain(EndReason reason) {
  switch (reason) {
    case EndReason::steps:
      return "all planned steps were made";
    case EndReason::gradient:
      return "the slope is zero, as near as `stop: gradient` asks";
    case EndReason::loss:
      return "what is minimized is as small as `stop: loss` asks";
    case EndReason::patience:
      return "no validation was better for as long as `stop: patience` waits";
    case EndReason::optimizer:
      return "the optimizer goes no further";
    case EndReason::interrupted:
      return "interrupted";
  }
  return "";
}

}  // namespace talweg
