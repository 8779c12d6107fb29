#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"
#include "program/executor.hpp"
#include "program/looks.hpp"
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
  [[nodiscard]] std::span<const std::byte> present(std::span<const std::byte> memory) override;
  void look() override;
  [[nodiscard]] bool can_look() const override { return looks_.has_value(); }
  [[nodiscard]] const void* value(NodeId fetched) const override { return values_.at(fetched); }
  [[nodiscard]] std::string listing() const override;

 private:
  class Arena;

  /// What runs one after the other.
  struct Series {
    std::vector<std::unique_ptr<Instruction>> instructions;
    std::vector<std::size_t> entries;  ///< of them, in the profile; empty without one
    std::vector<double> operations;    ///< of their steps; empty without one
  };

  enum class State : std::uint8_t { handed_back, taken_over, looked };

  /// `nodes` are what the step computes.
  void bind(Series& series, const Step& step, std::span<const NodeId> nodes);
  void bind_steps();
  void run(const Series& series) { run(series, 0, series.instructions.size()); }
  /// Those of the instructions that have the numbers in [begin, end).
  void run(const Series& series, std::size_t begin, std::size_t end);
  [[nodiscard]] std::size_t bytes_of(const std::vector<View>& views) const;
  [[nodiscard]] std::string names_of(std::span<const NodeId> nodes) const;
  [[nodiscard]] std::string line_of(std::span<const NodeId> nodes) const;

  std::unique_ptr<Graph> graph_;  ///< simplified
  Plan plan_;
  std::unique_ptr<Arena> arena_;
  std::optional<Looks> looks_;  ///< nothing where it cannot look, or is not asked to
  Series steps_, before_, after_;
  Series extra_;                          ///< runs in a look alone
  std::vector<std::size_t> extra_after_;  ///< by instruction of those: how many of `steps_` run before it
  std::size_t pause_ = 0;                 ///< how many of `steps_` run in a look
  /// Where each of `after_` writes, and where those values lie until then.
  std::vector<std::span<const std::byte>> handed_back_, elsewhere_;
  State state_ = State::handed_back;
  std::unordered_map<NodeId, const void*> values_;
  Profile* profile_;  ///< or null
};

}  // namespace talweg
