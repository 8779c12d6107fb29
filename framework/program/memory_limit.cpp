#include "program/memory_limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace talweg {
namespace {

/// 0 where the machine does not tell.
std::size_t machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(size) : 0;
}

}  // namespace

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
