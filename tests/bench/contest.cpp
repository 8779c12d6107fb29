#include "bench/contest.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <sstream>
#include <talweg/error.hpp>
#include <utility>

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

std::vector<Measured> contest(int rounds, const std::vector<Contestant>& contestants) {
  std::vector<Measured> all(contestants.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < contestants.size(); ++i)
      if (const std::optional<double> measured = contestants[i]()) all[i].push_back(*measured);
  return all;
}

std::optional<double> least(const Measured& measured) {
  return measured.empty() ? std::nullopt : std::optional(std::ranges::min(measured));
}

Row compared(std::string work, std::string peer, const Measured& ours, const Measured& theirs, const Bar& bar,
             std::string note) {
  Row row{std::move(work), std::move(peer), Unit::seconds, least(ours), least(theirs), bar, std::move(note)};
  if (ours.empty() || ours.size() != theirs.size()) return row;
  std::vector<double> ratios(ours.size());
  std::ranges::transform(ours, theirs, ratios.begin(), std::divides{});
  std::ranges::sort(ratios);
  const std::size_t middle = ratios.size() / 2;
  row.times_theirs = ratios.size() % 2 == 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
  return row;
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
