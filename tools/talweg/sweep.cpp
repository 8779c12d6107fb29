// talweg sweep MODEL

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>

#include "commands.hpp"
#include "interruption.hpp"
#include "observers.hpp"
#include "output.hpp"
#include "support/file.hpp"
#include "support/json_object.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"
#include "sweep_tables.hpp"
#include "training/json_lines.hpp"
#include "training/run_directory.hpp"
#include "training/trainer.hpp"
#include "training_options.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "--grid and --restarts replace those of the model's `sweep:`. Every combination is trained with the "
    "seeds\n"
    "seed, seed + 1, ... . Results come in one order, whatever --jobs is.\n\n"
    "With --json, or in DIR/sweep.jsonl, the lines are those of talweg train, each with \"run\", from 0, "
    "and\n"
    "\"settings\"; a run that diverges ends with the reason \"diverged\" and \"error\". The last line,\n"
    "{\"event\":\"sweep\",\"runs\":...,\"diverged\":...,\"best\":...}, names the run with the smallest "
    "loss.\n\n"
    "A run that diverges is a line of the table. The exit status is 0 if at least one run came to an end, "
    "and 4\n"
    "if all diverged.\n";

/// What went wrong and where: "diverged in step 4: loss is inf (model.yaml:9)".
std::string in_one_line(const Error& error) {
  if (!error.has_location()) return error.message();
  return error.message() + " (" + error.location().file + ":" + std::to_string(error.location().line) + ")";
}

struct Options {
  ModelArguments model;
  TrainingArguments training;
  std::vector<std::string> grid;
  std::optional<std::int64_t> restarts;
  std::optional<std::int64_t> jobs;
};

/// "alpha=0.1,max(1, 2)": commas between brackets belong to a value.
std::pair<std::string, std::vector<std::string>> read_grid(const std::string& text) {
  const auto [name, list] = split_setting("--grid", text);
  std::vector<std::string> values(1);
  int depth = 0;
  for (char c : list) {
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c == ',' && depth == 0)
      values.emplace_back();
    else
      values.back() += c;
  }
  if (std::ranges::any_of(values, &std::string::empty))
    throw Error(Status::model, "--grid takes NAME=VALUE,VALUE,..., and this is '" + text + "'");
  return {name, values};
}

void check_grid_name(const std::string& name, const CheckedModel& model) {
  using Named = std::pair<std::string, double>;
  std::vector<std::string> names;
  for (const Named& let : model.lets) names.push_back(let.first);
  if (std::ranges::find(names, name) == names.end())
    throw Error(Status::model, "--grid varies '" + name + "', which is no number of the model's `let:`")
        .set_hint(did_you_mean(name, names));
  if (std::ranges::find(model.settings, name, &std::pair<std::string, std::string>::first) !=
      model.settings.end())
    throw Error(Status::model, "--grid varies '" + name + "', and --set gives it one value")
        .set_hint("give one of both");
}

SweepSetting read_sweep(const Options& options, const CheckedModel& model) {
  SweepSetting sweep = model.sweep.value_or(SweepSetting{});
  if (!options.grid.empty()) sweep.grid.clear();
  for (const std::string& text : options.grid) {
    sweep.grid.push_back(read_grid(text));
    const std::string& name = sweep.grid.back().first;
    if (std::ranges::count(sweep.grid, name, &std::pair<std::string, std::vector<std::string>>::first) > 1)
      throw Error(Status::model, "--grid names '" + name + "' twice");
    check_grid_name(name, model);
  }
  if (options.restarts) sweep.restarts = *options.restarts;
  if (sweep.grid.empty() && sweep.restarts == 1)
    throw Error(Status::model, "nothing is varied: the model has no `sweep:`")
        .set_hint("--grid NAME=VALUE,VALUE or --restarts N");
  return sweep;
}

/// Keeps a run's records, and its lines of JSON; asks the trainer to stop after a signal.
class RunObserver final : public TrainingObserver {
 public:
  RunObserver(const std::string& start_of_line, const Interruption& interruption, SweepOutcome& outcome,
              std::string& lines)
      : start_of_line_(start_of_line), interruption_(interruption), outcome_(outcome), lines_(lines) {}

  void follow(Trainer& trainer) { trainer_ = &trainer; }

  void started(const StartRecord& record) override { add(to_json_line(record)); }
  void logged(const LogRecord& record) override {
    add(to_json_line(record));
    outcome_.log.push_back(record);
    stop_if_interrupted();
  }
  void progressed(const ProgressRecord&) override { stop_if_interrupted(); }
  void ended(const EndRecord& record) override {
    add(to_json_line(record));
    outcome_.end = record;
  }

 private:
  void add(const std::string& line) { lines_ += start_of_line_ + line.substr(1) + "\n"; }
  void stop_if_interrupted() {
    if (interruption_.signal() != 0) trainer_->request_stop();
  }

  const std::string start_of_line_;
  const Interruption& interruption_;
  SweepOutcome& outcome_;
  std::string& lines_;
  Trainer* trainer_ = nullptr;
};

class Sweep {
 public:
  explicit Sweep(const Options& options)
      : options_(options), plugins_(options.model.plugin_path()), model_options_(options.model.options()) {}

