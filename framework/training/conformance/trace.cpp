#include "training/conformance/trace.hpp"

#include <cmath>
#include <sstream>
#include <talweg/error.hpp>

#include "support/file.hpp"
#include "support/numbers.hpp"

namespace talweg::conformance {
namespace {

class TraceReader {
 public:
  explicit TraceReader(const std::filesystem::path& path) : path_(path) {}

  Trace read() {
    std::istringstream text(read_whole_file(path_));
    while (std::getline(text, line_)) {
      ++number_;
      std::istringstream words(line_);
      std::string first;
      if (words >> first && !first.starts_with("#")) read_line(first, words);
    }
    if (trace_.start.empty()) refuse("the trace has no line 'x ...', which says where it starts");
    if (trace_.x.empty()) refuse("the trace has no line 'step ...'");
    return std::move(trace_);
  }

 private:
  void read_line(const std::string& first, std::istringstream& words) {
    if (first == "set") {
      std::string name, value, more;
      if (!(words >> name >> value) || words >> more) refuse("'set' takes a hyperparameter and its value");
      trace_.settings.emplace_back(name, value);
    } else if (first == "tolerance") {
      const std::vector<double> numbers = read_numbers(words);
      if (numbers.size() != 1 || !(numbers[0] >= 0)) refuse("'tolerance' takes one number, at least 0");
      trace_.tolerance = numbers[0];
    } else if (first == "x") {
      if (!trace_.start.empty()) refuse("there is a line 'x' already");
      trace_.start = read_numbers(words);
      if (trace_.start.empty()) refuse("'x' takes the numbers that x starts with");
    } else if (first == "step") {
      trace_.gradients.push_back(read_numbers(words));
      trace_.x.push_back(read_numbers(words));
      for (const auto* numbers : {&trace_.gradients.back(), &trace_.x.back()})
        if (numbers->size() != trace_.start.size())
          refuse("'step' takes " + count(static_cast<std::int64_t>(trace_.start.size()), "number") +
                 " of the gradient, '->', and as many of x");
    } else {
      refuse("a line begins with set, tolerance, x, step or #, and this one with '" + first + "'");
    }
  }

  /// Up to "->" or the line's end.
  std::vector<double> read_numbers(std::istringstream& words) {
    std::vector<double> numbers;
    for (std::string word; words >> word && word != "->";) {
      const auto number = parse_number(word);
      if (!number || !std::isfinite(*number)) refuse("'" + word + "' is not a number");
      numbers.push_back(*number);
    }
    return numbers;
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    throw Error(Status::data, reason)
        .at({path_.string(), number_, 1, static_cast<int>(std::max<std::size_t>(line_.size(), 1)), line_});
  }

  const std::filesystem::path& path_;
  Trace trace_;
  std::string line_;
  int number_ = 0;
};

std::string list(const std::vector<double>& numbers) {
  std::string text;
  for (double number : numbers) text += (text.empty() ? "[" : ", ") + format_number(number);
  return text + "]";
}

/// Keeps x from every log line and from the end.
class Follower final : public TrainingObserver {
 public:
  void logged(const LogRecord& record) override { points.push_back(record.values.at(1).values); }
  void ended(const EndRecord& record) override { points.push_back(record.values.at(1).values); }

  std::vector<std::vector<double>> points;  ///< before the first step, and after each
};

}  // namespace

Trace read_trace(const std::filesystem::path& path) { return TraceReader(path).read(); }

Verdict check_trace(const Subject& subject, const Trace& trace) {
  if (subject.rule() == nullptr)
    return skipped("a minimizer evaluates the objective itself: a trace of gradients does not fit it");
  std::string gradients;
  for (const std::vector<double>& gradient : trace.gradients)
    gradients += (gradients.empty() ? "" : ", ") + list(gradient);
  const std::string steps = std::to_string(trace.x.size());
  // The gradient of the loss is the row of G that belongs to the step.
  const std::string text = "talweg: 1\ndata: {G: [" + gradients + "]}\nparameters: {x: " + list(trace.start) +
                           "}\ngraph:\n  row: reshape(arange(" + steps + "), [" + steps +
                           ", 1]) == step\n  loss: sum(x * sum(where(row, G, 0), axis=0))\ntrain: "
                           "{minimize: loss, optimizer: " +
                           subject.yaml(trace.settings) + ", steps: " + steps +
                           ", log: {every: 1, point: x}}\n";
  Trainer trainer(load_model_text(text, "trace.yaml"), subject.optimizer, {});
  Follower follower;
  static_cast<void>(trainer.run(follower));
  for (std::size_t i = 0; i < trace.x.size(); ++i) {
    const std::string problem =
        difference({{"x", follower.points.at(i + 1)}}, {{"x", trace.x[i]}}, "the trace", trace.tolerance);
    if (!problem.empty()) return failed("after step " + std::to_string(i) + " " + problem);
  }
  return ok(count(static_cast<std::int64_t>(trace.x.size()), "step"));
}

}  // namespace talweg::conformance
