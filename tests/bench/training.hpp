#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace talweg::speed {

/// A directory with the data of the models of tests/bench/models: arrays of the right shapes, gone at the
/// end.
class BenchData {
 public:
  BenchData();
  ~BenchData();
  BenchData(const BenchData&) = delete;
  BenchData& operator=(const BenchData&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A training by the program `talweg` that is timed.
struct Training {
  std::filesystem::path model;
  std::vector<std::string> arguments;  ///< of `talweg train`
};

[[nodiscard]] std::filesystem::path bench_model(const std::string& name);
/// The command `talweg COMMAND MODEL ARGUMENT...`.
[[nodiscard]] std::vector<std::string> talweg_command(const std::string& command, const Training& training);

/// Seconds of a step: the best of `intervals` between log lines `steps_between` apart, of a model that has a
/// `let` of that name. The first interval, in which threads start and libraries are loaded, does not count.
[[nodiscard]] double seconds_of_step(const Training& training, int steps_between, int intervals);

/// What `talweg train` says the training loop took, in seconds.
[[nodiscard]] double seconds_of_training(const Training& training);

}  // namespace talweg::speed