  int run() {
    const CheckedModel model = load_model(options_.model.model, model_options_);
    require_training(model, options_.model.model);
    static_cast<void>(find_optimizer(model, plugins_));
    runs_ = plan_sweep(read_sweep(options_, model), model.seed);
    outcomes_.resize(runs_.size());
    lines_.resize(runs_.size());
    if (options_.training.out) open_directory(*options_.training.out);
    const int jobs = static_cast<int>(options_.jobs.value_or(processor_threads()));
    if (!options_.training.json)
      write_output(model.name + ": " + count(static_cast<std::int64_t>(runs_.size()), "run") + "\n");
    run_sweep(
        runs_, jobs, [this](const SweepRun& run) { return train(run); },
        [this](const SweepRun& run) { report(run); });
    finish();
    if (interruption_.signal() != 0) return interruption_.exit_status();
    return best_run(outcomes_) ? 0 : static_cast<int>(Status::diverged);
  }

 private:
  void open_directory(const std::filesystem::path& path) {
    std::error_code problem;
    std::filesystem::create_directories(path, problem);
    if (problem)
      throw Error(Status::files, path.string() + " cannot be made a directory: " + problem.message());
    file_.emplace(File::create(path / "sweep.jsonl"));
  }

  [[nodiscard]] CheckedModel load(const SweepRun& run) const {
    ModelOptions options = model_options_;
    options.seed = run.seed;
    options.grid = run.settings;
    return load_model(options_.model.model, options);
  }

  /// False after a signal: no further run begins.
  bool train(const SweepRun& run) {
    try {
      train_model(run, load(run));
    } catch (Error& error) {
      std::string settings;
      for (const auto& [name, value] : run.settings)
        settings.append(name).append("=").append(value).append(", ");
      throw error.note("in run " + std::to_string(run.index) + " of the sweep: " + settings + "seed " +
                       std::to_string(run.seed));
    }
    return interruption_.signal() == 0;
  }

  void train_model(const SweepRun& run, CheckedModel model) {
    const std::string start_of_line = start_of_lines(run, model);
    SweepOutcome& outcome = outcomes_[run.index];
    RunObserver observer(start_of_line, interruption_, outcome, lines_[run.index]);
    try {
      const auto optimizer = find_optimizer(model, plugins_);
      Trainer trainer(std::move(model), optimizer, options_.training.options());
      observer.follow(trainer);
      Observers observers;
      observers.add(observer);
      std::optional<RunDirectory> directory;
      if (options_.training.out) {
        directory.emplace(std::filesystem::path(*options_.training.out) /
                          ("run_" + std::to_string(run.index)));
        observers.add(*directory);
        directory->follow(trainer);
      }
      static_cast<void>(trainer.run(observers));
    } catch (const Error& error) {
      if (error.status() != Status::diverged) throw;
      outcome.problem = in_one_line(error);
      JsonObject end;
      end.add("event", "end").add("reason", "diverged").add("error", *outcome.problem);
      lines_[run.index] += start_of_line + end.text().substr(1) + "\n";
    }
  }

  /// {"run":3,"settings":{"alpha":0.1},
  static std::string start_of_lines(const SweepRun& run, const CheckedModel& model) {
    JsonObject settings;
    for (const auto& [name, text] : run.settings) {
      const auto let = std::ranges::find(model.lets, name, &std::pair<std::string, double>::first);
      settings.add(name, let->second);
    }
    JsonObject start;
    start.add("run", static_cast<std::int64_t>(run.index)).add_raw("settings", settings.text());
    std::string text = start.text();
    text.back() = ',';
    return text;
  }

  void report(const SweepRun& run) {
    ++finished_;
    std::string& lines = lines_[run.index];
    if (options_.training.json) write_output(lines);
    if (file_) file_->write(lines);
    lines.clear();
  }

  void finish() {
    std::vector<SweepOutcome> outcomes(outcomes_.begin(),
                                       outcomes_.begin() + static_cast<std::ptrdiff_t>(finished_));
    JsonObject last;
    last.add("event", "sweep").add("runs", static_cast<std::int64_t>(finished_));
    last.add("diverged",
             std::ranges::count_if(outcomes, [](const SweepOutcome& outcome) { return !outcome.end; }));
    if (const auto best = best_run(outcomes)) last.add("best", static_cast<std::int64_t>(*best));
    const std::string line = last.text() + "\n";
    if (file_) {
      file_->write(line);
      file_->sync();
      file_->close();
    }
    write_output(options_.training.json ? line : "\n" + sweep_tables(runs_, outcomes));
  }

  const Options& options_;
  const Interruption interruption_;
  PluginPath plugins_;
  ModelOptions model_options_;
  std::vector<SweepRun> runs_;
  std::vector<SweepOutcome> outcomes_;
  std::vector<std::string> lines_;  ///< of JSON, by run, until they are written
  std::optional<File> file_;
  std::size_t finished_ = 0;
};

}  // namespace

int run_sweep(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("sweep", "Trains a model with every combination of some settings, several at a time.");
  options.model.declare(line);
  line.option("--grid", "NAME=V1,V2,...", "values of a number of the model's `let:`", options.grid);
  line.option("--restarts", "N", "seeds for each combination", options.restarts, 1);
  line.option("--jobs", "N", "trainings at a time; as many as there are processors if not given",
              options.jobs, 1, 1024);
  options.training.declare(line, "keeps sweep.jsonl, and a directory run_N for each run");
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  return Sweep(options).run();
}

}  // namespace talweg
