#include "training_options.hpp"

#include <talweg/error.hpp>

#include "support/suggest.hpp"

namespace talweg {

void TrainingArguments::declare(CommandLine& line, const std::string& out_doc) {
  constexpr std::int64_t kMostThreads = 1024;
  line.option("--out", "DIR", out_doc, out);
  line.option("--threads", "N", "of one training; if not given, all of the processor's, and 1 in a sweep",
              threads, 1, kMostThreads);
  line.option("--executor", "NAME",
              "program (compiled, the default) or reference (node by node, slow, for comparison)", executor);
  line.flag("--json", "one JSON object a line", json);
}

TrainerOptions TrainingArguments::options() const {
  TrainerOptions result;
  const std::vector<std::string> executors = {"program", "reference"};
  if (executor && *executor != "program" && *executor != "reference")
    throw Error(Status::model, "--executor is program or reference, and this is '" + *executor + "'")
        .set_hint(did_you_mean(*executor, executors));
  result.reference_executor = executor == "reference";
  result.threads = static_cast<int>(threads.value_or(1));
  return result;
}

}  // namespace talweg
