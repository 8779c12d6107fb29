// talweg bench [NAME...]

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "bench_page.hpp"
#include "bench_tables.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "interruption.hpp"
#include "model_options.hpp"
#include "output.hpp"
#include "plugin/optimizers.hpp"
#include "program/processor.hpp"
#include "support/file.hpp"
#include "support/installation.hpp"
#include "support/numbers.hpp"
#include "support/sha256.hpp"
#include "support/suggest.hpp"
#include "training/bench/isolated.hpp"
#include "training/bench/settings.hpp"
#include "training/found_optimizer.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kTrials = 30;
constexpr std::int64_t kLongest = 600;  // seconds

constexpr const char* kExplanation =
    "Without a NAME every optimizer that is installed. Each runs in a process of its own: one that fails, "
    "crashes\n"
    "or ends no training for --longest seconds is left out with a note, and the exit status is 6 where it "
    "was\n"
    "named. Each has one setting for all problems:\n"
    "  defaults  its defaults\n"
    "  tuned     the best of --trials settings, the defaults and quasi-random ones of alpha and of every "
    "share\n"
    "            that is kept from step to step\n"
    "  grid      the best of 36 step sizes from 1e-5 to 1e2\n"
    "What is called ..._alpha moves with alpha, in the ratio of their defaults.\n"
    "Best is the setting that solves most problems; of equals, that with the largest area under the profile, "
    "from\n"
    "1 to 4 times the fewest evaluations. A profile compares: with one optimizer alone there is none.\n\n"
    "A problem is a model file with a section `problem:` that says where it is from, what its least value is "
    "and\n"
    "when it is solved. A function of one vector is taken in five forms, each shifted and rotated; one with\n"
    "`seeds:` with as many seeds. What counts are the evaluations of the objective until the target is "
    "reached; a\n"
    "problem that is not solved within its `steps` counts as infinity, and stays in every median.\n\n"
    "--with adds optimizers from lines that an earlier run wrote with --json. Results of another build, "
    "another\n"
    "type of processor or another mode are refused.\n";

struct Options {
  std::vector<std::string> names, problems, with, plugins;
  std::optional<std::string> mode, tier, html, directory;
  std::optional<std::int64_t> trials, jobs, longest;
  bool json = false;

  [[nodiscard]] std::string chosen_mode() const { return mode.value_or("defaults"); }
};

void check_choice(const char* option, const std::string& given, const std::vector<std::string>& choices) {
  if (std::ranges::find(choices, given) != choices.end()) return;
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  throw Error(Status::model, std::string(option) + " is one of " + list + ", and this is '" + given + "'")
      .set_hint(did_you_mean(given, choices));
}

std::string build_name() {
  constexpr std::size_t kDigits = 12;
  return TALWEG_VERSION "+" + sha256(read_whole_file("/proc/self/exe")).substr(0, kDigits);
}

