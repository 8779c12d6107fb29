#include "graph/formula.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "graph/op.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

/// A longer expression is divided.
constexpr std::size_t kLongestPart = 100;
/// A shared scalar of at most this length is repeated in place of a line of its own: "1 - beta1".
constexpr std::size_t kLongestRepeated = 16;

enum Precedence { kComparison = 1, kSum, kProduct, kSign, kPower, kAtom };

struct Infix {
  std::string_view symbol;
  Precedence precedence;
};

const Infix* find_infix(std::string_view op) {
  static const std::map<std::string_view, Infix> symbols = {
      {"add", {" + ", kSum}},
      {"subtract", {" - ", kSum}},
      {"multiply", {" * ", kProduct}},
      {"divide", {" / ", kProduct}},
      {"matmul", {" @ ", kProduct}},
      {"power", {" ** ", kPower}},
      {"less", {" < ", kComparison}},
      {"less_equal", {" <= ", kComparison}},
      {"equal", {" == ", kComparison}},
      {"not_equal", {" != ", kComparison}},
      {"greater", {" > ", kComparison}},
      {"greater_equal", {" >= ", kComparison}},
  };
  const auto found = symbols.find(op);
  return found == symbols.end() ? nullptr : &found->second;
}

struct Text {
  std::string text;
  int precedence = kAtom;
};

std::string within(const Text& operand, int least) {
  return operand.precedence < least ? "(" + operand.text + ")" : operand.text;
}

class Writer {
 public:
  Writer(const Graph& graph, const std::vector<std::pair<std::string, NodeId>>& outputs)
      : graph_(graph), outputs_(outputs) {
    for (const auto& [name, node] : outputs) ++uses_[node];
    for (auto entry = uses_.rbegin(); entry != uses_.rend(); ++entry)  // inputs have smaller ids
      for (NodeId input : graph[entry->first].inputs) ++uses_[input];
  }

  std::vector<std::string> write() {
    for (const auto& [node, uses] : uses_) write(node, uses);
    return std::move(lines_);
  }

 private:
  void write(NodeId id, int uses) {
    Text text = expression(id);
    bool is_named = false;
    for (const auto& [name, node] : outputs_) {
      if (node != id) continue;
      lines_.push_back(name + " = " + text.text);
      if (!graph_[id].op->leaf) text = {name, kAtom};
      is_named = true;
    }
    if (!is_named && !graph_[id].inputs.empty() && deserves_line(id, uses, text)) {
      const std::string name =
          graph_[id].name.empty() ? "u" + std::to_string(++temporaries_) : graph_[id].name;
      lines_.push_back(name + " = " + text.text);
      text = {name, kAtom};
    }
    texts_[id] = std::move(text);
  }

  [[nodiscard]] bool deserves_line(NodeId id, int uses, const Text& text) const {
    if (!graph_[id].name.empty() || text.text.size() > kLongestPart) return true;
    const bool is_short = graph_[id].shape.rank() == 0 && text.text.size() <= kLongestRepeated;
    return uses > 1 && text.precedence != kAtom && !is_short;
  }

  [[nodiscard]] Text expression(NodeId id) const {
    const Node& node = graph_[id];
    if (node.op->name == "constant") {
      const double value = node.attributes.number("value");
      return {format_number(value), value < 0 ? kSign : kAtom};
    }
    if (node.inputs.empty()) return {node.name.empty() ? node.op->name : node.name, kAtom};
    if (node.op->name == "broadcast_to") return texts_.at(node.inputs[0]);  // says nothing that matters here
    if (node.op->name == "negative") return {"-" + within(texts_.at(node.inputs[0]), kSign), kSign};
    if (const Infix* infix = find_infix(node.op->name)) {
      const bool from_right = infix->precedence == kPower;
      const Text &left = texts_.at(node.inputs[0]), &right = texts_.at(node.inputs[1]);
      // a + (b + c) keeps its brackets: the order of a sum matters to the last bit.
      return {within(left, infix->precedence + (from_right ? 1 : 0)) + std::string(infix->symbol) +
                  within(right, infix->precedence + (from_right ? 0 : 1)),
              infix->precedence};
    }
    std::string text = node.op->name + "(";
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      text += (i == 0 ? "" : ", ") + texts_.at(node.inputs[i]).text;
    const std::string attributes = to_string(node.attributes);
    return {text + (attributes.empty() ? "" : ", ") + attributes + ")", kAtom};
  }

  const Graph& graph_;
  const std::vector<std::pair<std::string, NodeId>>& outputs_;
  std::map<NodeId, int> uses_;  ///< of what is needed, in topological order
  std::map<NodeId, Text> texts_;
  std::vector<std::string> lines_;
  int temporaries_ = 0;
};

}  // namespace

std::vector<std::string> formula_of(const Graph& graph,
                                    const std::vector<std::pair<std::string, NodeId>>& outputs) {
  return Writer(graph, outputs).write();
}

}  // namespace talweg
