// talweg train MODEL

#include <cstdio>
#include <filesystem>
#include <optional>

#include "commands.hpp"
#include "interruption.hpp"
#include "model_options.hpp"
#include "observers.hpp"
#include "output.hpp"
#include "program/profile.hpp"
#include "support/file.hpp"
#include "support/numbers.hpp"
#include "training/json_lines.hpp"
#include "training/run_directory.hpp"
#include "training/trainer.hpp"
#include "training/weights.hpp"
#include "training_options.hpp"
#include "training_table.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "With --json, or in DIR/metrics.jsonl, a line is one of\n"
    "  {\"event\":\"start\",\"name\":...,\"seed\":...,\"dtype\":...,\"parameters\":...,\"optimizer\":...,\n"
    "   \"steps\":...,\"first_step\":...,\"threads\":...}\n"
    "  {\"event\":\"log\",\"step\":...,\"loss\":..., and what `log:` names}: the values before update step + "
    "1\n"
    "  {\"event\":\"validation\",\"step\":...,\"epoch\":...,\"loss\":..., and what `metrics:` names}: over "
    "the\n"
    "   validation split, after `step` updates\n"
    "  {\"event\":\"end\",\"steps\":...,\"seconds\":...,\"reason\":...,\"loss\":..., and what `log:` and "
    "`report:`\n"
    "   name}: the model after the last update; reason is steps, gradient, loss, patience, interrupted or\n"
    "   optimizer, which then adds its own words as \"message\"; a minimizer adds \"evaluations\", a "
    "validation\n"
    "   split \"validation\"\n\n"
    "Ctrl-C and SIGTERM let the step finish and write what is asked for; a second one ends at once.\n";

class JsonLines final : public TrainingObserver {
 public:
  void started(const StartRecord& record) override { write_output(to_json_line(record) + "\n"); }
  void logged(const LogRecord& record) override { write_output(to_json_line(record) + "\n"); }
  void validated(const ValidationRecord& record) override { write_output(to_json_line(record) + "\n"); }
  void ended(const EndRecord& record) override { write_output(to_json_line(record) + "\n"); }
};

struct Options {
  ModelArguments model;
  TrainingArguments training;
  std::optional<std::int64_t> save_every;  // seconds
  std::optional<std::string> weights;
  bool resume = false;
  bool quiet = false;
  bool profile = false;
  std::optional<std::string> trace;
};

/// Says what training steps cost, on standard output, or beside the lines of --json on standard error.
void show_profile(const Profile& profile, const Options& options, FileInPieces* trace_file) {
  const std::string table = "\n" + to_table(profile);
  if (options.training.json)
    std::fputs(table.c_str(), stderr);
  else
    write_output(table);
  const std::string trace = to_chrome_trace(profile);
  if (trace_file != nullptr) {
    trace_file->write(trace);
    trace_file->finish();
  }
  if (options.training.out)
    write_whole_file(std::filesystem::path(*options.training.out) / "trace.json", trace);
}

/// What whoever resumes should know, on standard error.
void report_resumption(const RunDirectory::Found& found, const Trainer& trainer, int threads) {
  const Checkpoint& checkpoint = found.checkpoint;
  const std::optional<TrainSetting>& train = trainer.model().train;
  if (train && trainer.step() >= train->steps)
    print_note("note: nothing is left of the " + count(train->steps, "planned step") +
               "; --steps N plans more");
  if (!found.damage.empty())
    print_note("warning: " + found.damage +
               "\n         training goes on from the checkpoint before it, of step " +
               std::to_string(checkpoint.step));
  const std::string changed = difference(checkpoint.surroundings, Surroundings::of_this_process(threads));
  if (!changed.empty())
    print_note("note: since the checkpoint " + changed + " changed: the last bits of results may differ");
}

/// Says what becomes of an earlier training in DIR, or that there is none, on standard error: when training
/// starts, before the directory replaces it.
class StartNote final : public TrainingObserver {
 public:
  StartNote(const Options& options, const RunDirectory& directory)
      : options_(options), directory_(directory) {}

  void started(const StartRecord& /*record*/) override {
    const std::string& path = *options_.training.out;
    if (options_.resume)
      print_note("note: " + path + " holds no checkpoint: training begins at step 0");
    else if (directory_.holds_training())
      print_note("note: the training in " + path + " is replaced by a new one; --resume goes on with it");
  }

 private:
  const Options& options_;
  const RunDirectory& directory_;
};

int train(const Options& options) {
  const Interruption interruption;
  const PluginPath plugins = options.model.plugin_path();
  ModelOptions model_options = options.model.options();
  std::optional<RunDirectory> directory;
  std::optional<RunDirectory::Found> found;
  const auto open_directory = [&] {
    directory.emplace(*options.training.out, options.save_every ? std::chrono::seconds(*options.save_every)
                                                                : RunDirectory::kCheckpointInterval);
  };
  if (options.resume) {
    open_directory();
    found = directory->checkpoint();
  }
  if (found) model_options = resumed_options(found->checkpoint, std::move(model_options));

  CheckedModel model = load_model(options.model.model, model_options);
  require_training(model, options.model.model);
  const auto optimizer = find_optimizer(model, plugins);
  Profile profile;
  TrainerOptions trainer_options = options.training.options();
  if (!options.training.threads) trainer_options.threads = processor_threads();
  if (options.profile || options.trace) trainer_options.profile = &profile;
  Trainer trainer(std::move(model), optimizer, trainer_options);
  if (options.weights && !found) trainer.set_weights(read_weights(*options.weights));
  if (found) {
    trainer.restore(found->checkpoint);
    report_resumption(*found, trainer, trainer_options.threads);
  }
  // A model that is refused leaves no directory behind.
  if (options.training.out && !directory) open_directory();

  // A place that cannot be written is known before the training, not after it.
  std::optional<FileInPieces> trace_file;
  if (options.trace) trace_file.emplace(*options.trace);

  Observers observers;
  std::optional<StartNote> note;
  ProgressLine progress;
  TrainingTable table;
  JsonLines lines;
  if (directory && !found) observers.add(note.emplace(options, *directory));
  if (!options.quiet) observers.add(progress);
  if (directory) observers.add(*directory);
  if (options.training.json)
    observers.add(lines);
  else if (!options.quiet)
    observers.add(table);
  if (directory) directory->follow(trainer);
  const Interruption::Stops stops(interruption, trainer);
  const EndRecord end = trainer.run(observers);
  if (trainer_options.profile != nullptr) show_profile(profile, options, trace_file ? &*trace_file : nullptr);
  return end.reason == EndReason::interrupted ? interruption.exit_status() : 0;
}

}  // namespace

int run_train(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("train", "Trains a model and shows what its `log:` and `report:` ask for.");
  options.model.declare(line);
  options.training.declare(line, "keeps metrics, weights, checkpoint and model there");
  line.option("--save-every", "SECONDS", "between two checkpoints in DIR of --out; 30 if not given",
              options.save_every, 0);
  line.flag("--resume", "goes on from the checkpoint in DIR of --out; begins where there is none",
            options.resume);
  line.option("--weights", "PATH", "begins with those of an earlier training: the file, or its --out DIR",
              options.weights);
  line.flag("--profile", "what each instruction of a step costs, with its line; DIR/trace.json of --out",
            options.profile);
  line.option("--trace", "FILE", "--profile, with a trace for chrome://tracing in FILE", options.trace);
  line.flag("--quiet", "no table and no progress", options.quiet);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  if (options.resume && !options.training.out)
    throw Error(Status::model, "--resume needs --out DIR, the directory of the training to go on with");
  return train(options);
}

}  // namespace talweg