/// The line on standard error that says how far it is, until its end.
class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)), interactive_(is_interactive(2)) {}
  ~Progress() {
    if (interactive_) std::fputs("\r\033[K", stderr);
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::size_t done, std::size_t all) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < (interactive_ ? std::chrono::milliseconds(200) : std::chrono::seconds(5))) return;
    last_ = now;
    const std::string text =
        what_ + ": " + std::to_string(done) + " of " + std::to_string(all) + " trainings";
    std::fputs((interactive_ ? "\r\033[K" + text : text + "\n").c_str(), stderr);
    std::fflush(stderr);
  }

 private:
  std::string what_;
  bool interactive_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        plugins_(PluginPath::standard(std::vector<fs::path>(options.plugins.begin(), options.plugins.end()))),
        experiment_(choose_problems()) {
    conditions_ = {build_name(), processor(), options.chosen_mode(), 0};
    if (conditions_.mode == "tuned") conditions_.trials = options.trials.value_or(kTrials);
    if (conditions_.mode == "grid")
      conditions_.trials = static_cast<std::int64_t>(bench::step_sizes().size());
    if (conditions_.mode == "defaults") conditions_.trials = 1;
  }

  int run() {
    const std::vector<FoundOptimizer> optimizers = chosen_optimizers();
    read_earlier();
    // A place that cannot be written is known before the work, not after it.
    std::optional<FileInPieces> page;
    if (options_.html) page.emplace(*options_.html);
    bool is_one_missing = false;
    for (const FoundOptimizer& found : optimizers) {
      std::erase_if(results_,
                    [&](const auto& earlier) { return earlier.optimizer == found.optimizer->name(); });
      try {
        measure(found);
      } catch (const Error& error) {
        if (optimizers.size() == 1 && results_.empty()) throw;
        leave_out(found.optimizer->name(), error.message());
        is_one_missing = !takes_all();
      }
      if (interruption_.signal() != 0) return interruption_.exit_status();
    }
    if (results_.empty()) throw Error(Status::model, "there is no optimizer to compare");
    const BenchReport report = make_report(conditions_, experiment_, results_);
    if (page) {
      page->write(bench_page(report));
      page->finish();
    }
    write_output(options_.json
                     ? bench::to_json_lines(conditions_, experiment_, results_) + score_lines(report)
                     : bench_text(report));
    return is_one_missing ? static_cast<int>(Status::plugin) : 0;
  }

 private:
  [[nodiscard]] std::vector<bench::Problem> choose_problems() const {
    const fs::path directory =
        options_.directory ? fs::path(*options_.directory) : data_directory() / "graphs/problems";
    std::vector<bench::Problem> all = bench::read_problems(directory);
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const bench::Problem& problem : all) names.push_back(problem.name());
    for (const std::string& name : options_.problems)
      if (std::ranges::find(names, name) == names.end())
        throw Error(Status::model, "there is no problem '" + name + "' in " + directory.string())
            .set_hint(fs::exists(name)
                          ? "--problems DIR takes those of a directory, by the names of their files"
                          : did_you_mean(name, names));
    const bool takes_large = options_.tier.value_or("small") == "all";
    std::erase_if(all, [&](const bench::Problem& problem) {
      if (!options_.problems.empty())
        return std::ranges::find(options_.problems, problem.name()) == options_.problems.end();
      return problem.setting().is_large && !takes_large;
    });
    if (all.empty()) throw Error(Status::model, "there is no problem in " + directory.string());
    return all;
  }

  /// Without a NAME. What cannot be used then is left out, and the others are compared.
  [[nodiscard]] bool takes_all() const { return options_.names.empty() && options_.with.empty(); }

  static void leave_out(const std::string& name, const std::string& reason) {
    print_note("note: " + name + " is left out: " + reason);
  }

  [[nodiscard]] std::vector<std::string> names() const {
    if (!takes_all()) return options_.names;
    std::vector<std::string> names;
    for (const ListedPlugin& plugin : list_plugins(plugins_))
      if (plugin.description)
        names.push_back(plugin.description->name);
      else
        leave_out(plugin.path.stem().string(), plugin.error);
    return names;
  }

  [[nodiscard]] std::vector<FoundOptimizer> chosen_optimizers() const {
    std::vector<FoundOptimizer> optimizers;
    for (const std::string& name : names())
      for (FoundOptimizer& found : find_named_optimizers(name, plugins_)) {
        const auto other = std::ranges::find_if(optimizers, [&](const FoundOptimizer& known) {
          return known.optimizer->name() == found.optimizer->name();
        });
        if (other != optimizers.end())
          throw Error(Status::model, "two optimizers are called '" + found.optimizer->name() + "': of " +
                                         other->file.string() + " and of " + found.file.string());
        optimizers.push_back(std::move(found));
      }
    return optimizers;
  }

  void read_earlier() {
    for (const std::string& file : options_.with)
      for (bench::Result& result : bench::read_results(file, conditions_, experiment_)) {
        std::erase_if(results_, [&](const auto& other) { return other.optimizer == result.optimizer; });
        results_.push_back(std::move(result));
      }
  }

  [[nodiscard]] std::vector<bench::Candidate> candidates(
      const std::shared_ptr<const Optimizer>& optimizer) const {
    if (conditions_.mode == "tuned") return bench::trials(optimizer, static_cast<int>(conditions_.trials));
    if (conditions_.mode == "grid") {
      std::vector<bench::Candidate> grid = bench::grid(optimizer);
      if (!grid.empty()) return grid;
    }
    return {{optimizer, {}}};
  }

  void measure(const FoundOptimizer& found) {
    const auto longest = static_cast<unsigned>(options_.longest.value_or(kLongest));
    Progress progress(found.optimizer->name());
    auto result = bench::measure_isolated(
        conditions_, experiment_, found.optimizer->name(),
        [&](const StillAlive& still_alive) { return measured(found, progress, still_alive); }, longest,
        [this] { return interruption_.signal() != 0; });
    if (result) results_.push_back(std::move(*result));
  }

  [[nodiscard]] bench::Result measured(const FoundOptimizer& found, Progress& progress,
                                       const StillAlive& still_alive) const {
    const std::shared_ptr<const Optimizer>& optimizer = found.optimizer;
    const std::vector<bench::Candidate> tried = candidates(optimizer);
    const int jobs = static_cast<int>(options_.jobs.value_or(processor_threads()));
    bench::Outcomes outcomes =
        bench::run_all(experiment_, tried, jobs, [&](std::size_t done, std::size_t all) {
          progress.show(done, all);
          still_alive();
          return interruption_.signal() == 0;
        });
    const std::vector<double> weights = bench::weights(experiment_);
    const std::size_t best = bench::best_candidate(outcomes, weights);
    bench::Result result;
    result.optimizer = optimizer->name();
    result.sha256 = sha256(read_whole_file(found.file));
    result.settings = tried[best].settings;
    if (conditions_.mode == "grid" && tried.size() > 1) {
      std::vector<double> alphas;
      alphas.reserve(tried.size());
      for (const bench::Candidate& candidate : tried) alphas.push_back(candidate.settings[0].second);
      result.sensitivity = bench::sensitivity(alphas, outcomes, weights);
    }
    result.outcomes = std::move(outcomes[best]);
    if (options_.html)
      for (const bench::Problem& problem : experiment_.problems)
        result.paths.push_back(problem.is_plane() ? bench::path_of(problem, tried[best])
                                                  : std::vector<double>());
    return result;
  }

  const Options& options_;
  const Interruption interruption_;
  PluginPath plugins_;
  bench::Experiment experiment_;
  bench::Conditions conditions_;
  std::vector<bench::Result> results_;
};

}  // namespace

