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
  /// Those of a view without gaps.
  [[nodiscard]] std::span<const std::byte> bytes(const View& view) const {
    return {begin(view), static_cast<std::size_t>(view.shape.elements()) * element_};
  }
  [[nodiscard]] std::span<const std::byte> bytes(BufferId buffer) const {
    return {static_cast<const std::byte*>(of(buffer)),
            static_cast<std::size_t>(plan_.buffers[buffer].elements) * element_};
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

/// Does the part begin in the whole?
bool is_within(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.data() >= whole.data() && part.data() < whole.data() + whole.size();
}

}  // namespace

Program::Program(const Graph& graph, const Task& task, const ProgramOptions& options)
    : profile_(options.profile) {
  require_instruction_set();
  Simplified simplified = simplify(graph, task);
  LoweredTask lowered = lower(*simplified.graph, simplified.task);
  if (!task.looks.empty()) {
    Simplified plain = simplify(graph, without_looks(task));
    LoweredTask without = lower(*plain.graph, plain.task);
    looks_ = plan_looks(lowered, without.plan);
    if (!looks_) {
      lowered = std::move(without);
      simplified = std::move(plain);
    }
  }
  graph_ = std::move(simplified.graph);
  plan_ = std::move(lowered.plan);
  try {
    arena_ = std::make_unique<Arena>(plan_, graph.floating(), options);
  } catch (Error& error) {
    blame_largest(error, graph, needed_nodes(graph, task));
    throw;
  }
  bind_steps();
  for (std::size_t i = 0; i < task.fetches.size(); ++i)
    values_[task.fetches[i]] = arena_->begin(lowered.fetches.at(simplified.task.fetches[i]));
  if (!looks_) return;
  for (std::size_t i = 0; i < task.looks.size(); ++i)
    values_.emplace(task.looks[i], arena_->begin(lowered.looks.at(simplified.task.looks[i])));
}

Program::~Program() = default;

void Program::bind_steps() {
  for (const auto& step : plan_.before) bind(before_, *step, {});
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const bool extra = looks_ && looks_->are_extra[i];
    bind(extra ? extra_ : steps_, *plan_.steps[i], plan_.nodes[i]);
    if (extra) extra_after_.push_back(steps_.instructions.size());
    if (looks_ && i < looks_->pause) pause_ = steps_.instructions.size();
  }
  for (const auto& step : plan_.after) {
    bind(after_, *step, {});
    handed_back_.push_back(arena_->bytes(step->writes().front()));
    elsewhere_.push_back(arena_->bytes(step->reads().front().buffer));
  }
}

void Program::bind(Series& series, const Step& step, std::span<const NodeId> nodes) {
  series.instructions.push_back(step.bind(*arena_, graph_->floating()));
  if (profile_ == nullptr) return;
  series.entries.push_back(profile_->entries.size());
  series.operations.push_back(step.operations());
  profile_->entries.push_back(
      {.text = step.text(),
       .names = names_of(nodes),
       .line = line_of(nodes),
       .bytes = static_cast<double>(bytes_of(step.reads()) + bytes_of(step.writes()))});
}

void Program::run() {
  if (profile_ != nullptr) ++profile_->runs;
  if (state_ == State::taken_over) return run(steps_);
  if (state_ == State::looked) {
    state_ = State::taken_over;
    return run(steps_, pause_, steps_.instructions.size());
  }
  run(before_);
  run(steps_);
  run(after_);
}

void Program::take_over() {
  if (state_ == State::handed_back) run(before_);
  state_ = State::taken_over;
}

void Program::hand_back() {
  if (std::exchange(state_, State::handed_back) != State::handed_back) run(after_);
}

void Program::show(std::span<const std::byte> memory) {
  if (state_ == State::handed_back) return;
  for (std::size_t i = 0; i < handed_back_.size(); ++i)
    if (is_within(handed_back_[i], memory)) run(after_, i, i + 1);
}

std::span<const std::byte> Program::present(std::span<const std::byte> memory) {
  if (state_ == State::handed_back) return memory;
  for (std::size_t i = 0; i < handed_back_.size(); ++i)
    if (handed_back_[i].data() == memory.data() && handed_back_[i].size() == memory.size())
      return elsewhere_[i];
  show(memory);  // parts of it may be elsewhere
  return memory;
}

void Program::look() {
  take_over();
  std::size_t done = 0;
  for (std::size_t i = 0; i < extra_.instructions.size(); ++i) {
    run(steps_, done, extra_after_[i]);
    run(extra_, i, i + 1);
    done = extra_after_[i];
  }
  run(steps_, done, pause_);
  state_ = State::looked;
}

void Program::run(const Series& series, std::size_t begin, std::size_t end) {
  using Clock = std::chrono::steady_clock;
  if (profile_ == nullptr) {
    for (std::size_t i = begin; i < end; ++i) series.instructions[i]->run();
    return;
  }
  const auto seconds = [](Clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
  };
  double started = seconds(Clock::now());
  if (profile_->events.empty()) profile_->origin = started;
  for (std::size_t i = begin; i < end; ++i) {
    series.instructions[i]->run();
    const double ended = seconds(Clock::now());
    if (series.instructions[i]->was_needless()) continue;
    const std::size_t number = series.entries[i];
    Profile::Entry& entry = profile_->entries[number];
    ++entry.runs;
    entry.seconds += ended - started;
    const double operations = series.operations[i] - series.instructions[i]->left_out();
    entry.operations += operations;
    if (profile_->events.size() < Profile::kMaximumEvents)
      profile_->events.push_back({number, started - profile_->origin, ended - started, operations});
    started = ended;
  }
}

std::string Program::listing() const {
  std::vector<std::vector<std::string>> rows = {{"no", "bytes", "line", "what it computes"}};
  const auto add_others = [&](const char* when, const std::vector<std::unique_ptr<Step>>& steps) {
    for (const auto& step : steps)
      rows.push_back({when, std::to_string(bytes_of(step->writes())), "", step->text()});
  };
  add_others("before", plan_.before);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const std::string names = names_of(plan_.nodes[i]);
    const bool extra = looks_ && looks_->are_extra[i];
    rows.push_back({extra ? "look" : std::to_string(number++),
                    std::to_string(bytes_of(plan_.steps[i]->writes())), line_of(plan_.nodes[i]),
                    plan_.steps[i]->text() + (names.empty() ? "" : "  -> " + names)});
  }
  add_others("after", plan_.after);
  return format_table(rows, "rrrl") + fmt::format("{}, {} bytes of memory, kernels for {}\n",
                                                  count(number, "instruction"), arena_->size(),
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
