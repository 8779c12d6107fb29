#include "bench/kernel_timing.hpp"

#include <benchmark/benchmark.h>

#include <map>
#include <random>
#include <vector>

#include "kernels/kernels.hpp"

namespace talweg::speed {
namespace {

constexpr std::size_t kNumbers = 1'000'000;

/// Keeps the time of the only benchmark.
class Reporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) seconds = run.real_accumulated_time / static_cast<double>(run.iterations);
  }

  double seconds = 0;
};

}  // namespace

std::optional<double> seconds_of_kernel(const std::string& name, double least_seconds) {
  static const std::map<std::string, kernels::Elementwise> kFunctions = {
      {"exp", kernels::Elementwise::exp},
      {"tanh", kernels::Elementwise::tanh},
      {"sigmoid", kernels::Elementwise::sigmoid},
      {"gelu", kernels::Elementwise::gelu},
  };
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-4, 4);
  std::vector<float> x(kNumbers), y(kNumbers);
  for (float& value : x) value = uniform(generator);
  const auto kernel = kernels::table<float>().elementwise[static_cast<std::size_t>(kFunctions.at(name))][0];
  benchmark::RegisterBenchmark(name.c_str(), [&](benchmark::State& state) {
    for ([[maybe_unused]] auto turn : state) {
      kernel(y.data(), x.data(), nullptr, nullptr, kNumbers, false);
      benchmark::ClobberMemory();
    }
  })->MinTime(least_seconds);
  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter, name);
  benchmark::ClearRegisteredBenchmarks();
  return reporter.seconds;
}

}  // namespace talweg::speed
