#include "training/training_state.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "graph/minimizer.hpp"
#include "program/needed_nodes.hpp"
#include "support/numbers.hpp"
#include "training/hyperparameters.hpp"
#include "training/optimizer_groups.hpp"

namespace talweg {
namespace {

/// A smaller batch is gathered before another thread has heard of it.
constexpr std::int64_t kElementsForThreads = 4096;

/// Would a thread beside those of the pool have a processor?
bool is_processor_free(int threads) {
  return static_cast<unsigned>(threads) < std::thread::hardware_concurrency();
}

static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler asks for a stop");

Error with_size_of_batch(Error error, std::int64_t rows) {
  return error.note("here the model is built for a batch of " + count(rows, "example") +
                    ", the last of an epoch; X.shape[0] is the size of a batch of X");
}

bool draws_examples(const Optimizer* optimizer) {
  const auto* rule = dynamic_cast<const UpdateRule*>(optimizer);
  return rule != nullptr && rule->draws_examples();
}

/// The model for the last batch of an epoch; nothing where it is as large as the others.
std::optional<Instance> make_rest(const CheckedModel& model, const Optimizer* optimizer,
                                  const std::optional<Batches>& batches) {
  if (!batches || optimizer == nullptr || batches->rest() == 0) return std::nullopt;
  if (draws_examples(optimizer)) return std::nullopt;  // it draws batches of one size
  if (dynamic_cast<const Minimizer*>(optimizer) != nullptr)
    throw Error(Status::model, "optimizer '" + optimizer->name() + "' needs batches of one size, and " +
                                   std::to_string(batches->examples().batch) + " does not divide " +
                                   count(batches->examples().train().count, "example"))
        .at(model.train->optimizer.span.location());
  try {
    return Instance(instantiate(model, Mode::training, batches->rest()), optimizer);
  } catch (Error& error) {
    throw with_size_of_batch(std::move(error), batches->rest());
  }
}

}  // namespace

TrainingState::TrainingState(CheckedModel model, std::shared_ptr<const Optimizer> optimizer,
                             const TrainerOptions& chosen)
    : rule(std::move(optimizer)),
      options(chosen),
      main(std::move(model), rule.get()),
      batches(main.model.examples ? std::optional(Batches(main.model)) : std::nullopt),
      values(main.model, main.graph) {
  rest = make_rest(main.model, rule.get(), batches);
  changes_batch_ = batches && (batches->examples().steps_per_epoch() > 1 || draws_examples(rule.get()));
  main.bind(values, !changes_batch_);
  if (draws_examples(rule.get())) {
    draws_.emplace(main.model, *main.graph.emissions.front().draws, main.graph.weights);
    for (const Binding& binding : draws_->bindings()) main.leaves.bindings.push_back(binding);
  }
  if (rest) rest->bind(values);
  values.set_steps(planned_steps());
  if (rule != nullptr) check_all_schedules();
  set_step(0);
}

void TrainingState::check_all_schedules() {
  const auto values_in = [&](NodeId node, const std::vector<std::int64_t>& steps) {
    const auto program = compile(main, {}, {node});
    std::vector<double> found;
    for (const std::int64_t number : steps) {
      set_step(number);
      program->run();
      found.push_back(read_scalar(*program, node));
    }
    return found;
  };
  check_schedules(model().train->optimizer, *rule, planned_steps(), values_in);
  if (const auto* groups = dynamic_cast<const OptimizerGroups*>(rule.get()))
    for (std::size_t i = 0; i < model().train->groups.size(); ++i)
      check_schedules(model().train->groups[i].optimizer, groups->rule(i), planned_steps(), values_in);
}

void TrainingState::take_over(Executor& program) {
  hand_back();
  program.take_over();
  holder_ = &program;
}

void TrainingState::hand_back() {
  if (Executor* holder = std::exchange(holder_, nullptr)) holder->hand_back();
}

void TrainingState::show_weights() {
  if (holder_ == nullptr) return;
  for (const KeptTensor& tensor : values.tensors())
    if (tensor.is_weight()) holder_->show(values.memory_of(tensor));
}

bool TrainingState::are_weights_finite() const {
  return std::ranges::all_of(values.tensors(), [&](const KeptTensor& tensor) {
    if (!tensor.is_weight() || !tensor.finite) return true;
    const std::span<const std::byte> memory = values.memory_of(tensor);
    const DType dtype = model().graph->floating();
    if (holder_ != nullptr) {
      if (all_finite(holder_->present(memory), dtype)) return true;
      holder_->show(memory);  // it may be what stands between the values that is not finite
    }
    return all_finite(memory, dtype);
  });
}

const BestValues* TrainingState::kept() const {
  return best && better_step != step && model().train && model().train->keep ? &*best : nullptr;
}

void TrainingState::set_validated(std::int64_t at_step, std::vector<double> found) {
  validated_step = at_step;
  measures = std::move(found);
  if (measures.empty()) return;
  std::vector<double> used;
  for (const auto& [name, node] : model().measures) {
    const auto metric = std::ranges::find(model().metrics, name, &NamedExpression::name);
    used.push_back(
        measures[name == "loss" ? 0 : 1 + static_cast<std::size_t>(metric - model().metrics.begin())]);
  }
  values.set_validated(validated_step, used);
}

Instance& TrainingState::present_with_batch() {
  Instance& instance = instance_of(step);
  const std::int64_t wanted = changes_batch_ ? step : 0;
  if (loaded_step_ == wanted) return instance;
  if (prefetch_ == nullptr || !prefetch_->take(step)) load_rows(instance);
  loaded_step_ = wanted;
  prefetch_next();
  return instance;
}

void TrainingState::load_rows(Instance& instance) {
  choose_rows();
  const bool is_shared = options.threads > 1 && instance.data().elements() >= kElementsForThreads;
  if (is_shared && pool_ == nullptr) pool_ = shared_thread_pool(options.threads);
  instance.load(rows_, is_shared ? pool_.get() : nullptr);
}

void TrainingState::prefetch_next() {
  if (draws_ || !changes_batch_) return;  // what is drawn next depends on this step
  const std::int64_t next = step + 1;
  Instance& instance = instance_of(next);
  const BatchData& data = instance.data();
  const bool pays = options.threads > 1 && data.elements() >= kElementsForThreads &&
                    (is_processor_free(options.threads) || data.may_wait_for_disk());
  if (!pays || next >= planned_steps()) return;
  if (prefetch_ == nullptr) prefetch_ = std::make_unique<Prefetch>();
  std::vector<std::int64_t> rows;
  batches->rows_of_step(next, rows);
  prefetch_->begin(next, instance.data(), std::move(rows));
}

void TrainingState::choose_rows() {
  if (!draws_) return batches->rows_of_step(step, rows_);
  draws_->draw(step, values.read(*values.find(KeptTensor::Kind::examples, draws_->by())).values, drawn_);
  rows_.clear();
  for (std::int64_t place : drawn_)
    rows_.push_back(batches->row_of_split(batches->examples().train(), place));
}

std::unique_ptr<Executor> TrainingState::compile(const Instance& instance,
                                                 std::vector<Assignment> assignments,
                                                 std::vector<NodeId> fetches,
                                                 const std::vector<Binding>& more_bindings) const {
  Task task{instance.leaves.bindings, std::move(assignments), std::move(fetches)};
  task.bindings.insert(task.bindings.end(), more_bindings.begin(), more_bindings.end());
  return compile(instance, task);
}

std::unique_ptr<Executor> TrainingState::compile_step(const Instance& instance,
                                                      std::vector<NodeId> fetches) const {
  Task task{instance.leaves.bindings_of_step(), instance.leaves.assignments, std::move(fetches)};
  // A step on other values than those that are trained computes no loss of these, and a minimizer's points
  // are not those that are logged.
  const bool minimizes = dynamic_cast<const Minimizer*>(rule.get()) != nullptr;
  if (instance.model.train && instance.leaves.swapped.empty() && !minimizes)
    task.looks = logged_nodes(instance);
  return compile(instance, task);
}

bool TrainingState::are_steps_alike() const {
  const NodeId number = model().graph->step_leaf();
  if (changes_batch_) return false;
  if (number == kNoNode) return true;
  const std::vector<NodeId> needed =
      needed_nodes(*model().graph, {main.leaves.bindings_of_step(), main.leaves.assignments});
  return !std::ranges::binary_search(needed, number);
}

std::vector<NodeId> TrainingState::logged_nodes(const Instance& instance) {
  std::vector<NodeId> nodes = {instance.model.train->minimize};
  for (const NamedExpression& entry : instance.model.train->log) nodes.push_back(entry.value);
  return nodes;
}

std::unique_ptr<Executor> TrainingState::compile(const Instance& instance, const Task& task) const {
  if (options.reference_executor) return make_reference_executor(*instance.model.graph, task);
  Profile* profile = task.assignments.empty() ? nullptr : options.profile;
  return compile_program(*instance.model.graph, task, {.threads = options.threads, .profile = profile});
}

NamedTensor TrainingState::read(const Instance& instance, const Executor& program, NodeId id,
                                std::string name) const {
  const Node& node = (*instance.model.graph)[id];
  return {std::move(name), node.shape, node.dtype,
          to_doubles(program.value(id), instance.model.graph->floating(), node.shape.elements())};
}

double TrainingState::read_scalar(const Executor& program, NodeId id) const {
  const void* value = program.value(id);
  return model().graph->floating() == DType::float32 ? *static_cast<const float*>(value)
                                                     : *static_cast<const double*>(value);
}

}  // namespace talweg
