#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace talweg {

/// Memory that holds a leaf's value: dense, row-major, elements of the graph's floating type (integers and
/// booleans too). It belongs to the caller, stays where it is while the executor lives, and may change
/// between runs.
struct Binding {
  NodeId leaf = kNoNode;
  void* data = nullptr;
  bool stays = false;  ///< it never changes from Executor::take_over to hand_back
};

/// After a run, `destination` holds the node's value. Destinations may be the memory of bindings, and the
/// memory of one binding may lie within another's (a parameter within the vector of all of them): every node
/// of the run sees the values from before it.
struct Assignment {
  NodeId value = kNoNode;
  void* destination = nullptr;
};

/// What an executor runs: the nodes that `assignments` and `fetches` need, and no others.
struct Task {
  std::vector<Binding> bindings;
  std::vector<Assignment> assignments;
  std::vector<NodeId> fetches;  ///< nodes whose values are read after a run
  std::vector<NodeId> looks;    ///< nodes whose values are read after Executor::look
};

[[nodiscard]] inline Task without_looks(Task task) {
  task.looks.clear();
  return task;
}

/// Runs a part of a graph, as often as one likes. The graph may grow afterwards, but must outlive it.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void run() = 0;
  /// From here to `hand_back` nobody else changes the memory that runs assign to, or reads matrices from it:
  /// meanwhile their values may be elsewhere, in another layout, and are lost if the executor ends. This
  /// saves time where there are many runs; otherwise each takes over and hands back. Nothing happens where
  /// that has been done already.
  virtual void take_over() {}
  virtual void hand_back() {}
  /// Between the two: matrices in `memory` have their values there, for others to read until the next run.
  virtual void show(std::span<const std::byte> /*memory*/) {}
  /// Between the two: where the values lie that belong in `memory`. Elsewhere they are in another order, and
  /// other numbers may stand between them.
  [[nodiscard]] virtual std::span<const std::byte> present(std::span<const std::byte> memory) {
    return memory;
  }
  /// Takes over and computes the task's `looks` before anything is assigned. The next run goes on from there:
  /// no memory of bindings changes in between, unless the program has handed back.
  virtual void look() {}
  /// Not where it would make runs longer, or others in their last bits: then the program is one without
  /// `looks`.
  [[nodiscard]] virtual bool can_look() const { return false; }
  /// The value of a fetched node after the last run, or of one that is looked at after the last look:
  /// row-major, of the graph's floating type.
  [[nodiscard]] virtual const void* value(NodeId fetched) const = 0;
  /// For people: one line an instruction, with sizes.
  [[nodiscard]] virtual std::string listing() const = 0;
};

struct Profile;

struct ProgramOptions {
  int threads = 1;
  /// Takes what the runs cost, by instruction. It outlives the program; null where nobody asks.
  Profile* profile = nullptr;
  /// Memory that the program may plan; more is an Error{model}. 0 means what the machine has.
  std::size_t memory_limit = 0;
};

/// Runs node by node with the reference kernels: the definition of what a graph means. Throws Error{model}
/// where a needed leaf has no binding.
[[nodiscard]] std::unique_ptr<Executor> make_reference_executor(const Graph& graph, const Task& task);

/// Compiles to a flat list of instructions over one arena; a run allocates nothing. Throws as above.
[[nodiscard]] std::unique_ptr<Executor> compile_program(const Graph& graph, const Task& task,
                                                        const ProgramOptions& options = {});

}  // namespace talweg
