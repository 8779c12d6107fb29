#include "program/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <talweg/error.hpp>
#include <utility>

#include "kernels/kernels.hpp"
#include "program/lowering.hpp"
#include "program/memory_limit.hpp"
#include "program/needed_nodes.hpp"
#include "program/profile.hpp"
#include "program/simplify/simplify.hpp"
#include "program/thread_pool.hpp"
#include "support/aligned_memory.hpp"
#include "support/numbers.hpp"
#include "support/table.hpp"

namespace talweg {

/// Buffers of times that do not overlap share memory; constants, what lasts and scratch follow behind them.
class Program::Arena final : public Memory {
 public:
  Arena(const Plan& plan, DType dtype, const ProgramOptions& options)
      : plan_(plan), threads_(std::max(1, options.threads)) {
    element_ = dtype == DType::float32 ? sizeof(float) : sizeof(double);
    const auto alignment = static_cast<std::int64_t>(kMemoryAlignment / element_);
    layout_ = plan_memory(plan, alignment);
    std::int64_t elements = layout_.elements;
    const auto append = [&](std::int64_t size) {
      const std::int64_t begin = elements;
      elements += (size + alignment - 1) / alignment * alignment;
      return begin;
    };
    for (std::size_t id = 0; id < plan.buffers.size(); ++id)
      if (plan.buffers[id].kind == Buffer::Kind::constant || plan.buffers[id].kind == Buffer::Kind::lasting)
        layout_.offsets[id] = append(plan.buffers[id].elements);
    std::int64_t scratch = 0;
    for (const auto& step : plan.steps) scratch = std::max(scratch, step->scratch_elements());
    scratch_size_ = (scratch + alignment - 1) / alignment * alignment;
    scratch_ = append(scratch_size_ * threads_);
    allocate(static_cast<std::size_t>(elements) * element_, options.memory_limit);
    for (std::size_t id = 0; id < plan.buffers.size(); ++id) {
      if (plan.buffers[id].kind != Buffer::Kind::constant) continue;
      if (dtype == DType::float32)
        fill<float>(plan.buffers[id].values, layout_.offsets[id]);
      else
        fill<double>(plan.buffers[id].values, layout_.offsets[id]);
    }
  }
  ~Arena() override = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] void* of(BufferId buffer) const override {
    const auto [root, offset] = plan_.root(buffer);
    if (plan_.buffers[root].kind == Buffer::Kind::external)
      return static_cast<std::byte*>(plan_.buffers[root].external) +
             static_cast<std::size_t>(offset) * element_;
    return element_at(layout_.offsets[root] + offset);
  }
  [[nodiscard]] std::int64_t room(BufferId id) const override {
    const Buffer& buffer = plan_.buffers[id];
    const auto alignment = static_cast<std::int64_t>(kMemoryAlignment / element_);
    if (buffer.kind == Buffer::Kind::external || buffer.whole) return buffer.elements;
    return (buffer.elements + alignment - 1) / alignment * alignment;
  }
  [[nodiscard]] void* scratch(int piece) const override {
    return element_at(scratch_ + piece * scratch_size_);
  }
  /// The threads start when an instruction first asks for them.
  [[nodiscard]] ThreadPool* pool() const override {
    if (threads_ > 1 && pool_ == nullptr) pool_ = shared_thread_pool(threads_);
    return pool_.get();
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The first element of a view.
  [[nodiscard]] const std::byte* begin(const View& view) const {
    return static_cast<const std::byte*>(of(view.buffer)) + static_cast<std::size_t>(view.offset) * element_;
  }

 private:
  [[nodiscard]] std::byte* element_at(std::int64_t element) const {
    return bytes_.get() + static_cast<std::size_t>(element) * element_;
  }

  void allocate(std::size_t bytes, std::size_t limit) {
    check_memory(bytes, limit);
    size_ = std::max(bytes, kMemoryAlignment);
    bytes_ = allocate_zeros(size_);
    if (bytes_ == nullptr)
      throw Error(Status::model,
                  "there are no " + std::to_string(bytes >> 20U) + " MiB of memory for the program");
  }

  template <class T>
  void fill(const std::vector<double>& values, std::int64_t offset) {
    std::ranges::transform(values, reinterpret_cast<T*>(element_at(offset)),
                           [](double value) { return static_cast<T>(value); });
  }

  const Plan& plan_;
  std::size_t element_;
  ArenaLayout layout_;
  int threads_;
  mutable std::shared_ptr<ThreadPool> pool_;
  std::int64_t scratch_ = 0;
  std::int64_t scratch_size_ = 0;  ///< of one thread
  std::size_t size_ = 0;
  AlignedMemory bytes_;
};

namespace {

/// Without this, results would be taken for those of an instruction set that was never used.
void require_instruction_set() {
  const std::string_view lacking = kernels::lacking_instruction_set();
  if (!lacking.empty())
    throw Error(Status::model,
                fmt::format("TALWEG_INSTRUCTION_SET is '{}', for which there are no kernels on this machine; "
                            "the best are for {}",
                            lacking, kernels::instruction_set()));
}

}  // namespace

Program::Program(const Graph& graph, const Task& task, const ProgramOptions& options)
    : profile_(options.profile) {
  require_instruction_set();
  Simplified simplified = simplify(graph, task);
  graph_ = std::move(simplified.graph);
  LoweredTask lowered = lower(*graph_, simplified.task);
  plan_ = std::move(lowered.plan);
  try {
    arena_ = std::make_unique<Arena>(plan_, graph.floating(), options);
  } catch (Error& error) {
    blame_largest(error, graph, needed_nodes(graph, task));
    throw;
  }
  before_ = bind(plan_.before, {}, graph.floating());
  steps_ = bind(plan_.steps, plan_.nodes, graph.floating());
  after_ = bind(plan_.after, {}, graph.floating());
  for (const auto& step : plan_.after) handed_back_.push_back(arena_->begin(step->writes().front()));
  for (std::size_t i = 0; i < task.fetches.size(); ++i)
    values_[task.fetches[i]] = arena_->begin(lowered.fetches.at(simplified.task.fetches[i]));
}

Program::~Program() = default;

/// `nodes` are what the steps compute; empty where that is none.
Program::Series Program::bind(const std::vector<std::unique_ptr<Step>>& steps, const NodesOfSteps& nodes,
                              DType dtype) {
  Series series;
  for (const auto& step : steps) series.instructions.push_back(step->bind(*arena_, dtype));
  if (profile_ == nullptr) return series;
  series.first_entry = profile_->entries.size();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::span<const NodeId> computed = nodes.empty() ? std::span<const NodeId>() : nodes[i];
    profile_->entries.push_back(
        {.text = steps[i]->text(),
         .names = names_of(computed),
         .line = line_of(computed),
         .operations = steps[i]->operations(),
         .bytes = static_cast<double>(bytes_of(steps[i]->reads()) + bytes_of(steps[i]->writes()))});
  }
  return series;
}

