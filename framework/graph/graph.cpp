#include "graph/graph.hpp"

#include "graph/op.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

/// `here` is where the error is: in another file, a node of a module has the line of its call.
std::string with_line(const std::string& text, const Node& node, const Span& here) {
  if (!node.origin.known()) return text;
  const int line = node.origin.source == here.source ? node.origin.line() : node.origin.model_line();
  return text + " (line " + std::to_string(line) + ")";
}

/// Puts the inputs' names for {0}, {1}; empty where one of them has none.
std::string fill_names(std::string hint, const Graph& graph, std::span<const NodeId> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string place = "{" + std::to_string(i) + "}";
    for (std::size_t at = hint.find(place); at != std::string::npos; at = hint.find(place)) {
      if (graph[inputs[i]].name.empty()) return "";
      hint.replace(at, place.size(), graph[inputs[i]].name);
    }
  }
  return hint;
}

/// Adds what the graph knows to what a shape rule said.
void explain(Error& error, const Graph& graph, const Op& op, std::span<const NodeId> inputs) {
  const std::string_view called = graph.called_function();
  error.set_message((called.empty() ? op.name : std::string(called)) + ": " + error.message());
  std::string note;
  for (NodeId input : inputs) {
    const Node& node = graph[input];
    if (node.name.empty()) continue;
    const std::string text = with_line(node.name + " is " + to_string(node.shape), node, graph.origin());
    if (note.find(text) == std::string::npos) note += (note.empty() ? "" : ", ") + text;
  }
  if (!note.empty()) error.note(note);
  error.set_hint(fill_names(error.hint(), graph, inputs));
  if (!error.has_location() && graph.origin().known()) error.at(graph.origin().location());
}

}  // namespace

Span Graph::origin_of_node() const {
  Span origin = origin_;
  if (call_line_ != 0) origin.call_line = call_line_;
  return origin;
}

Value Graph::add(const Op& op, std::vector<NodeId> inputs, Attributes attributes) {
  if (nodes_.size() >= kMaximumNodes)
    throw Error(Status::model, "the graph has more than " + count(kMaximumNodes, "node"))
        .at(origin_.location());
  Inferred inferred;
  try {
    inferred = op.shape({*this, inputs, attributes});
    inferred.shape = Shape::checked(inferred.shape.sizes());
  } catch (Error& error) {
    explain(error, *this, op, inputs);
    throw;
  }
  Node& node = nodes_.emplace_back();
  node.op = &op;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  node.shape = inferred.shape;
  node.dtype = inferred.dtype;
  node.phase = phase_;
  node.origin = origin_of_node();
  return value(static_cast<NodeId>(nodes_.size() - 1));
}

Value Graph::add_leaf(std::string_view op, std::string name, const Shape& shape, DType dtype) {
  const Op& leaf = OpRegistry::instance().get(op);
  if (!leaf.leaf) throw Error(Status::internal, "'" + std::string(op) + "' is no leaf");
  Node& node = nodes_.emplace_back();
  node.op = &leaf;
  node.shape = shape;
  node.dtype = dtype;
  node.phase = phase_;
  node.name = std::move(name);
  node.origin = origin_of_node();
  return value(static_cast<NodeId>(nodes_.size() - 1));
}

Value Graph::step() {
  if (step_ == kNoNode) {
    const OriginScope origin(*this, Span{});
    step_ = add_leaf("scalar", "step", {}, floating_).id();
  }
  return value(step_);
}

Value Graph::value(NodeId id) { return {*this, id}; }

std::string Graph::describe(NodeId id) const {
  const Node& node = nodes_[id];
  return node.name.empty() ? node.op->name + " (node " + std::to_string(id) + ")" : node.name;
}

}  // namespace talweg
