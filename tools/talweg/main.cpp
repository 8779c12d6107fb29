// The program `talweg`: chooses the subcommand and turns what goes wrong into an exit status.

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <talweg/error.hpp>
#include <vector>

#include "commands.hpp"
#include "output.hpp"
#include "support/machine_memory.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

struct Command {
  const char* name;
  const char* summary;
  int (*run)(std::span<const std::string>);
};

constexpr Command kCommands[] = {
    {"train", "train a model", run_train},
    {"eval", "evaluate a trained model", run_eval},
    {"predict", "predict with a trained model", run_predict},
    {"export", "write trained weights for NumPy or others", run_export},
    {"check", "show every node's shape; check gradients against central differences", run_check},
    {"sweep", "train with every combination of some settings", run_sweep},
    {"show", "show the graph, as text or for Graphviz", run_show},
    {"functions", "show what expressions can call, with arguments and formulas", run_functions},
    {"plugins", "list and describe optimizers; write, build and test one of your own", run_plugins},
    {"bench", "compare optimizers on test problems", run_bench},
};

constexpr const char* kOurBug = "this is a bug in talweg, not in the model";

std::string help() {
  std::string text =
      "talweg trains models that are written as graphs of expressions in one YAML file.\n\n"
      "usage: talweg COMMAND [ARGUMENT]...\n\n";
  for (const Command& command : kCommands) {
    const std::string name = command.name;
    text += "  " + name + std::string(10 - name.size(), ' ') + command.summary + "\n";
  }
  return text +
         "\n"
         "  talweg COMMAND --help    what a command takes\n"
         "  talweg --version         the version\n\n"
         "examples:\n"
         "  talweg train graphs/tutorial/three_layer.yaml\n"
         "  talweg train model.yaml --set alpha=0.1 --out run1\n"
         "  talweg eval run1\n"
         "  talweg predict run1 'argmax(scores, axis=1)' --input images=new.npy --out predictions.npy\n"
         "  talweg sweep model.yaml --grid alpha=0.01,0.1,1 --restarts 3\n\n"
         "exit status:\n"
         "  0  done\n"
         "  1  a bug in talweg, or a wrong gradient that `talweg check` finds\n"
         "  2  the command line or the model file is wrong\n"
         "  3  data cannot be read\n"
         "  4  training diverged: a value became infinite or not a number\n"
         "  5  a file cannot be written: the disk is full, another run holds its lock\n"
         "  6  a plugin cannot be found, loaded or used, or fails `talweg plugins test`\n"
         "  130, 143  interrupted (Ctrl-C, SIGTERM), after the step was finished and the results were "
         "written\n";
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[0] == "help") return run({arguments[1], "--help"});
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    write_output(help());
    return 0;
  }
  if (arguments[0] == "--version") {
    write_output("talweg " TALWEG_VERSION "\n");
    return 0;
  }
  std::vector<std::string> names = {"--help", "--version"};
  for (const Command& command : kCommands) {
    if (arguments[0] == command.name) return command.run(std::span(arguments).subspan(1));
    names.emplace_back(command.name);
  }
  const std::string hint = did_you_mean(arguments[0], names);
  throw Error(Status::model, "talweg has no " +
                                 std::string(arguments[0].starts_with("-") ? "option" : "command") + " '" +
                                 arguments[0] + "'")
      .set_hint(hint.empty() ? "talweg --help shows what there is" : hint);
}

/// The system promises more memory than there is, and ends a program without a word when it fills what it was
/// promised. With a limit, asking for too much is an error.
void keep_to_machine_memory() {
  // A sanitizer's shadow of all addresses counts too.
#if !defined(__SANITIZE_ADDRESS__)
  rlimit limit{};
  const std::size_t memory = machine_memory();
  if (memory == 0 || getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, memory);
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

int run_guarded(const std::vector<std::string>& arguments) {
  try {
    return run(arguments);
  } catch (const OutputClosed&) {
    constexpr int kEndedBySignal = 128;
    return kEndedBySignal + SIGPIPE;
  } catch (const Error& error) {
    print_error(error.status() == Status::internal ? Error(error).note(kOurBug) : error);
    return static_cast<int>(error.status());
  } catch (const std::bad_alloc&) {
    print_error(Error(Status::model, "there is not enough memory"));
    return static_cast<int>(Status::model);
  } catch (const std::exception& exception) {
    print_error(Error(Status::internal, exception.what()).note(kOurBug));
  } catch (...) {
    print_error(Error(Status::internal, "something unknown was thrown").note(kOurBug));
  }
  return static_cast<int>(Status::internal);
}

}  // namespace
}  // namespace talweg

int main(int count, char** arguments) {
  // A file that grows past the user's limit is an error of writing it, as a full disk is.
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  talweg::reserve_standard_streams();
  talweg::keep_to_machine_memory();
  return talweg::run_guarded({arguments + 1, arguments + count});
}
