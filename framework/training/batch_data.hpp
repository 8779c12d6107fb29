#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/model.hpp"
#include "program/executor.hpp"
#include "program/thread_pool.hpp"
#include "training/tensor_memory.hpp"

namespace talweg {

/// What the data leaves of one instance of a model hold: all the data, or some rows of it.
class BatchData {
 public:
  /// Without Examples the data are there from now on; otherwise the first batch of the split "train" is, in
  /// the order of the rows.
  explicit BatchData(const CheckedModel& model);

  /// `stays`: no other rows follow.
  [[nodiscard]] std::vector<Binding> bindings(bool stays = false);
  /// Brings these rows, where there is a pool on all its threads. REQUIRES: as many as the model is built
  /// for.
  void load(std::span<const std::int64_t> rows, ThreadPool* pool = nullptr);

  /// Brings rows to a place aside, while the present ones are in use. REQUIRES: as load().
  void gather_aside(std::span<const std::int64_t> rows);
  /// Makes those the present ones.
  void take_aside() { memory_.copy_from(*aside_); }
  [[nodiscard]] std::int64_t elements() const { return memory_.elements(); }
  /// Are there rows that may have to come from a disk?
  [[nodiscard]] bool may_wait_for_disk() const;

 private:
  struct Place {
    NodeId node;
    std::shared_ptr<const DataColumn> column;
    std::int64_t first;  ///< its first element in the memory
  };

  template <class Gather>
  void fill(TensorMemory& memory, Gather gather) const;
  /// Of the rows, those of a range to their places.
  void gather(TensorMemory& memory, std::span<const std::int64_t> rows, const Range& range) const;

  std::vector<Place> places_;
  TensorMemory memory_;
  std::optional<TensorMemory> aside_;  ///< once it is needed
};

}  // namespace talweg
