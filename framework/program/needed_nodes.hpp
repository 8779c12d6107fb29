#pragma once

#include <unordered_map>
#include <vector>

#include "program/executor.hpp"

namespace talweg {

/// The nodes that a task's assignments, fetches and looks depend on, themselves included: ascending. Throws
/// Error{model} where a leaf among them has no binding.
[[nodiscard]] std::vector<NodeId> needed_nodes(const Graph& graph, const Task& task);

/// The bindings of a task by their leaves. Graph and task outlive it.
class BindingsByLeaf {
 public:
  BindingsByLeaf(const Graph& graph, const Task& task);

  /// The binding of a leaf. Throws Error{model} where there is none.
  [[nodiscard]] const Binding& of(NodeId leaf) const;

 private:
  const Graph& graph_;
  std::unordered_map<NodeId, const Binding*> bindings_;
};

}  // namespace talweg
