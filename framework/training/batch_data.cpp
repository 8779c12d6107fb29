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
  fill([&](const Place& place, auto* to) {
    const std::int64_t rows = model.examples ? (*model.graph)[place.node].shape[0] : place.column->rows();
    place.column->gather(0, rows, to);
  });
}

std::vector<Binding> BatchData::bindings() {
  std::vector<Binding> bindings;
  bindings.reserve(places_.size());
  for (const Place& place : places_) bindings.push_back({place.node, memory_.at(place.first)});
  return bindings;
}

void BatchData::load(std::span<const std::int64_t> rows) {
  fill([&](const Place& place, auto* to) { place.column->gather(rows, to); });
}

template <class Gather>
void BatchData::fill(Gather gather) {
  for (const Place& place : places_) {
    if (memory_.dtype() == DType::float32)
      gather(place, static_cast<float*>(memory_.at(place.first)));
    else
      gather(place, static_cast<double*>(memory_.at(place.first)));
  }
}

}  // namespace talweg
