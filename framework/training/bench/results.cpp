#include "training/bench/results.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <talweg/error.hpp>

#include "support/file.hpp"
#include "support/json_object.hpp"
#include "support/numbers.hpp"

namespace talweg::bench {
namespace {

using Json = nlohmann::ordered_json;  // settings stay in their order

std::string list(const std::vector<double>& numbers) {
  std::string text;
  for (double number : numbers) text.append(text.empty() ? "" : ",").append(format_number(number));
  return "[" + text + "]";
}

std::string start_line(const Conditions& conditions, const Experiment& experiment) {
  JsonObject start;
  start.add("event", "start").add("build", conditions.build).add("processor", conditions.processor);
  start.add("mode", conditions.mode).add("trials", conditions.trials);
  return start.add("cases", static_cast<std::int64_t>(experiment.cases.size())).text() + "\n";
}

std::string run_line(const Experiment& experiment, const Result& result, std::size_t index) {
  const Case& form = experiment.cases[index];
  const Outcome& outcome = result.outcomes[index];
  JsonObject settings, run;
  for (const auto& [name, value] : result.settings) settings.add(name, value);
  run.add("event", "run").add("optimizer", result.optimizer).add("sha256", result.sha256);
  run.add_raw("settings", settings.text()).add("problem", experiment.problems[form.problem].name());
  run.add("instance", static_cast<std::int64_t>(form.instance))
      .add("seed", static_cast<std::int64_t>(form.seed));
  run.add("steps", outcome.steps).add("evaluations", outcome.evaluations).add("seconds", outcome.seconds);
  return run.text() + "\n";
}

std::string sensitivity_line(const Result& result) {
  JsonObject line;
  line.add("event", "sensitivity").add("optimizer", result.optimizer);
  line.add_raw("alpha", list(result.sensitivity->alphas)).add_raw("score", list(result.sensitivity->scores));
  return line.add("band", result.sensitivity->band).text() + "\n";
}

std::string path_line(const Experiment& experiment, const Result& result, std::size_t problem) {
  JsonObject line;
  line.add("event", "path").add("optimizer", result.optimizer);
  line.add("problem", experiment.problems[problem].name());
  return line.add_raw("points", list(result.paths[problem])).text() + "\n";
}

/// Reads the lines back.
class Reader {
 public:
  Reader(const std::string& name, const Conditions& conditions, const Experiment& experiment)
      : name_(name), conditions_(conditions), experiment_(experiment) {}

  std::vector<Result> read(const std::string& lines) {
    std::istringstream text(lines);
    try {
      for (std::string line; std::getline(text, line);) {
        const Json object = Json::parse(line);
        const std::string event = object.at("event");
        if (event == "start") check_start(object);
        if (event == "run") add_run(object);
        if (event == "sensitivity") add_sensitivity(object);
        if (event == "path") add_path(object);
      }
    } catch (const Json::exception&) {
      refuse("it does not hold what talweg bench --json writes");
    }
    if (!started_) refuse("it does not begin with the line of the event 'start'");
    for (const Result& result : results_)
      if (seen_[result.optimizer] != experiment_.cases.size())
        refuse("'" + result.optimizer + "' has " + std::to_string(seen_[result.optimizer]) +
               " runs there, and " + std::to_string(experiment_.cases.size()) + " here");
    return std::move(results_);
  }

 private:
  void check_start(const Json& start) {
    started_ = true;
    check("build", start.at("build"), conditions_.build);
    check("processor", start.at("processor"), conditions_.processor);
    check("mode", start.at("mode"), conditions_.mode);
    check("number of trials", std::to_string(start.at("trials").get<std::int64_t>()),
          std::to_string(conditions_.trials));
  }
  void check(const std::string& what, const std::string& there, const std::string& here) const {
    if (there != here)
      refuse("its results are of another " + what + ", which are not mixed: '" + there + "' there, '" + here +
             "' here");
  }

  Result& result_of(const std::string& optimizer) {
    const auto found = std::ranges::find(results_, optimizer, &Result::optimizer);
    if (found != results_.end()) return *found;
    results_.push_back({optimizer, "", {}, std::vector<Outcome>(experiment_.cases.size()), {}, {}});
    return results_.back();
  }

  void add_run(const Json& run) {
    if (!started_) refuse("it does not begin with the line of the event 'start'");
    const std::string problem = run.at("problem");
    const auto form = std::ranges::find_if(experiment_.cases, [&](const Case& candidate) {
      return experiment_.problems[candidate.problem].name() == problem &&
             candidate.instance == run.at("instance").get<int>() &&
             candidate.seed == run.at("seed").get<std::uint32_t>();
    });
    if (form == experiment_.cases.end()) refuse("it has runs of '" + problem + "', which is left out here");
    Result& result = result_of(run.at("optimizer"));
    result.sha256 = run.at("sha256");
    result.settings.clear();
    for (const auto& [name, value] : run.at("settings").items()) result.settings.emplace_back(name, value);
    const auto number = [&](const char* name) {
      return run.at(name).is_null() ? kMissed : run.at(name).get<double>();
    };
    result.outcomes[static_cast<std::size_t>(form - experiment_.cases.begin())] = {
        number("steps"), number("evaluations"), number("seconds")};
    ++seen_[result.optimizer];
  }

  void add_sensitivity(const Json& line) {
    Sensitivity sensitivity{line.at("alpha"), line.at("score"), 0, line.at("band")};
    sensitivity.best =
        static_cast<std::size_t>(std::ranges::max_element(sensitivity.scores) - sensitivity.scores.begin());
    result_of(line.at("optimizer")).sensitivity = std::move(sensitivity);
  }

  void add_path(const Json& line) {
    const std::string name = line.at("problem");
    const auto problem = std::ranges::find(experiment_.problems, name, &Problem::name);
    if (problem == experiment_.problems.end())
      refuse("it has a path of '" + name + "', which is left out here");
    std::vector<std::vector<double>>& paths = result_of(line.at("optimizer")).paths;
    paths.resize(experiment_.problems.size());
    paths[static_cast<std::size_t>(problem - experiment_.problems.begin())] =
        line.at("points").get<std::vector<double>>();
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    throw Error(Status::data, name_ + ": " + reason);
  }

  const std::string& name_;
  const Conditions& conditions_;
  const Experiment& experiment_;
  bool started_ = false;
  std::vector<Result> results_;
  std::map<std::string, std::size_t> seen_;
};

}  // namespace

std::string to_json_lines(const Conditions& conditions, const Experiment& experiment,
                          const std::vector<Result>& results) {
  std::string lines = start_line(conditions, experiment);
  for (const Result& result : results) {
    for (std::size_t i = 0; i < experiment.cases.size(); ++i) lines += run_line(experiment, result, i);
    if (result.sensitivity) lines += sensitivity_line(result);
    for (std::size_t i = 0; i < result.paths.size(); ++i)
      if (!result.paths[i].empty()) lines += path_line(experiment, result, i);
  }
  return lines;
}

std::vector<Result> parse_results(const std::string& text, const std::string& name,
                                  const Conditions& conditions, const Experiment& experiment) {
  return Reader(name, conditions, experiment).read(text);
}

std::vector<Result> read_results(const std::filesystem::path& path, const Conditions& conditions,
                                 const Experiment& experiment) {
  return parse_results(read_whole_file(path), path.string(), conditions, experiment);
}

}  // namespace talweg::bench
