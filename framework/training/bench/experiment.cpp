#include "training/bench/experiment.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <mutex>
#include <talweg/error.hpp>
#include <thread>

#include "support/numbers.hpp"
#include "training/trainer.hpp"
#include "training/watched_rule.hpp"

namespace talweg::bench {
namespace {

/// Ends the training where the measure is at the target.
class TargetObserver final : public TrainingObserver {
 public:
  explicit TargetObserver(double target) : target_(target) {}

  void follow(Trainer& trainer) { trainer_ = &trainer; }
  void logged(const LogRecord& record) override { look(record.step, record.values); }
  void ended(const EndRecord& record) override {
    look(record.steps, record.values);
    evaluations_ = record.evaluations;
  }

  [[nodiscard]] std::optional<std::int64_t> solved() const { return solved_; }
  [[nodiscard]] std::optional<std::int64_t> evaluations() const { return evaluations_; }

 private:
  void look(std::int64_t step, const std::vector<NamedTensor>& values) {
    if (solved_ || !(values.at(1).values.at(0) <= target_)) return;
    solved_ = step;
    trainer_->request_stop();
  }

  double target_;
  Trainer* trainer_ = nullptr;
  std::optional<std::int64_t> solved_, evaluations_;
};

/// Keeps where the training is, step by step.
class PathObserver final : public TrainingObserver {
 public:
  PathObserver(const ProblemSetting& problem, Trainer& trainer) : problem_(problem), trainer_(trainer) {}

  void logged(const LogRecord& record) override { add(record.values); }
  void ended(const EndRecord& record) override { add(record.values); }

  std::vector<double> points;

 private:
  void add(const std::vector<NamedTensor>& values) {
    if (ended_) return;
    constexpr double kFar = 10;
    const std::vector<double>& x = values.at(2).values;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double low = problem_.box[2 * i], high = problem_.box[2 * i + 1];
      if (!(std::abs(x[i] - (low + high) / 2) < kFar * (high - low))) ended_ = true;
    }
    if (!ended_) points.insert(points.end(), x.begin(), x.end());
    if (values.at(1).values.at(0) <= problem_.target) ended_ = true;
    if (ended_) trainer_.request_stop();
  }

  const ProblemSetting& problem_;
  Trainer& trainer_;
  bool ended_ = false;
};

/// What the optimizer asks for, noted while its update is emitted.
std::shared_ptr<const Optimizer> watched(const std::shared_ptr<const Optimizer>& optimizer, Asked& asked) {
  const auto* rule = dynamic_cast<const UpdateRule*>(optimizer.get());
  return rule == nullptr ? optimizer : std::make_shared<WatchedRule>(*rule, asked);
}

/// Of so many steps, with no look at anything between them.
double seconds_of(const Problem& problem, const Case& form, const Candidate& candidate, std::int64_t steps) {
  CheckedModel model = problem.model(form, candidate);
  model.train->steps = std::max<std::int64_t>(steps, 1);
  model.train->log_every = model.train->steps + 1;
  Trainer trainer(std::move(model), candidate.optimizer, {});
  TrainingObserver nobody;
  return trainer.run(nobody).seconds;
}

class Queue {
 public:
  Queue(const Experiment& experiment, const std::vector<Candidate>& candidates,
        const std::function<bool(std::size_t, std::size_t)>& progressed)
      : experiment_(experiment),
        candidates_(candidates),
        progressed_(progressed),
        runs_(candidates.size() * experiment.cases.size()),
        outcomes_(candidates.size(), std::vector<Outcome>(experiment.cases.size())) {}

  void work() {
    for (std::size_t run = take(); run < runs_; run = take()) {
      const std::size_t candidate = run / experiment_.cases.size(), form = run % experiment_.cases.size();
      try {
        outcomes_[candidate][form] = train(candidates_[candidate], experiment_.cases[form]);
        finish();
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        next_ = runs_;
        if (!failure_) failure_ = std::current_exception();
      }
    }
  }

