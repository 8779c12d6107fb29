// The tutorial's network trained by hand, sizes known to the compiler: what a tiny network can cost at least.
// Prints "HIDDEN SECONDS" of 60,000 steps, the best of some trainings.
// usage: handwritten HIDDEN TRAININGS, where HIDDEN is 4 or 32

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

namespace {

constexpr int kExamples = 4, kInputs = 3, kSteps = 60'000;
constexpr double kX[kExamples][kInputs] = {{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}};
constexpr double kY[kExamples] = {0, 1, 1, 0};

/// x -> sigmoid(x W0) -> sigmoid(. W1), with biases in neither layer.
template <int kHidden>
class Network {
 public:
  explicit Network(unsigned seed) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (auto& row : w0_)
      for (double& weight : row) weight = uniform(generator);
    for (double& weight : w1_) weight = uniform(generator);
  }

  void step(double alpha) {
    double hidden[kExamples][kHidden];
    for (int n = 0; n < kExamples; ++n)
      for (int k = 0; k < kHidden; ++k) {
        double sum = 0;
        for (int i = 0; i < kInputs; ++i) sum += kX[n][i] * w0_[i][k];
        hidden[n][k] = sum;
      }
    for (auto& row : hidden)
      for (double& value : row) value = 1 / (1 + std::exp(-value));

    double delta[kExamples];
    for (int n = 0; n < kExamples; ++n) {
      double sum = 0;
      for (int k = 0; k < kHidden; ++k) sum += hidden[n][k] * w1_[k];
      output_[n] = 1 / (1 + std::exp(-sum));
      delta[n] = (output_[n] - kY[n]) * output_[n] * (1 - output_[n]);
    }

    double hidden_delta[kExamples][kHidden];
    for (int n = 0; n < kExamples; ++n)
      for (int k = 0; k < kHidden; ++k)
        hidden_delta[n][k] = delta[n] * w1_[k] * hidden[n][k] * (1 - hidden[n][k]);
    for (int k = 0; k < kHidden; ++k) {
      double gradient = 0;
      for (int n = 0; n < kExamples; ++n) gradient += hidden[n][k] * delta[n];
      w1_[k] -= alpha * gradient;
    }
    for (int i = 0; i < kInputs; ++i)
      for (int k = 0; k < kHidden; ++k) {
        double gradient = 0;
        for (int n = 0; n < kExamples; ++n) gradient += kX[n][i] * hidden_delta[n][k];
        w0_[i][k] -= alpha * gradient;
      }
  }

  [[nodiscard]] double error() const {
    double sum = 0;
    for (int n = 0; n < kExamples; ++n) sum += std::fabs(output_[n] - kY[n]);
    return sum / kExamples;
  }

 private:
  double w0_[kInputs][kHidden], w1_[kHidden], output_[kExamples] = {};
};

template <int kHidden>
void report(int trainings) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity(), error = 0;
  for (int training = 0; training < trainings; ++training) {
    Network<kHidden> network(1);
    const auto begin = Clock::now();
    for (int step = 0; step < kSteps; ++step) network.step(1.0);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
    error = network.error();
  }
  std::printf("%d %.6e\n", kHidden, best);
  std::fprintf(stderr, "error %.6g\n", error);  // somebody looks at the result, so that it is computed
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const int trainings = std::atoi(arguments[2]);
  if (std::strcmp(arguments[1], "4") == 0)
    report<4>(trainings);
  else if (std::strcmp(arguments[1], "32") == 0)
    report<32>(trainings);
  else
    return 2;
}
