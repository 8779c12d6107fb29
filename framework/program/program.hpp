#pragma once

#include <memory>
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
  [[nodiscard]] const void* value(NodeId fetched) const override { return values_.at(fetched); }
  [[nodiscard]] std::string listing() const override;

 private:
  class Arena;

  void run_instructions();
  void run_profiled();
  void add_entries();
  [[nodiscard]] std::size_t bytes_of(const std::vector<View>& views) const;
  [[nodiscard]] std::size_t bytes_written(std::size_t step) const;
  [[nodiscard]] std::string names_of(std::size_t step) const;
  [[nodiscard]] std::string line_of(std::size_t step) const;

  std::unique_ptr<Graph> graph_;  ///< simplified
  Plan plan_;
  std::unique_ptr<Arena> arena_;
  std::vector<std::unique_ptr<Instruction>> instructions_;
  std::vector<std::unique_ptr<Instruction>> before_, after_;
  bool has_taken_over_ = false;
  std::unordered_map<NodeId, const void*> values_;
  Profile* profile_;             ///< or null
  std::size_t first_entry_ = 0;  ///< of this program's in the profile
};

}  // namespace talweg