  Outcomes result() {
    if (failure_) std::rethrow_exception(failure_);
    return std::move(outcomes_);
  }

 private:
  [[nodiscard]] Outcome train(const Candidate& candidate, const Case& form) const {
    const Problem& problem = experiment_.problems[form.problem];
    try {
      return run_case(problem, form, candidate);
    } catch (Error& error) {
      throw error.note("with " + candidate.name() + " on " + problem.name() + ", instance " +
                       std::to_string(form.instance) + ", seed " + std::to_string(form.seed));
    }
  }
  std::size_t take() {
    const std::scoped_lock lock(mutex_);
    return next_ < runs_ ? next_++ : runs_;
  }
  void finish() {
    const std::scoped_lock lock(mutex_);
    if (!progressed_(++done_, runs_)) next_ = runs_;
  }

  const Experiment& experiment_;
  const std::vector<Candidate>& candidates_;
  const std::function<bool(std::size_t, std::size_t)>& progressed_;
  std::size_t runs_, next_ = 0, done_ = 0;
  Outcomes outcomes_;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

Experiment::Experiment(std::vector<Problem> given) : problems(std::move(given)) {
  for (std::size_t i = 0; i < problems.size(); ++i)
    for (const Case& form : problems[i].cases(i)) cases.push_back(form);
}

Outcome run_case(const Problem& problem, const Case& form, const Candidate& candidate) {
  TargetObserver observer(problem.setting().target);
  Asked asked;
  try {
    Trainer trainer(problem.model(form, candidate), watched(candidate.optimizer, asked), {});
    observer.follow(trainer);
    static_cast<void>(trainer.run(observer));
  } catch (const Error& error) {
    if (error.status() != Status::diverged) throw;
  }
  if (!observer.solved()) return {};
  const std::int64_t steps = *observer.solved();
  Outcome outcome;
  outcome.steps = static_cast<double>(steps);
  outcome.evaluations =
      static_cast<double>(observer.evaluations().value_or(steps * (1 + asked.other_gradients)));
  outcome.seconds = seconds_of(problem, form, candidate, steps);
  return outcome;
}

std::vector<double> path_of(const Problem& problem, const Candidate& candidate) {
  Trainer trainer(problem.model({0, 0, 1}, candidate, true), candidate.optimizer, {});
  PathObserver observer(problem.setting(), trainer);
  try {
    static_cast<void>(trainer.run(observer));
  } catch (const Error& error) {
    if (error.status() != Status::diverged) throw;
  }
  return std::move(observer.points);
}

std::vector<double> heights_of(const Problem& problem, std::size_t cells) {
  Trainer trainer(problem.untrained(), nullptr, {});
  const CheckedModel& model = trainer.model();
  const auto measure =
      std::ranges::find(model.named, model.problem->measure, &std::pair<std::string, NodeId>::second);
  const std::vector<double>& box = problem.setting().box;
  const auto side = static_cast<double>(cells);
  std::vector<double> heights;
  for (std::size_t row = 0; row <= cells; ++row)
    for (std::size_t column = 0; column <= cells; ++column) {
      const double x[] = {box[0] + (box[1] - box[0]) * static_cast<double>(column) / side,
                          box[2] + (box[3] - box[2]) * static_cast<double>(row) / side};
      trainer.set_value(model.parameters.front().name, x);
      heights.push_back(trainer.value(measure->first).values.at(0) - problem.setting().value);
    }
  return heights;
}

Outcomes run_all(const Experiment& experiment, const std::vector<Candidate>& candidates, int jobs,
                 const std::function<bool(std::size_t, std::size_t)>& progressed) {
  Queue queue(experiment, candidates, progressed);
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < jobs; ++i) threads.emplace_back([&queue] { queue.work(); });
    queue.work();
  }
  return queue.result();
}

}  // namespace talweg::bench
