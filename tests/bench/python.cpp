#include "bench/python.hpp"

#include "bench/contest.hpp"
#include "tools/program.hpp"

namespace talweg::speed {

Python::Python(const Settings& settings, const std::string& module)
    : missing_("python3-" + module + " is not installed") {
  std::vector<std::string> candidates = {"python3", "/usr/bin/python3"};
  if (settings.python) candidates = {*settings.python};
  for (const std::string& candidate : candidates)
    if (run({candidate, "-c", "import " + module}).status == 0) {
      interpreter_ = candidate;
      return;
    }
}

std::vector<std::string> Python::command(const std::string& script, const std::vector<std::string>& arguments,
                                         const std::map<std::string, std::string>& environment) const {
  std::vector<std::string> command = with_environment(environment);
  command.push_back(*interpreter_);
  command.push_back((repository() / "tests" / "bench" / "peers" / script).string());
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::vector<TorchThreads> all_torch_threads() {
  std::vector<TorchThreads> all;
  for (int openblas : {1, 2})
    for (int openmp : {1, 2})
      for (int torch : {1, 2}) all.push_back({openblas, openmp, torch});
  return all;
}

std::string to_string(const TorchThreads& threads) {
  return "OPENBLAS_NUM_THREADS=" + std::to_string(threads.openblas) +
         " OMP_NUM_THREADS=" + std::to_string(threads.openmp) + " set_num_threads(" +
         std::to_string(threads.torch) + ")";
}

std::vector<std::string> torch_networks_command(const Python& python, const TorchThreads& threads,
                                                double seconds, const std::vector<std::string>& names) {
  std::vector<std::string> arguments = {std::to_string(threads.torch), std::to_string(seconds)};
  arguments.insert(arguments.end(), names.begin(), names.end());
  return python.command("networks_torch.py", arguments,
                        {{"OPENBLAS_NUM_THREADS", std::to_string(threads.openblas)},
                         {"OMP_NUM_THREADS", std::to_string(threads.openmp)}});
}

}  // namespace talweg::speed
