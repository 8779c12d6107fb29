#include "training/values.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "model/place.hpp"
#include "support/random.hpp"
#include "training/initial_values.hpp"

namespace talweg {
namespace {

std::int64_t end_of(const std::vector<KeptTensor>& tensors) {
  return tensors.empty() ? 0 : tensors.back().first + tensors.back().shape.elements();
}

std::vector<std::string> optimizer_state_names(const TrainingGraph& training) {
  std::vector<std::string> names;
  for (const Emission& emission : training.emissions)
    for (const OptimizerState& state : emission.states)
      if (std::ranges::find(names, state.name) == names.end()) names.push_back(state.name);
  return names;
}

std::vector<OptimizerState> example_states(const Emission& emission) {
  return emission.draws ? emission.draws->states : std::vector<OptimizerState>{};
}

/// Places for all kept tensors, in the order in which they lie in memory.
std::vector<KeptTensor> lay_out(const CheckedModel& model, const TrainingGraph& training) {
  std::vector<KeptTensor> tensors;
  const auto add = [&](KeptTensor::Kind kind, const TensorDeclaration& declaration, std::int64_t first,
                       const std::string& optimizer = "") {
    tensors.push_back(
        {kind, declaration.name, optimizer, (*model.graph)[declaration.node].shape, first, false, true});
  };
  for (const TensorDeclaration& parameter : model.parameters)
    add(KeptTensor::Kind::parameter, parameter, end_of(tensors));
  for (const std::string& name : optimizer_state_names(training)) {
    const std::int64_t begin = TensorMemory::padded(end_of(tensors));
    for (const Emission& emission : training.emissions) {
      const auto state = std::ranges::find(emission.states, name, &OptimizerState::name);
      if (state == emission.states.end()) continue;
      for (std::size_t i = emission.first; i < emission.first + emission.count; ++i) {
        add(KeptTensor::Kind::optimizer, model.parameters[i], begin + tensors[i].first, name);
        tensors.back().is_copy = !state->initial;
      }
    }
  }
  for (const Emission& emission : training.emissions)
    for (const OptimizerState& state : example_states(emission))
      tensors.push_back({KeptTensor::Kind::examples, state.name, "", (*model.graph)[state.leaf].shape,
                         TensorMemory::padded(end_of(tensors))});
  for (const TensorDeclaration& state : model.states)
    add(KeptTensor::Kind::state, state, TensorMemory::padded(end_of(tensors)));
  return tensors;
}

}  // namespace

std::string stored_name(const KeptTensor& tensor) {
  if (tensor.kind == KeptTensor::Kind::examples) return "optimizer:" + tensor.name;
  return tensor.kind == KeptTensor::Kind::optimizer ? "optimizer:" + tensor.optimizer + ":" + tensor.name
                                                    : tensor.name;
}

std::vector<Binding> Leaves::bindings_of_step() const {
  std::unordered_map<NodeId, Binding> others;
  for (const Binding& other : swapped) others.emplace(other.leaf, other);
  std::vector<Binding> result = bindings;
  for (Binding& binding : result)
    if (const auto other = others.find(binding.leaf); other != others.end()) binding = other->second;
  return result;
}

Values::Values(const CheckedModel& model, const TrainingGraph& training)
    : tensors_(lay_out(model, training)),
      kept_(model.graph->floating(), end_of(tensors_)),
      scalars_(model.graph->floating(), kFirstMeasure + static_cast<std::int64_t>(model.measures.size())) {
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    by_name_.try_emplace({tensors_[i].kind, tensors_[i].name, tensors_[i].optimizer}, i);
  for (const KeptTensor& tensor : tensors_)
    if (tensor.kind == KeptTensor::Kind::parameter) parameter_elements_ += tensor.shape.elements();
  set_validated(-1, std::vector(model.measures.size(), std::numeric_limits<double>::quiet_NaN()));
  fill(model, training);
}

void Values::fill(const CheckedModel& model, const TrainingGraph& training) {
  LegacyGenerator generator(model.seed);
  const auto draw = [&](KeptTensor::Kind kind, const std::vector<TensorDeclaration>& declarations) {
    for (const TensorDeclaration& declaration : declarations) {
      const KeptTensor& tensor = *find(kind, declaration.name);
      // In pieces, so that a large tensor is not in memory twice.
      std::vector<double> piece(1 << 16);
      const std::int64_t elements = tensor.shape.elements();
      for (std::int64_t first = 0; first < elements; first += std::ssize(piece)) {
        const auto values =
            std::span(piece).first(static_cast<std::size_t>(std::min(std::ssize(piece), elements - first)));
        draw_initial_values(declaration.initializer, tensor.shape, generator, first, values);
        kept_.write(tensor.first + first, values);
      }
    }
  };
  draw(KeptTensor::Kind::parameter, model.parameters);
  draw(KeptTensor::Kind::state, model.states);
  for (const Emission& emission : training.emissions)
    for (const OptimizerState& state : emission.states)
      for (std::size_t i = emission.first; i < emission.first + emission.count; ++i) {
        const std::string& parameter = model.parameters[i].name;
        const auto elements =
            static_cast<std::size_t>((*model.graph)[model.parameters[i].node].shape.elements());
        write(*find(KeptTensor::Kind::optimizer, parameter, state.name),
              state.initial ? std::vector(elements, *state.initial)
                            : read(*find(KeptTensor::Kind::parameter, parameter)).values);
      }
  for (const Emission& emission : training.emissions)
    for (const OptimizerState& state : example_states(emission)) {
      const KeptTensor& tensor = *find(KeptTensor::Kind::examples, state.name);
      write(tensor, std::vector(static_cast<std::size_t>(tensor.shape.elements()), *state.initial));
    }
  for (KeptTensor& tensor : tensors_)
    tensor.finite = tensor.kind == KeptTensor::Kind::parameter || is_finite(tensor);
}

void Values::replace(const KeptTensor& tensor, std::span<const double> values) {
  write(tensor, values);
  if (tensor.kind != KeptTensor::Kind::parameter) return;
  for (const KeptTensor& other : tensors_)
    if (other.is_copy && other.name == tensor.name) write(other, values);
}

const KeptTensor& Values::tensor_for(const CheckedModel& model, const TensorDeclaration& declaration,
                                     KeptTensor::Kind kind) const {
  const KeptTensor* tensor = find(kind, declaration.name);
  const Shape& shape = (*model.graph)[declaration.node].shape;
  if (tensor != nullptr && tensor->shape == shape) return *tensor;
  const std::string built =
      model.options.mode == Mode::evaluation ? "for evaluation" : "for a batch of another size";
  throw error_at(declaration.span,
                 "built " + built + ", '" + declaration.name + "' is " + to_string(shape) +
                     (tensor == nullptr ? "; while training there is none"
                                        : ", and " + to_string(tensor->shape) + " while training"));
}

Leaves Values::leaves(const CheckedModel& model, const TrainingGraph& training) {
  using Kind = KeptTensor::Kind;
  Leaves leaves;
  const auto assign = [&](NodeId value, const KeptTensor& tensor) {
    leaves.assignments.push_back({value, place_of(tensor)});
    if (tensor.finite) leaves.finite_nodes.push_back(value);
  };
  for (const TensorDeclaration& parameter : model.parameters)
    leaves.bindings.push_back({parameter.node, place_of(tensor_for(model, parameter, Kind::parameter))});
  for (const Emission& emission : training.emissions) {
    const KeptTensor& parameter = *find(Kind::parameter, model.parameters[emission.first].name);
    const bool has_own_leaf = emission.count > 1 || emission.swapped;
    if (has_own_leaf) leaves.bindings.push_back({emission.parameter, place_of(parameter)});
    assign(emission.next, parameter);
    for (const OptimizerState& state : emission.states) {
      const KeptTensor& tensor = *find(Kind::optimizer, parameter.name, state.name);
      const bool is_parameter = state.leaf == model.parameters[emission.first].node;
      if (!is_parameter) leaves.bindings.push_back({state.leaf, place_of(tensor)});
      if (state.next != kNoNode) assign(state.next, tensor);
    }
    for (const OptimizerState& state : example_states(emission)) {
      const KeptTensor& tensor = *find(Kind::examples, state.name);
      leaves.bindings.push_back({state.leaf, place_of(tensor)});
      if (state.next != kNoNode) assign(state.next, tensor);
    }
    if (!emission.swapped) continue;
    for (std::size_t i = emission.first; i < emission.first + emission.count; ++i) {
      const TensorDeclaration& trained = model.parameters[i];
      leaves.swapped.push_back(
          {trained.node, place_of(*find(Kind::optimizer, trained.name, kTrainedWeights))});
    }
  }
  for (const TensorDeclaration& state : model.states)
    leaves.bindings.push_back({state.node, place_of(tensor_for(model, state, Kind::state))});
  for (const StateUpdate& update : model.updates)
    assign(update.value, *find(Kind::state, model.states[update.state].name));
  if (const NodeId leaf = model.graph->step_leaf(); leaf != kNoNode)
    leaves.bindings.push_back({leaf, scalars_.at(0)});
  if (model.steps != kNoNode) leaves.bindings.push_back({model.steps, scalars_.at(1)});
  if (model.validated != kNoNode) leaves.bindings.push_back({model.validated, scalars_.at(2)});
  for (std::size_t i = 0; i < model.measures.size(); ++i)
    leaves.bindings.push_back(
        {model.measures[i].second, scalars_.at(kFirstMeasure + static_cast<std::int64_t>(i))});
  return leaves;
}

const KeptTensor* Values::find(KeptTensor::Kind kind, std::string_view name,
                               std::string_view optimizer) const {
  const auto found = by_name_.find({kind, std::string(name), std::string(optimizer)});
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

NamedTensor Values::read(const KeptTensor& tensor, const TensorMemory& snapshot) {
  return {tensor.name, tensor.shape, snapshot.dtype(), snapshot.read(tensor.first, tensor.shape.elements())};
}

bool Values::is_finite(const KeptTensor& tensor) const {
  return all_finite(kept_.at(tensor.first), kept_.dtype(), tensor.shape.elements());
}

const KeptTensor* Values::first_not_finite() const {
  const auto found = std::ranges::find_if(
      tensors_, [&](const KeptTensor& tensor) { return tensor.finite && !is_finite(tensor); });
  return found == tensors_.end() ? nullptr : &*found;
}

TensorMemory Values::snapshot() const {
  TensorMemory copy(kept_.dtype(), kept_.elements());
  copy.copy_from(kept_);
  return copy;
}

}  // namespace talweg
