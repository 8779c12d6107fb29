#pragma once

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/graph.hpp"
#include "program/executor.hpp"
#include "program/needed_nodes.hpp"
#include "program/plan.hpp"
#include "program/plan_accesses.hpp"
#include "program/steps/elementwise_step.hpp"

namespace talweg {

/// A plan, and where the values of nodes that are fetched or looked at lie afterwards.
struct LoweredTask {
  Plan plan;
  std::map<NodeId, View> fetches, looks;
};

/// Turns the nodes that a task needs into steps, in order: elementwise nodes join groups, layout nodes become
/// views, assignments write in place where nobody reads the old value afterwards. The graph outlives the
/// plan.
[[nodiscard]] LoweredTask lower(const Graph& graph, const Task& task);

/// The state of a lowering, as the functions that lower single ops see it (lowered_ops.cpp).
class Lowering {
 public:
  Lowering(const Graph& graph, const Task& task) : graph_(graph), task_(task), bindings_(graph, task) {}
  LoweredTask run();

  [[nodiscard]] const Node& node(NodeId id) const { return graph_[id]; }
  [[nodiscard]] DType dtype() const { return graph_.floating(); }
  /// Where a node's value lies. A value of a group is stored from now on.
  [[nodiscard]] View view_of(NodeId id);
  /// The same, in row-major order without gaps: copied where it is not.
  [[nodiscard]] View contiguous_view_of(NodeId id);
  /// The same, in memory that is the program's own: a copy where it is the caller's or a constant.
  [[nodiscard]] View own_view_of(NodeId id);
  /// A copy without gaps of any view.
  [[nodiscard]] View copied(const View& view);
  /// The node's value is what lies there.
  void set_view(NodeId id, const View& view) { values_[id].view = view; }
  /// Gives the node a buffer of its own.
  View new_value(NodeId id);
  /// The same, for a node whose value the writer of `other` computes, too. REQUIRES: there is one.
  View new_value_beside(NodeId id, const View& other);
  /// The last step that has to run before what lies there can be read; null where there is none, or where it
  /// is to stay as it is.
  [[nodiscard]] Step* writer_of(const View& view);
  /// Appends a step, after whose run the buffers that it writes can be read.
  void add(std::unique_ptr<Step> step);
  void add_elementwise(NodeId id, kernels::Elementwise function);

  [[nodiscard]] Plan& plan() { return plan_; }
  [[nodiscard]] std::size_t& ready(BufferId buffer) { return ready_[buffer]; }

 private:
  /// What is known of a node's value: a view, a value of a group, or both once the latter is stored.
  struct Known {
    std::optional<View> view;
    ElementwiseStep* group = nullptr;
    std::size_t step = 0;  ///< of the group
    std::uint32_t value = 0;
  };

  void lower_looks(const std::vector<NodeId>& needed, LoweredTask& result);
  void lower_leaf(NodeId id);
  void lower_node(NodeId id);
  void claim_steps(NodeId id);
  [[nodiscard]] View constant(std::vector<double> values, const Shape& shape);
  [[nodiscard]] BufferId add_buffer(Buffer buffer);
  [[nodiscard]] BufferId add_arena_buffer(const Shape& shape);
  /// Can the node's inputs be had in that step, once it has taken over the `merged` one?
  [[nodiscard]] bool can_join(const Node& node, std::size_t step, std::size_t merged);
  [[nodiscard]] bool is_value_of(NodeId id, std::size_t step, const Shape& shape);
  /// Is it better to read the node's one input again, in a group of its own, than to compute the node in that
  /// group? Yes where the group lies behind, so that its value would be written for others to read, while the
  /// input is in memory and all that use the node can join a group.
  [[nodiscard]] bool is_read_again(NodeId id, std::size_t step);
  [[nodiscard]] std::size_t find_group(NodeId id, const Shape& shape);
  std::size_t open_group(const Shape& shape);
  /// Moves the values of a group to an earlier one, if they can be had there and the group was not opened to
  /// be apart from that one; the later step is no more.
  bool merge(std::size_t later, std::size_t earlier);
  void find_users(const std::vector<NodeId>& needed);
  [[nodiscard]] ElementwiseStep::Operand operand(NodeId input, const Shape& shape, std::size_t step);
  void finish_assignments(const std::vector<View>& values);
  [[nodiscard]] bool write_in_place(BufferId value, const Assignment& assignment,
                                    const PlanAccesses& accesses);
  [[nodiscard]] std::size_t bytes_of_element() const {
    return graph_.floating() == DType::float32 ? sizeof(float) : sizeof(double);
  }

  const Graph& graph_;
  const Task& task_;
  BindingsByLeaf bindings_;
  Plan plan_;
  std::size_t first_open_ = 0;  ///< the first step that nodes may join: those before it stay what they are
  std::unordered_map<NodeId, Known> values_;
  std::vector<bool> is_written_;    ///< by node: something else than elementwise nodes of its shape uses it
  std::vector<std::size_t> ready_;  ///< by buffer: the first step that may read it
  std::map<std::vector<std::int64_t>, std::size_t> last_group_;  ///< by shape
  std::map<std::size_t, ElementwiseStep*> groups_;               ///< by step
  std::map<std::size_t, std::size_t> apart_from_;  ///< by step: the earlier group that is_read_again left
};

using LowerOp = void (*)(Lowering&, NodeId);
/// How an op is lowered that is not elementwise, or null: its reference kernel does it.
[[nodiscard]] LowerOp find_lowered_op(std::string_view op);

}  // namespace talweg
