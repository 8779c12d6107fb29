#pragma once

#include <cstdint>
#include <span>

#include "model/model.hpp"
#include "training/batch_data.hpp"
#include "training/training_graph.hpp"
#include "training/values.hpp"

namespace talweg {

/// A model built for a mode and a number of rows. Its leaves are bound to the values of a training, which all
/// its instances share, and to data of its own.
class Instance {
 public:
  /// `optimizer` is null where nothing is trained, or where this instance is only evaluated.
  Instance(CheckedModel given, const Optimizer* optimizer)
      : model(std::move(given)),
        graph(optimizer == nullptr ? TrainingGraph{} : append_training(model, *optimizer)),
        data_(model) {}

  /// To be called once, before anything runs. REQUIRES: `values` are of this model, whatever it was built
  /// for. `data_stay`: rows are brought once at most, before a program takes over.
  void bind(Values& values, bool data_stay = false) {
    leaves = values.leaves(model, graph);
    const std::vector<Binding> data = data_.bindings(data_stay);
    leaves.bindings.insert(leaves.bindings.end(), data.begin(), data.end());
  }
  /// Brings these rows of the data. REQUIRES: as many as the model is built for.
  void load(std::span<const std::int64_t> rows, ThreadPool* pool = nullptr) { data_.load(rows, pool); }
  [[nodiscard]] BatchData& data() { return data_; }

  CheckedModel model;
  TrainingGraph graph;
  Leaves leaves;

 private:
  BatchData data_;
};

}  // namespace talweg
