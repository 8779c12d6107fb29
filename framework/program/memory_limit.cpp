#include "program/memory_limit.hpp"

#include <algorithm>
#include <string>

#include "support/machine_memory.hpp"

namespace talweg {
void check_memory(std::size_t bytes, std::size_t limit) {
  if (limit == 0) limit = machine_memory();
  if (limit == 0 || bytes <= limit) return;
  throw Error(Status::model, "the model's values take " + std::to_string(bytes >> 20U) +
                                 " MiB of memory, more than the " + std::to_string(limit >> 20U) +
                                 " MiB that there are");
}

void blame_largest(Error& error, const Graph& graph, const std::vector<NodeId>& nodes) {
  const auto elements = [&](NodeId id) { return graph[id].shape.elements(); };
  const auto largest = std::ranges::max_element(nodes, {}, elements);
  if (largest == nodes.end()) return;
  const Node& node = graph[*largest];
  error.note("the largest is " + graph.describe(*largest) + ", " + to_string(node.shape));
  if (node.origin.known()) error.at(node.origin.location());
}

}  // namespace talweg
