#include "bench/contest.hpp"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <talweg/error.hpp>

#include "tools/program.hpp"

namespace talweg::speed {
namespace {

Finished run_successfully(const std::vector<std::string>& command) {
  Finished finished = run(command);
  if (finished.status == 0) return finished;
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  throw Error(Status::internal, text + ": exit status " + std::to_string(finished.status))
      .note(finished.errors);
}

}  // namespace

std::vector<std::optional<double>> contest(int rounds, const std::vector<Contestant>& contestants) {
  constexpr int kMostOfThem = 5;
  constexpr double kFaster = 0.99;
  std::vector<std::optional<double>> best(contestants.size());
  int last_faster = 0;
  for (int round = 0; round < kMostOfThem * rounds && round < last_faster + rounds; ++round)
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const std::optional<double> measured = contestants[i]();
      if (!measured) continue;
      if (best[i] && *measured < kFaster * *best[i]) last_faster = round;
      best[i] = best[i] ? std::min(*best[i], *measured) : measured;
    }
  return best;
}

std::map<std::string, double> numbers_of(const std::vector<std::string>& command) {
  std::istringstream lines(run_successfully(command).out);
  std::map<std::string, double> numbers;
  std::string name;
  double number = 0;
  while (lines >> name >> number) numbers[name] = number;
  return numbers;
}

double number_of(const std::vector<std::string>& command) { return numbers_of(command).begin()->second; }

std::vector<std::string> with_environment(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> command = {"env", "-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE"};
  for (const auto& [name, value] : variables) command.push_back(std::string(name).append("=").append(value));
  return command;
}

std::optional<std::string> peer_program(const std::string& name) {
  const auto path = program_directory() / "bench_peers" / name;
  return std::filesystem::exists(path) ? std::optional(path.string()) : std::nullopt;
}

double seconds_of_program(const std::vector<std::string>& command) {
  const auto begin = std::chrono::steady_clock::now();
  (void)run_successfully(command);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace talweg::speed
