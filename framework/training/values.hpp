#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "program/executor.hpp"
#include "training/records.hpp"
#include "training/tensor_memory.hpp"
#include "training/training_graph.hpp"

namespace talweg {

/// A tensor that lasts from step to step.
struct KeptTensor {
  enum class Kind : std::uint8_t { parameter, state, optimizer, examples };

  Kind kind = Kind::parameter;
  /// Of the parameter or state; of the parameter that an optimizer's state belongs to; how the rule calls a
  /// number that it keeps for each of the examples.
  std::string name;
  std::string optimizer;  ///< how the rule calls an optimizer's state; "" for the others
  Shape shape;
  std::int64_t first = 0;  ///< its first element in the memory of all kept tensors
  [[nodiscard]] bool is_weight() const { return kind == Kind::parameter || kind == Kind::state; }

  bool is_copy = false;  ///< a state that begins as the parameter
  bool finite = true;    ///< begins finite: becoming anything else is divergence. Always so for parameters
};

/// Its name in a checkpoint: an optimizer's state is "optimizer:<state>:<parameter>", or "optimizer:<state>"
/// for one of the examples.
[[nodiscard]] std::string stored_name(const KeptTensor& tensor);

/// What an executor binds and assigns for one graph.
struct Leaves {
  std::vector<Binding> bindings;        ///< for every leaf of the model and of its training graph
  std::vector<Assignment> assignments;  ///< a step of training: the optimizer's and the model's own updates
  std::vector<NodeId> finite_nodes;     ///< those among what is assigned that have to stay finite
  std::vector<Binding> swapped;         ///< in place of those in `bindings`, while a step runs

  [[nodiscard]] std::vector<Binding> bindings_of_step() const;
};

/// The memory of what lasts from step to step. Everything that a step changes lies in one piece: first x, the
/// parameters end to end, then each state of the optimizer laid out as x is, then the model's states.
class Values {
 public:
  /// Draws the initial values.
  Values(const CheckedModel& model, const TrainingGraph& training);

  /// Those of the graph of any instance of the model, but for its data. Throws Error{model} where the
  /// instance has a parameter or state that these values lack, or of another shape.
  [[nodiscard]] Leaves leaves(const CheckedModel& model, const TrainingGraph& training);

  [[nodiscard]] const std::vector<KeptTensor>& tensors() const { return tensors_; }
  /// The parameter or state of that name, or null; `optimizer` asks for the state of a parameter.
  [[nodiscard]] const KeptTensor* find(KeptTensor::Kind kind, std::string_view name,
                                       std::string_view optimizer = "") const;
  /// x: all parameters end to end. REQUIRES: as many values as they have elements.
  [[nodiscard]] std::vector<double> read_parameters() const { return kept_.read(0, parameter_elements_); }
  void write_parameters(std::span<const double> x) { kept_.write(0, x); }
  [[nodiscard]] NamedTensor read(const KeptTensor& tensor) const { return read(tensor, kept_); }
  [[nodiscard]] static NamedTensor read(const KeptTensor& tensor, const TensorMemory& snapshot);
  /// REQUIRES: as many values as the tensor has elements.
  void write(const KeptTensor& tensor, std::span<const double> values) { write(tensor, values, kept_); }
  /// The same for a parameter that is not what the optimizer made it: its copies begin anew.
  void replace(const KeptTensor& tensor, std::span<const double> values);
  static void write(const KeptTensor& tensor, std::span<const double> values, TensorMemory& snapshot) {
    snapshot.write(tensor.first, values);
  }

  void set_step(std::int64_t step) { scalars_.write(0, static_cast<double>(step)); }
  void set_steps(std::int64_t steps) { scalars_.write(1, static_cast<double>(steps)); }
  /// When the last validation was, and what it measured of the model's `measures`.
  void set_validated(std::int64_t step, std::span<const double> measures) {
    scalars_.write(2, static_cast<double>(step));
    scalars_.write(kFirstMeasure, measures);
  }

  /// The tensor that has become infinite or not a number, or null.
  [[nodiscard]] const KeptTensor* first_not_finite() const;
  [[nodiscard]] std::span<const std::byte> memory_of(const KeptTensor& tensor) const {
    return kept_.bytes(tensor.first, tensor.shape.elements());
  }
  /// A copy of everything that a step changes.
  [[nodiscard]] TensorMemory snapshot() const;
  void save_to(TensorMemory& snapshot) const { snapshot.copy_from(kept_); }
  void restore(const TensorMemory& snapshot) { kept_.copy_from(snapshot); }

 private:
  void fill(const CheckedModel& model, const TrainingGraph& training);
  [[nodiscard]] const KeptTensor& tensor_for(const CheckedModel& model, const TensorDeclaration& declaration,
                                             KeptTensor::Kind kind) const;
  [[nodiscard]] bool is_finite(const KeptTensor& tensor) const;
  [[nodiscard]] void* place_of(const KeptTensor& tensor) { return kept_.at(tensor.first); }

  static constexpr std::int64_t kFirstMeasure = 3;  ///< among the scalars

  using Name = std::tuple<KeptTensor::Kind, std::string, std::string>;

  std::vector<KeptTensor> tensors_;
  std::map<Name, std::size_t> by_name_;  ///< kind, name and optimizer's name of each of them
  std::int64_t parameter_elements_ = 0;
  TensorMemory kept_, scalars_;
};

}  // namespace talweg
