// Runs a graph node by node with the reference kernels: short, obvious, slow.

#include <algorithm>
#include <map>
#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "program/executor.hpp"
#include "program/memory_limit.hpp"
#include "program/needed_nodes.hpp"

namespace talweg {
namespace {

template <class T>
class ReferenceExecutor final : public Executor {
 public:
  ReferenceExecutor(const Graph& graph, const Task& task)
      : graph_(graph), task_(task), bindings_(graph_, task_) {
    nodes_ = needed_nodes(graph, without_looks(task_));
    nodes_of_looks_ = needed_nodes(graph, {task_.bindings, {}, {}, task_.looks});
    const std::vector<NodeId> all = needed_nodes(graph, task_);
    std::size_t elements = 0;
    for (NodeId id : all) elements += static_cast<std::size_t>(graph[id].shape.elements());
    try {
      check_memory(elements * sizeof(T), 0);
    } catch (Error& error) {
      blame_largest(error, graph, all);
      throw;
    }
    for (NodeId id : all) values_[id].resize(static_cast<std::size_t>(graph[id].shape.elements()));
  }

  void run() override {
    compute_all(nodes_);
    for (const Assignment& assignment : task_.assignments)
      std::ranges::copy(values_.at(assignment.value), static_cast<T*>(assignment.destination));
  }

  void look() override { compute_all(nodes_of_looks_); }
  [[nodiscard]] bool can_look() const override { return !task_.looks.empty(); }

  [[nodiscard]] const void* value(NodeId fetched) const override { return values_.at(fetched).data(); }

  [[nodiscard]] std::string listing() const override {
    std::string text;
    for (NodeId id : nodes_)
      text += graph_.describe(id) + " " + to_string(graph_[id].shape) + "  " + graph_[id].op->name + "\n";
    return text;
  }

 private:
  void compute_all(const std::vector<NodeId>& nodes) {
    for (NodeId id : nodes) {
      if (graph_[id].op->leaf)
        load(id);
      else
        compute(id);
    }
  }

  void load(NodeId id) {
    std::vector<T>& value = values_.at(id);
    std::copy_n(static_cast<const T*>(bindings_.of(id).data), value.size(), value.data());
  }

  void compute(NodeId id) {
    const Node& node = graph_[id];
    std::vector<TensorView<const T>> inputs;
    for (NodeId input : node.inputs) inputs.push_back({values_.at(input).data(), graph_[input].shape});
    const ReferenceCall<T> call{node, inputs, {values_.at(id).data(), node.shape}};
    if constexpr (std::is_same_v<T, float>)
      node.op->reference_float32(call);
    else
      node.op->reference_float64(call);
  }

  const Graph& graph_;
  Task task_;
  BindingsByLeaf bindings_;
  std::vector<NodeId> nodes_, nodes_of_looks_;
  std::map<NodeId, std::vector<T>> values_;
};

}  // namespace

std::unique_ptr<Executor> make_reference_executor(const Graph& graph, const Task& task) {
  if (graph.floating() == DType::float32) return std::make_unique<ReferenceExecutor<float>>(graph, task);
  return std::make_unique<ReferenceExecutor<double>>(graph, task);
}

}  // namespace talweg
