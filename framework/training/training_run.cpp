#include "training/training_run.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "training/divergence.hpp"
#include "training/optimizer_groups.hpp"

namespace talweg {
namespace {

/// Steps between two looks at whether everything is finite: often enough to lose little work, seldom enough
/// to cost nothing.
constexpr std::int64_t kCheckInterval = 128;
/// Between two reports of progress, before which there is such a look: it takes at most one part in so many
/// of the time, as long as people need not wait too long.
constexpr std::chrono::milliseconds kProgressInterval{250}, kLongestProgressInterval{10'000};
constexpr int kPartsBetweenLooks = 200;

/// 1, 2 or 5 times a power of ten: the one next to a twentieth of the steps.
std::int64_t choose_log_interval(std::int64_t steps) {
  const double wanted = static_cast<double>(steps) / 20;
  std::int64_t best = 1;
  for (std::int64_t power = 1; static_cast<double>(power) <= wanted; power *= 10)
    for (std::int64_t candidate : {power, 2 * power, 5 * power})
      if (std::abs(std::log(static_cast<double>(candidate) / wanted)) <
          std::abs(std::log(static_cast<double>(best) / wanted)))
        best = candidate;
  return best;
}

std::int64_t log_interval(const CheckedModel& model) {
  if (!model.train) return 1;
  return model.train->log_every > 0 ? model.train->log_every : choose_log_interval(model.train->steps);
}

std::int64_t parameter_elements(const CheckedModel& model) {
  std::int64_t elements = 0;
  for (const TensorDeclaration& parameter : model.parameters)
    elements += (*model.graph)[parameter.node].shape.elements();
  return elements;
}

std::vector<GroupRecord> group_records(const CheckedModel& model) {
  if (!model.train || model.train->groups.empty()) return {};
  std::vector<GroupRecord> records;
  for (const GroupSetting& group : model.train->groups)
    records.push_back({group.name, group.optimizer.name, {}});
  records.push_back({"", model.train->optimizer.name, {}});
  const std::vector<std::size_t> groups = groups_of_parameters(model);
  for (std::size_t i = 0; i < groups.size(); ++i)
    records[groups[i] == kNoGroup ? records.size() - 1 : groups[i]].parameters.push_back(
        model.parameters[i].name);
  if (records.back().parameters.empty()) records.pop_back();
  return records;
}

double seconds_between(std::chrono::steady_clock::time_point begin,
                       std::chrono::steady_clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

TrainingRun::TrainingRun(TrainingState& state, TrainingObserver& observer)
    : state_(state),
      observer_(observer),
      steps_(state.planned_steps()),
      log_every_(log_interval(state.model())),
      first_step_(state.step),
      checked_step_(state.step),
      good_(state.values.snapshot()),
      good_step_(state.step),
      shown_every_(kProgressInterval) {}

EndRecord TrainingRun::run() {
  compile(state_.main);
  if (state_.rest) compile(*state_.rest);
  const std::optional<Examples>& examples = state_.model().examples;
  if (state_.model().train && examples && examples->find(Examples::kValidation) != nullptr)
    validation_.emplace(state_);
  if (const auto* minimizer = dynamic_cast<const Minimizer*>(state_.rule.get()))
    minimization_ = std::make_unique<Minimization>(state_, *minimizer);
  are_steps_alike_ =
      minimization_ == nullptr && state_.model().train && !watches_steps() && state_.are_steps_alike();
  announce();  // nothing is refused any more
  begin_ = shown_ = Clock::now();
  EndRecord end;
  end.reason = train();
  end.seconds = seconds_between(begin_, Clock::now());
  check();
  end.steps = state_.step;
  if (minimization_ != nullptr) {
    end.evaluations = state_.evaluations;
    end.message = minimization_->reason();
  }
  end.values = logged_values();
  state_.hand_back();
  end.report = reported_values();
  if (validation_) end.validation = validation_->result();
  state_.stop_requested = false;
  observer_.ended(end);
  if (validation_) validation_->keep_best();
  return end;
}

void TrainingRun::announce() {
  const CheckedModel& model = state_.model();
  observer_.started({.name = model.name,
                     .seed = model.seed,
                     .dtype = model.graph->floating(),
                     .parameters = parameter_elements(model),
                     .optimizer = state_.rule == nullptr ? "" : state_.rule->name(),
                     .steps = steps_,
                     .first_step = first_step_,
                     .threads = state_.options.threads,
                     .groups = group_records(model)});
}

void TrainingRun::compile(const Instance& instance) {
  if (!instance.model.train) return;
  Programs& programs = programs_of(instance);
  const TrainSetting& train = *instance.model.train;
  if (dynamic_cast<const Minimizer*>(state_.rule.get()) == nullptr) {
    std::vector<NodeId> watched;
    if (train.stop_gradient) watched = instance.graph.gradients;
    if (train.stop_loss) watched.push_back(train.minimize);
    // Also where no step is left: the last line's loss is to have the bits that a longer training logs there.
    programs.step = state_.compile_step(instance, std::move(watched));
    if (programs.step->can_look()) return;
  }
  programs.log = state_.compile(instance, {}, TrainingState::logged_nodes(instance));
}

EndReason TrainingRun::train() {
  while (true) {
    if (state_.stop_requested) return EndReason::interrupted;
    if (validation_ && (validation_->is_due() || (state_.step >= steps_ && !validation_->is_done()))) {
      check();
      state_.hand_back();
      if (const auto record = validation_->run()) observer_.validated(*record);
    }
    if (validation_ && validation_->is_done() && validation_->is_out_of_patience())
      return EndReason::patience;
    if (state_.met && state_.met->step == state_.step) return state_.met->reason;
    if (state_.step >= steps_) return EndReason::steps;
    if (state_.step % log_every_ == 0) write_log_line();
    if (state_.step - checked_step_ >= kCheckInterval) check();
    // They were finite, or else whoever could change them has made them what they are.
    if (minimization_ == nullptr && !state_.are_values_taken()) keep_good_values();
    const Clock::time_point before = Clock::now();
    if (const auto reason = make_steps(std::min(next_pause(), state_.step + chunk_))) {
      if (*reason != EndReason::optimizer) state_.met = {state_.step, *reason};
      return *reason;
    }
    const Clock::time_point now = Clock::now();
    const double seconds = seconds_between(before, now);
    if (seconds < 0.005) chunk_ = std::min(2 * chunk_, kCheckInterval);
    if (seconds > 0.05) chunk_ = std::max<std::int64_t>(1, chunk_ / 2);
    if (now - shown_ < shown_every_) continue;
    check();  // whoever follows may keep the values
    shown_every_ = std::clamp<Clock::duration>(kPartsBetweenLooks * (Clock::now() - now), kProgressInterval,
                                               kLongestProgressInterval);
    show_progress(now);
  }
}

std::int64_t TrainingRun::next_pause() const {
  const std::int64_t next_log_line = state_.step - state_.step % log_every_ + log_every_;
  const std::int64_t next = std::min({steps_, next_log_line, checked_step_ + kCheckInterval});
  return validation_ ? std::min(next, validation_->next()) : next;
}

bool TrainingRun::watches_steps() const {
  return state_.model().train->stop_gradient || state_.model().train->stop_loss;
}

std::optional<EndReason> TrainingRun::make_steps(std::int64_t end) {
  if (are_steps_alike_) {
    state_.run_steps(*of_main_.step, end);
    return std::nullopt;
  }
  const bool watches = watches_steps();
  while (state_.step < end && !state_.stop_requested.load(std::memory_order_relaxed)) {
    if (minimization_ != nullptr) {
      if (const auto reason = minimization_->make_step()) return reason;
      continue;
    }
    const Instance& instance = state_.instance_of(state_.step);
    state_.run_step(*programs().step);
    state_.set_step(state_.step + 1);
    if (!watches) continue;
    if (const auto reason = stop_condition(instance)) return reason;
  }
  return std::nullopt;
}

std::optional<EndReason> TrainingRun::stop_condition(const Instance& instance) {
  const TrainSetting& train = *instance.model.train;
  const Executor& program = *programs_of(instance).step;
  const Graph& graph = *instance.model.graph;
  const auto largest = [&](NodeId id) {
    return largest_magnitude(program.value(id), graph.floating(), graph[id].shape.elements());
  };
  const std::vector<NodeId>& gradients = instance.graph.gradients;
  if (train.stop_gradient && !gradients.empty() && std::ranges::all_of(gradients, [&](NodeId gradient) {
        return largest(gradient) <= *train.stop_gradient;
      }))
    return EndReason::gradient;
  if (train.stop_loss && state_.read_scalar(program, train.minimize) <= *train.stop_loss)
    return EndReason::loss;
  return std::nullopt;
}

void TrainingRun::write_log_line() {
  if (!state_.are_values_taken()) {
    check();
  } else {
    if (!programs().looks()) state_.show_weights();
    if (!state_.are_weights_finite() || !loss_is_finite()) diverge();
  }
  observer_.logged({state_.step, logged_values()});
}

std::vector<NamedTensor> TrainingRun::logged_values() {
  std::vector<NamedTensor> values;
  if (!state_.model().train) return values;
  const Instance& instance = state_.present();
  const TrainSetting& train = *instance.model.train;
  const Executor& program = programs_of(instance).logging();
  values.push_back(state_.read(instance, program, train.minimize, "loss"));
  loss_ = values.front().values.front();
  for (const NamedExpression& entry : train.log)
    values.push_back(state_.read(instance, program, entry.value, entry.name));
  return values;
}

std::vector<NamedTensor> TrainingRun::reported_values() {
  std::vector<NamedTensor> values;
  if (!state_.model().train || state_.model().train->report.empty()) return values;
  const Instance& instance = state_.present();
  const Programs& programs = programs_of(instance);
  const std::vector<NodeId> logged = TrainingState::logged_nodes(instance);
  const auto is_logged = [&](NodeId node) { return std::ranges::find(logged, node) != logged.end(); };
  std::vector<NodeId> others;
  for (const NamedExpression& entry : instance.model.train->report)
    if (!is_logged(entry.value)) others.push_back(entry.value);
  std::unique_ptr<Executor> program;
  if (!others.empty()) {
    program = state_.compile(instance, {}, std::move(others));
    program->run();
  }
  for (const NamedExpression& entry : instance.model.train->report)
    values.push_back(state_.read(instance, is_logged(entry.value) ? programs.logging() : *program,
                                 entry.value, entry.name));
  return values;
}

void TrainingRun::check() {
  state_.hand_back();
  if (state_.values.first_not_finite() != nullptr || !loss_is_finite()) diverge();
  checked_step_ = state_.step;
  if (state_.are_values_taken()) keep_good_values();  // as long as no step is made they are still in memory
}

void TrainingRun::keep_good_values() {
  state_.values.save_to(good_);
  good_step_ = state_.step;
}

bool TrainingRun::loss_is_finite() {
  Programs& all = programs();
  Executor* executor = (all.looks() ? all.step : all.log).get();
  if (executor == nullptr) return true;
  if (all.looks())
    state_.look(*executor);
  else
    executor->run();
  return std::isfinite(state_.read_scalar(*executor, state_.present().model.train->minimize));
}

void TrainingRun::diverge() {
  state_.hand_back();
  if (minimization_ != nullptr) throw explain_divergence(state_);
  // From the last good values on, step by step, to the one that spoils them. A run is repeated to the bit.
  const std::int64_t last = state_.step;
  state_.values.restore(good_);
  state_.set_step(good_step_);
  while (state_.step < last && loss_is_finite()) {
    state_.run_step(*programs().step);
    state_.hand_back();
    const bool spoiled = state_.values.first_not_finite() != nullptr;
    if (spoiled) state_.values.restore(good_);
    if (spoiled) break;
    state_.values.save_to(good_);
    state_.set_step(state_.step + 1);
  }
  state_.hand_back();
  state_.stop_requested = false;
  throw explain_divergence(state_);
}

void TrainingRun::show_progress(Clock::time_point now) {
  shown_ = now;
  const double elapsed = seconds_between(begin_, now);
  ProgressRecord progress;
  progress.step = state_.step;
  progress.steps = steps_;
  progress.loss = loss_;
  progress.steps_per_second = static_cast<double>(state_.step - first_step_) / elapsed;
  progress.seconds_left = static_cast<double>(steps_ - state_.step) / progress.steps_per_second;
  observer_.progressed(progress);
}

}  // namespace talweg