void Program::run() {
  if (has_taken_over_) return run(steps_);
  run(before_);
  run(steps_);
  run(after_);
}

void Program::take_over() {
  if (!std::exchange(has_taken_over_, true)) run(before_);
}

void Program::hand_back() {
  if (std::exchange(has_taken_over_, false)) run(after_);
}

void Program::show(std::span<const std::byte> memory) {
  if (!has_taken_over_) return;
  run_if(after_, [&](std::size_t i) {
    return handed_back_[i] >= memory.data() && handed_back_[i] < memory.data() + memory.size();
  });
}

void Program::run(const Series& series) {
  run_if(series, [](std::size_t /*number*/) { return true; });
}

template <class Condition>
void Program::run_if(const Series& series, const Condition& condition) {
  using Clock = std::chrono::steady_clock;
  const std::size_t count = series.instructions.size();
  if (profile_ == nullptr) {
    for (std::size_t i = 0; i < count; ++i)
      if (condition(i)) series.instructions[i]->run();
    return;
  }
  const auto seconds = [](Clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
  };
  double begin = seconds(Clock::now());
  if (profile_->events.empty()) profile_->origin = begin;
  for (std::size_t i = 0; i < count; ++i) {
    if (!condition(i)) continue;
    series.instructions[i]->run();
    const double end = seconds(Clock::now());
    const std::size_t number = series.first_entry + i;
    Profile::Entry& entry = profile_->entries[number];
    ++entry.runs;
    entry.seconds += end - begin;
    if (profile_->events.size() < Profile::kMaximumEvents)
      profile_->events.push_back({number, begin - profile_->origin, end - begin});
    begin = end;
  }
}

std::string Program::listing() const {
  std::vector<std::vector<std::string>> rows = {{"no", "bytes", "line", "what it computes"}};
  const auto add_others = [&](const char* when, const std::vector<std::unique_ptr<Step>>& steps) {
    for (const auto& step : steps)
      rows.push_back({when, std::to_string(bytes_of(step->writes())), "", step->text()});
  };
  add_others("before", plan_.before);
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const std::string names = names_of(plan_.nodes[i]);
    rows.push_back({std::to_string(i), std::to_string(bytes_of(plan_.steps[i]->writes())),
                    line_of(plan_.nodes[i]),
                    plan_.steps[i]->text() + (names.empty() ? "" : "  -> " + names)});
  }
  add_others("after", plan_.after);
  return format_table(rows, "rrrl") +
         fmt::format("{}, {} bytes of memory, kernels for {}\n",
                     count(static_cast<std::int64_t>(plan_.steps.size()), "instruction"), arena_->size(),
                     kernels::instruction_set());
}

/// An element that a view repeats counts once.
std::size_t Program::bytes_of(const std::vector<View>& views) const {
  std::int64_t elements = 0;
  for (const View& view : views) {
    std::int64_t of_view = 1;
    for (int axis = 0; axis < view.shape.rank(); ++axis)
      if (view.stride(axis) != 0 || view.shape[axis] == 0) of_view *= view.shape[axis];
    elements += of_view;
  }
  return static_cast<std::size_t>(elements) *
         (graph_->floating() == DType::float32 ? sizeof(float) : sizeof(double));
}

/// What the model file calls the values that the step computes: "layer_2, error".
std::string Program::names_of(std::span<const NodeId> nodes) const {
  std::string names;
  for (NodeId id : nodes)
    if (const std::string& name = (*graph_)[id].name; !name.empty())
      names += (names.empty() ? "" : ", ") + name;
  return names;
}

/// The line of the model file that asks for the step, or "".
std::string Program::line_of(std::span<const NodeId> nodes) const {
  for (NodeId id : nodes)
    if (const Span origin = (*graph_)[id].origin; origin.known()) return origin.line_text();
  return "";
}

std::unique_ptr<Executor> compile_program(const Graph& graph, const Task& task,
                                          const ProgramOptions& options) {
  return std::make_unique<Program>(graph, task, options);
}

}  // namespace talweg
