#include "training/batch_data.hpp"

#include <algorithm>
#include <exception>

namespace talweg {
namespace {

std::int64_t elements_of(const CheckedModel& model) {
  std::int64_t elements = 0;
  for (const DataEntry& entry : model.data)
    elements += TensorMemory::padded((*model.graph)[entry.node].shape.elements());
  return elements;
}

}  // namespace

BatchData::BatchData(const CheckedModel& model) : memory_(model.graph->floating(), elements_of(model)) {
  std::int64_t first = 0;
  for (const DataEntry& entry : model.data) {
    places_.push_back({entry.node, entry.column, first});
    first += TensorMemory::padded((*model.graph)[entry.node].shape.elements());
  }
  fill(memory_, [&](const Place& place, auto* to) {
    const std::int64_t rows = model.examples ? (*model.graph)[place.node].shape[0] : place.column->rows();
    place.column->gather(0, rows, to);
  });
}

std::vector<Binding> BatchData::bindings(bool stays) {
  std::vector<Binding> bindings;
  bindings.reserve(places_.size());
  for (const Place& place : places_) bindings.push_back({place.node, memory_.at(place.first), stays});
  return bindings;
}

void BatchData::load(std::span<const std::int64_t> rows, ThreadPool* pool) {
  const auto all = static_cast<std::int64_t>(rows.size());
  if (pool == nullptr) return gather(memory_, rows, {0, all});
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(pool->threads()));
  pool->run([&](int piece) {
    try {
      gather(memory_, rows, piece_of(all, piece, pool->threads(), 1));
    } catch (...) {
      failures[static_cast<std::size_t>(piece)] = std::current_exception();
    }
  });
  const auto failure = std::ranges::find_if(failures, [](const auto& one) { return one != nullptr; });
  if (failure != failures.end()) std::rethrow_exception(*failure);
}

void BatchData::gather_aside(std::span<const std::int64_t> rows) {
  if (!aside_) aside_.emplace(memory_.dtype(), memory_.elements());
  gather(*aside_, rows, {0, static_cast<std::int64_t>(rows.size())});
}

bool BatchData::may_wait_for_disk() const {
  return std::ranges::any_of(places_, [](const Place& place) { return place.column->is_giant(); });
}

void BatchData::gather(TensorMemory& memory, std::span<const std::int64_t> rows, const Range& range) const {
  const auto some =
      rows.subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size()));
  fill(memory, [&](const Place& place, auto* to) {
    place.column->gather(some, to + range.begin * place.column->row_elements());
  });
}

template <class Gather>
void BatchData::fill(TensorMemory& memory, Gather gather) const {
  for (const Place& place : places_) {
    if (memory.dtype() == DType::float32)
      gather(place, static_cast<float*>(memory.at(place.first)));
    else
      gather(place, static_cast<double*>(memory.at(place.first)));
  }
}

}  // namespace talweg
