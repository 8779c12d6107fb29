#pragma once

#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"
#include "graph/op.hpp"
#include "graph/value.hpp"

namespace talweg {

/// A node that is about to be appended to a simplified graph.
struct Candidate {
  const Op& op;
  std::vector<NodeId> inputs;
  Attributes attributes;
};

/// Appends nodes to a graph, each at most once and in its simplest form.
class Rewriter {
 public:
  explicit Rewriter(Graph& graph) : graph_(graph) {}

  [[nodiscard]] Graph& graph() { return graph_; }
  [[nodiscard]] const Node& node(NodeId id) const { return graph_[id]; }

  /// The candidate's value: what a rule makes of it, an equal node that is there already, or a new one.
  NodeId append(Candidate candidate);
  NodeId append(std::string_view op, std::vector<NodeId> inputs, Attributes attributes = {});
  /// The one value of a "constant" node; nothing for another.
  [[nodiscard]] std::optional<double> constant(NodeId id) const;

 private:
  Graph& graph_;
  std::unordered_multimap<std::size_t, NodeId> known_;  ///< by hash of op, inputs and attributes
};

/// A rule gives the node that has the candidate's value, or kNoNode where it does not apply. What it gives
/// has the candidate's shape.
using Rule = NodeId (*)(Rewriter&, const Candidate&);

// One a file.
NodeId fold_constants(Rewriter& rewriter, const Candidate& candidate);
NodeId drop_identities(Rewriter& rewriter, const Candidate& candidate);
NodeId join_layouts(Rewriter& rewriter, const Candidate& candidate);
NodeId expand_powers(Rewriter& rewriter, const Candidate& candidate);
NodeId reduce_broadcasts(Rewriter& rewriter, const Candidate& candidate);

}  // namespace talweg
