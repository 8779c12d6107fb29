// Adam's update of ten million numbers is bound by the memory: x, g, m and v are read, x, m and v are
// written.

#include <algorithm>
#include <chrono>
#include <string_view>

#include "bench/contest.hpp"
#include "bench/families.hpp"
#include "model/model.hpp"
#include "plugin/plugin_path.hpp"
#include "program/profile.hpp"
#include "program/thread_pool.hpp"
#include "training/trainer.hpp"

namespace talweg::speed {
namespace {

constexpr std::int64_t kNumbers = 10'000'000, kQuickNumbers = 10'000;
constexpr int kSteps = 10;
/// The gradient is what lies in g: reading it is all that there is to do for it.
constexpr const char* kModel =
    "talweg: 1\n"
    "dtype: float32\n"
    "let: {n: 10}\n"
    "parameters: {x: {shape: [n], init: 'uniform(-1, 1)'}}\n"
    "state: {g: {shape: [n], init: 'uniform(-1, 1)'}}\n"
    "graph: {loss: sum(x * g)}\n"
    "train: {minimize: loss, optimizer: adam, steps: 1}\n";

class NoObserver final : public TrainingObserver {};

double seconds_of_update(std::int64_t numbers, int threads) {
  ModelOptions options;
  options.set = {{"n", std::to_string(numbers)}};
  options.steps = kSteps;
  CheckedModel model = load_model_text(kModel, "adam", options);
  auto optimizer = find_optimizer(model, PluginPath::standard({}));
  Profile profile;
  Trainer trainer(std::move(model), std::move(optimizer), {.threads = threads, .profile = &profile});
  NoObserver observer;
  trainer.run(observer);
  // The update is what writes x, m and v; the best of its runs.
  const auto update = std::ranges::max_element(profile.entries, {}, &Profile::Entry::bytes);
  const auto index = static_cast<std::size_t>(update - profile.entries.begin());
  double best = update->seconds;
  for (const Profile::Event& event : profile.events)
    if (event.entry == index) best = std::min(best, event.seconds);
  return best;
}

/// A loop that copies, half of the bytes read and half written, as the threads of the pool divide it.
class Copy {
 public:
  Copy(std::int64_t numbers, int threads)
      : from_(static_cast<std::size_t>(numbers), 1.0F),
        to_(from_.size(), 0.0F),
        pool_(shared_thread_pool(threads)) {}

  double seconds() {
    using Clock = std::chrono::steady_clock;
    double best = 1e9;
    for (int run = 0; run < kSteps; ++run) {
      const auto begin = Clock::now();
      pool_->run([&](int piece) {
        const Range range = piece_of(static_cast<std::int64_t>(from_.size()), piece, pool_->threads(), 16);
        for (std::int64_t i = range.begin; i < range.end; ++i) to_[i] = from_[i];
      });
      best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return best;
  }

 private:
  std::vector<float> from_, to_;
  std::shared_ptr<ThreadPool> pool_;
};

}  // namespace

Rows adam_rows(const Settings& settings) {
  const std::int64_t numbers = settings.quick ? kQuickNumbers : kNumbers;
  Copy copy(numbers * 7 / 2, settings.threads);
  const auto best =
      contest(settings.rounds, {[&] { return std::optional(seconds_of_update(numbers, settings.threads)); },
                                [&] { return std::optional(copy.seconds()); }});
  return {{"adam's update of 10,000,000 float32",
           "a copy loop of as many bytes",
           Unit::seconds,
           best[0],
           best[1],
           {Bar::Kind::faster, 0.9}}};
}

}  // namespace talweg::speed
