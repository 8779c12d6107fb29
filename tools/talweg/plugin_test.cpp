// talweg plugins test NAME

#include <optional>
#include <talweg/error.hpp>

#include "command_line.hpp"
#include "output.hpp"
#include "plugin_commands.hpp"
#include "support/json_object.hpp"
#include "support/numbers.hpp"
#include "training/conformance/conformance.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "Each line is ok, failed with what differed, or skipped with the reason. The exit status is 6 where one\n"
    "failed. Each check runs in a process of its own: where the plugin ends it, that check has failed, and "
    "the\n"
    "line says by which signal. With --json each is {\"event\":\"check\",\"name\":...,\"outcome\":...,\n"
    "\"detail\":...}, and the last line {\"event\":\"end\",\"ok\":...,\"failed\":...,\"skipped\":...}.\n\n"
    "What is checked:\n"
    "  loads                the file is a plugin for this version\n"
    "  makes a step         it works with its default settings\n"
    "  trace                x after each step is that of --trace\n"
    "  hyperparameters      each is used, and what is outside its range refused, with every option on and "
    "off\n"
    "  moves downhill       100 steps on a convex quadratic make its value less\n"
    "  state round trip     20 steps, save, load and 20 more are 40 steps, to the bit\n"
    "  order of parameters  the order in the model file changes nothing\n"
    "  split of parameters  one vector in two parameters is trained as one\n"
    "  fused emission       an update over all parameters is that over each, to the bit\n"
    "  float32 and float64  both work and agree\n"
    "  zero gradient        x stays finite, and moves nowhere but towards 0\n"
    "  NaN gradient         is reported, not swallowed\n"
    "  one and two threads  give the same bits\n"
    "  value and gradient   those of a minimizer belong to the x that it takes them for\n"
    "  failed line search   leaves x where it was, and says so\n\n"
    "The FILE of --trace, from the paper's code or another implementation, has lines of words:\n"
    "  # a comment\n"
    "  set alpha 0.1                  a hyperparameter that is not the default\n"
    "  tolerance 1e-9                 |difference| <= tolerance max(1, |x|); 1e-10 if not given\n"
    "  x 1 -2                         where x starts\n"
    "  step 0.5 0.25 -> 0.95 -2.025   a gradient, and x after the step; one line a step\n";

struct Counts {
  std::int64_t ok = 0, failed = 0, skipped = 0;

  void add(ConformanceResult::Outcome outcome) {
    if (outcome == ConformanceResult::Outcome::ok) ++ok;
    if (outcome == ConformanceResult::Outcome::failed) ++failed;
    if (outcome == ConformanceResult::Outcome::skipped) ++skipped;
  }
};

void write_line(const ConformanceResult& result, bool json) {
  const std::string outcome(to_string(result.outcome));
  if (json) {
    JsonObject object;
    object.add("event", "check").add("name", result.name).add("outcome", outcome);
    write_output(object.add("detail", result.detail).text() + "\n");
    return;
  }
  constexpr std::size_t kNameWidth = 21;
  std::string line = result.name;
  line.resize(kNameWidth, ' ');
  write_output(line + outcome + (result.detail.empty() ? "" : ": " + result.detail) + "\n");
}

void write_end(const Counts& counts, bool json) {
  if (json) {
    JsonObject object;
    object.add("event", "end").add("ok", counts.ok).add("failed", counts.failed);
    write_output(object.add("skipped", counts.skipped).text() + "\n");
    return;
  }
  write_output("\n" + std::to_string(counts.ok) + " ok, " + std::to_string(counts.failed) + " failed, " +
               std::to_string(counts.skipped) + " skipped\n");
}

}  // namespace

int run_plugins_test(std::span<const std::string> arguments) {
  std::string name;
  std::vector<std::string> plugins, settings;
  std::optional<std::string> trace;
  bool json = false;
  CommandLine line("plugins test", "Holds an optimizer to what every optimizer promises.");
  line.argument("NAME", "of the plugin, or a model file with `optimizers:`", name);
  line.option("--set", "NAME=VALUE", "a hyperparameter in place of its default", settings);
  line.option("--trace", "FILE", "gradients, and where x has to be after each", trace);
  line.option("--plugins", "DIR", "a directory with plugins, besides the installed ones", plugins);
  line.flag("--json", "one JSON object a line", json);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  ConformanceOptions options;
  for (const std::string& setting : settings) options.set.push_back(split_setting("--set", setting));
  if (trace) options.trace = *trace;
  Counts counts;
  const std::vector<std::filesystem::path> directories(plugins.begin(), plugins.end());
  check_conformance(name, PluginPath::standard(directories), options, [&](const ConformanceResult& result) {
    counts.add(result.outcome);
    write_line(result, json);
  });
  write_end(counts, json);
  return counts.failed == 0 ? 0 : static_cast<int>(Status::plugin);
}

}  // namespace talweg