int run_bench(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("bench", "Compares optimizers: how many evaluations each takes to solve test problems.");
  line.arguments("NAME", "optimizers to compare: plugins, or model files with `optimizers:`", options.names);
  line.option("--mode", "MODE", "defaults, tuned or grid; defaults if not given", options.mode);
  line.option("--trials", "N", "settings that `tuned` tries for each optimizer; 30 if not given",
              options.trials, 1, 10'000);
  line.option("--problem", "NAME", "this problem alone", options.problems);
  line.option("--tier", "TIER", "small, or all: large problems, too; small if not given", options.tier);
  line.option("--problems", "DIR", "problems from there in place of graphs/problems", options.directory);
  line.option("--with", "FILE", "results of an earlier run besides", options.with);
  line.option("--html", "FILE", "writes a page with profiles, curves and paths", options.html);
  line.option("--jobs", "N", "trainings at a time; as many as there are processors if not given",
              options.jobs, 1, 1024);
  line.option("--longest", "SECONDS", "without the end of a training; 600 if not given", options.longest, 1,
              86'400);
  line.option("--plugins", "DIR", "a directory with plugins, besides the installed ones", options.plugins);
  line.flag("--json", "one JSON object a line", options.json);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  check_choice("--mode", options.chosen_mode(), {"defaults", "tuned", "grid"});
  check_choice("--tier", options.tier.value_or("small"), {"small", "all"});
  if (options.trials && options.chosen_mode() != "tuned")
    throw Error(Status::model, "--trials is for --mode tuned");
  return Bench(options).run();
}

}  // namespace talweg
