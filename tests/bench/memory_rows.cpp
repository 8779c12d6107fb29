// Memory that the program of a training step plans, against the tensors that have to be there at its worst
// moment.

#include <algorithm>
#include <limits>
#include <talweg/error.hpp>

#include "bench/families.hpp"
#include "bench/training.hpp"
#include "plugin/plugin_path.hpp"
#include "program/lowering.hpp"
#include "program/simplify/simplify.hpp"
#include "support/numbers.hpp"
#include "training/instance.hpp"
#include "training/trainer.hpp"

namespace talweg::speed {
namespace {

/// The elements of all buffers of the arena that are between their first and their last use, at the step
/// where they are most. A result that may take an operand's place is not counted beside it.
std::int64_t most_live_elements(const Plan& plan) {
  constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  struct Life {
    std::size_t first = kNever, last = 0;
  };
  std::vector<Life> lives(plan.buffers.size());
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    const auto touch = [&](const View& view) {
      Life& life = lives[plan.root(view.buffer).first];
      life.first = std::min(life.first, step);
      life.last = step;
    };
    for (const View& view : plan.steps[step]->reads()) touch(view);
    for (const View& view : plan.steps[step]->writes()) touch(view);
  }
  for (std::size_t id = 0; id < plan.buffers.size(); ++id)
    if (plan.buffers[id].kept) lives[plan.root(static_cast<BufferId>(id)).first].last = plan.steps.size();
  std::int64_t most = 0;
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    std::int64_t live = 0;
    std::vector<BufferId> ending;
    for (BufferId id = 0; id < plan.buffers.size(); ++id) {
      const Life& life = lives[id];
      if (plan.buffers[id].kind != Buffer::Kind::arena || life.first > step || life.last < step) continue;
      live += plan.buffers[id].elements;
      if (life.first < step && life.last == step) ending.push_back(id);
    }
    for (BufferId id = 0; id < plan.buffers.size(); ++id) {
      if (plan.buffers[id].kind != Buffer::Kind::arena || lives[id].first != step) continue;
      const auto place = std::ranges::find_if(ending, [&](BufferId other) {
        return plan.buffers[other].elements == plan.buffers[id].elements &&
               plan.steps[step]->may_overwrite(other, id);
      });
      if (place == ending.end()) continue;
      live -= plan.buffers[id].elements;
      ending.erase(place);
    }
    most = std::max(most, live);
  }
  return most;
}

/// "... 4096 bytes of memory, ..." of a program's listing.
double planned_bytes(const std::string& listing) {
  constexpr std::string_view kUnit = " bytes of memory";
  const std::size_t end = listing.rfind(kUnit), begin = listing.rfind(' ', end - 1) + 1;
  return parse_number(listing.substr(begin, end - begin)).value();
}

}  // namespace

Rows memory_rows(const Settings& settings) {
  const BenchData data;
  ModelOptions options;
  options.data_directories = {data.path()};
  CheckedModel model = load_model(bench_model("lenet"), options);
  const auto optimizer = find_optimizer(model, PluginPath::standard({}));
  Instance instance(std::move(model), optimizer.get());
  Values values(instance.model, instance.graph);
  instance.bind(values);
  const Graph& graph = *instance.model.graph;
  const Task task{
      instance.leaves.bindings_of_step(), instance.leaves.assignments, {instance.model.train->minimize}};
  const auto program = compile_program(graph, task, {.threads = settings.threads});
  const Simplified simplified = simplify(graph, task);
  const LoweredTask lowered = lower(*simplified.graph, simplified.task);
  const double live = static_cast<double>(most_live_elements(lowered.plan)) * sizeof(float);
  return {{"memory of a training step, LeNet, batch 128, adam",
           "tensors live at the worst moment",
           Unit::bytes,
           planned_bytes(program->listing()),
           live,
           {Bar::Kind::ratio, 1.1},
           ""}};
}

}  // namespace talweg::speed
