#include "training/batch_data.hpp"

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

void BatchData::load(std::span<const std::int64_t> rows) {
  fill(memory_, [&](const Place& place, auto* to) { place.column->gather(rows, to); });
}

void BatchData::gather_aside(std::span<const std::int64_t> rows) {
  if (!aside_) aside_.emplace(memory_.dtype(), memory_.elements());
  fill(*aside_, [&](const Place& place, auto* to) { place.column->gather(rows, to); });
}

template <class Gather>
void BatchData::fill(TensorMemory& memory, Gather gather) {
  for (const Place& place : places_) {
    if (memory.dtype() == DType::float32)
      gather(place, static_cast<float*>(memory.at(place.first)));
    else
      gather(place, static_cast<double*>(memory.at(place.first)));
  }
}

}  // namespace talweg
