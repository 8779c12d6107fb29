#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/attributes.hpp"
#include "graph/dtype.hpp"
#include "graph/shape.hpp"
#include "support/source.hpp"

namespace talweg {

struct Op;
class Value;

/// A position in a graph. Inputs of a node have smaller ids, so ascending ids are a topological order.
using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xFFFFFFFFU;

/// Which part of a training step a node belongs to.
enum class Phase : std::uint8_t { forward, gradient, update };

/// One operation applied to earlier nodes. It knows its shape and type, never its values.
struct Node {
  const Op* op = nullptr;
  std::vector<NodeId> inputs;
  Attributes attributes;
  Shape shape;
  DType dtype = DType::float64;
  Phase phase = Phase::forward;
  std::string name;  ///< as the model file calls it; most nodes have none
  Span origin;       ///< the expression that asked for it; a gradient carries that of its node
};

/// An append-only list of nodes. References to nodes stay valid while nodes are added.
class Graph {
 public:
  /// More nodes than this are refused, so that a model file cannot exhaust memory.
  static constexpr std::size_t kMaximumNodes = 1'000'000;

  /// `floating` is the one floating type of the graph: float32 or float64.
  explicit Graph(DType floating = DType::float64) : floating_(floating) {}
  Graph(const Graph&) = delete;  // values point at their graph
  Graph& operator=(const Graph&) = delete;

  /// Appends a node after its op's shape rule has agreed. An Error of the rule leaves here with the names and
  /// shapes of the inputs as notes and the current origin as its place.
  Value add(const Op& op, std::vector<NodeId> inputs, Attributes attributes = {});
  /// A leaf, whose value is given from outside: op is "parameter", "data", "state" or "scalar".
  Value add_leaf(std::string_view op, std::string name, const Shape& shape, DType dtype);

  [[nodiscard]] const Node& operator[](NodeId id) const { return nodes_[id]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] DType floating() const { return floating_; }
  [[nodiscard]] Value value(NodeId id);

  void set_name(NodeId id, std::string name) { nodes_[id].name = std::move(name); }
  /// How to speak of a node: its name, or "matmul (node 12)".
  [[nodiscard]] std::string describe(NodeId id) const;

  /// The number of updates already made: a scalar leaf, added when it is first asked for.
  [[nodiscard]] Value step();
  /// That leaf, or kNoNode where nobody has asked for it.
  [[nodiscard]] NodeId step_leaf() const { return step_; }
  /// Random ops draw by the seed and by their number among those that were asked for before them.
  void set_seed(std::uint32_t seed) { seed_ = seed; }
  [[nodiscard]] std::uint32_t seed() const { return seed_; }
  [[nodiscard]] std::uint32_t next_draw() { return draws_++; }

  [[nodiscard]] Span origin() const { return origin_; }
  /// The function of the model language that `origin` calls, or "".
  [[nodiscard]] std::string_view called_function() const { return called_function_; }
  /// REQUIRES: the name of the function stays where it is.
  void set_origin(Span origin, std::string_view called_function = "") {
    origin_ = origin;
    called_function_ = called_function;
  }
  /// The line of the model file whose call of a module adds nodes now; 0 outside modules.
  [[nodiscard]] std::uint32_t call_line() const { return call_line_; }
  void set_call_line(std::uint32_t line) { call_line_ = line; }
  [[nodiscard]] Phase phase() const { return phase_; }
  void set_phase(Phase phase) { phase_ = phase; }

 private:
  /// Where a node that is added now is from.
  [[nodiscard]] Span origin_of_node() const;

  std::deque<Node> nodes_;
  DType floating_;
  NodeId step_ = kNoNode;
  std::uint32_t seed_ = 0, draws_ = 0;
  Span origin_;
  std::uint32_t call_line_ = 0;
  std::string_view called_function_;
  Phase phase_ = Phase::forward;
};

/// Gives the nodes added in its lifetime an origin, and their errors the name of the function called there.
class OriginScope {
 public:
  OriginScope(Graph& graph, Span origin, std::string_view called_function = "")
      : graph_(graph), before_(graph.origin()), function_before_(graph.called_function()) {
    graph.set_origin(origin, called_function);
  }
  ~OriginScope() { graph_.set_origin(before_, function_before_); }
  OriginScope(const OriginScope&) = delete;
  OriginScope& operator=(const OriginScope&) = delete;

 private:
  Graph& graph_;
  Span before_;
  std::string_view function_before_;
};

/// Gives the nodes added in its lifetime the line of a call, but for one within another.
class CallScope {
 public:
  CallScope(Graph& graph, Span call) : graph_(graph), before_(graph.call_line()) {
    if (before_ == 0) graph.set_call_line(static_cast<std::uint32_t>(call.line()));
  }
  ~CallScope() { graph_.set_call_line(before_); }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  Graph& graph_;
  std::uint32_t before_;
};

/// Gives the nodes added in its lifetime a phase.
class PhaseScope {
 public:
  PhaseScope(Graph& graph, Phase phase) : graph_(graph), before_(graph.phase()) { graph.set_phase(phase); }
  ~PhaseScope() { graph_.set_phase(before_); }
  PhaseScope(const PhaseScope&) = delete;
  PhaseScope& operator=(const PhaseScope&) = delete;

 private:
  Graph& graph_;
  Phase before_;
};

}  // namespace talweg
