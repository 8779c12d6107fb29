#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"
#include "program/executor.hpp"
#include "program/plan.hpp"

namespace talweg {

/// A compiled task: instructions bound to one arena. A run allocates nothing.
class Program final : public Executor {
 public:
  Program(const Graph& graph, const Task& task, const ProgramOptions& options);
  ~Program() override;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void run() override;
  void take_over() override;
  void hand_back() override;
  void show(std::span<const std::byte> memory) override;
  [[nodiscard]] const void* value(NodeId fetched) const override { return values_.at(fetched); }
  [[nodiscard]] std::string listing() const override;

 private:
  class Arena;

  /// What runs one after the other.
  struct Series {
    std::vector<std::unique_ptr<Instruction>> instructions;
    std::size_t first_entry = 0;  ///< in the profile
  };

  using NodesOfSteps = std::vector<std::vector<NodeId>>;

  [[nodiscard]] Series bind(const std::vector<std::unique_ptr<Step>>& steps, const NodesOfSteps& nodes,
                            DType dtype);
  void run(const Series& series);
  /// Those of the instructions whose numbers fulfil the condition.
  template <class Condition>
  void run_if(const Series& series, const Condition& condition);
  [[nodiscard]] std::size_t bytes_of(const std::vector<View>& views) const;
  [[nodiscard]] std::string names_of(std::span<const NodeId> nodes) const;
  [[nodiscard]] std::string line_of(std::span<const NodeId> nodes) const;

  std::unique_ptr<Graph> graph_;  ///< simplified
  Plan plan_;
  std::unique_ptr<Arena> arena_;
  Series steps_, before_, after_;
  std::vector<const std::byte*> handed_back_;  ///< where each of `after_` writes
  bool has_taken_over_ = false;
  std::unordered_map<NodeId, const void*> values_;
  Profile* profile_;  ///< or null
};

}  // namespace talweg
