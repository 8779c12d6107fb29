#include "program/lowering.hpp"

#include <algorithm>
#include <cstddef>

#include "graph/op.hpp"
#include "program/elementwise_functions.hpp"
#include "program/scheduling/divide_updates.hpp"
#include "program/scheduling/fuse_columns.hpp"
#include "program/scheduling/look_early.hpp"
#include "program/scheduling/update_early.hpp"
#include "program/scheduling/update_in_products.hpp"
#include "program/scheduling/weights_in_panels.hpp"
#include "program/steps/copy_step.hpp"
#include "program/steps/reference_step.hpp"

namespace talweg {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// The shape without its axes of size 1: over such shapes elementwise groups run.
Shape squeezed(const Shape& shape) {
  Shape result;
  for (std::int64_t size : shape)
    if (size != 1) result.append(size);
  return result;
}

/// The same nodes, in an order in which those come first that depend on single numbers alone: the factors of
/// an update do not divide it into passes.
std::vector<NodeId> scalars_first(const Graph& graph, std::vector<NodeId> nodes) {
  std::vector<bool> is_scalar(graph.size(), false);
  for (NodeId id : nodes)
    is_scalar[id] =
        graph[id].shape.elements() == 1 &&
        std::ranges::all_of(graph[id].inputs, [&](NodeId input) { return bool(is_scalar[input]); });
  std::stable_partition(nodes.begin(), nodes.end(), [&](NodeId id) { return bool(is_scalar[id]); });
  return nodes;
}

std::vector<std::int64_t> key_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// Attributes of elementwise ops that their kernels take as operands.
std::vector<double> operand_attributes(const Node& node) {
  const auto number = [&](const char* name) { return node.attributes.number(name); };
  if (node.op->name == "leaky_relu") return {number("negative_slope")};
  if (node.op->name == "elu") return {number("alpha")};
  if (node.op->name == "softplus") return {number("beta"), number("threshold")};
  return {};
}

}  // namespace

LoweredTask lower(const Graph& graph, const Task& task) { return Lowering(graph, task).run(); }

LoweredTask Lowering::run() {
  LoweredTask result;
  const std::vector<NodeId> needed = scalars_first(graph_, needed_nodes(graph_, without_looks(task_)));
  find_users(needed);
  for (NodeId id : needed)
    if (graph_[id].op->leaf) lower_leaf(id);
  // What is fetched of a leaf is its value from before the run.
  for (NodeId fetch : task_.fetches)
    if (graph_[fetch].op->leaf) result.fetches.emplace(fetch, copied(view_of(fetch)));
  for (NodeId id : needed)
    if (!graph_[id].op->leaf) {
      lower_node(id);
      claim_steps(id);
    }
  for (NodeId fetch : task_.fetches)
    if (!graph_[fetch].op->leaf) result.fetches.emplace(fetch, own_view_of(fetch));
  std::vector<View> values;
  for (const Assignment& assignment : task_.assignments) values.push_back(own_view_of(assignment.value));
  first_open_ = plan_.steps.size();
  plan_.nodes.resize(first_open_);
  if (!task_.looks.empty()) lower_looks(needed, result);
  for (const auto* views : {&result.fetches, &result.looks})
    for (const auto& [node, view] : *views) plan_.buffers[plan_.root(view.buffer).first].kept = true;
  for (const auto& [step, group] : groups_) group->finish();
  const auto steps_of_runs = static_cast<std::ptrdiff_t>(first_open_);
  const auto dropped = std::count(plan_.steps.begin(), plan_.steps.begin() + steps_of_runs, nullptr);
  plan_.drop_null_steps();
  look_early(plan_, static_cast<std::size_t>(steps_of_runs - dropped));
  finish_assignments(values);
  plan_.nodes.resize(plan_.steps.size());
  divide_updates(plan_, graph_.floating(), bytes_of_element());
  update_in_products(plan_, graph_.floating(), bytes_of_element());
  update_early(plan_, bytes_of_element());
  weights_in_panels(plan_, graph_.floating(), bytes_of_element());
  fuse_columns(plan_, graph_.floating(), bytes_of_element());
  result.plan = std::move(plan_);
  return result;
}

/// What is looked at and not needed otherwise, behind all other steps, and apart from them: those stay what
/// they are without a look.
void Lowering::lower_looks(const std::vector<NodeId>& needed, LoweredTask& result) {
  std::vector<bool> is_there(graph_.size(), false);
  for (NodeId id : needed) is_there[id] = values_.at(id).view.has_value();
  std::vector<NodeId> others = needed_nodes(graph_, {task_.bindings, {}, {}, task_.looks});
  // Values of groups that nobody stores are computed again where these nodes ask for them.
  std::vector<bool> is_asked_for(graph_.size(), false);
  for (NodeId look : task_.looks) is_asked_for[look] = true;
  for (auto id = others.rbegin(); id != others.rend(); ++id)
    if (is_asked_for[*id] && !is_there[*id])
      for (NodeId input : graph_[*id].inputs) is_asked_for[input] = true;
  std::erase_if(others, [&](NodeId id) { return !is_asked_for[id] || is_there[id]; });
  for (NodeId id : others) {
    values_.erase(id);
    if (graph_[id].op->leaf) {
      lower_leaf(id);
    } else {
      lower_node(id);
      claim_steps(id);
    }
  }
  for (NodeId look : task_.looks) {
    if (result.looks.contains(look)) continue;
    const auto fetched = result.fetches.find(look);
    result.looks.emplace(look, fetched != result.fetches.end() ? fetched->second : own_view_of(look));
  }
}

/// Fills is_written_.
void Lowering::find_users(const std::vector<NodeId>& needed) {
  is_written_.assign(graph_.size(), false);
  for (NodeId id : needed) {
    const bool joins = find_elementwise(graph_[id].op->name).has_value();
    const Shape shape = squeezed(graph_[id].shape);
    for (NodeId input : graph_[id].inputs)
      if (!joins || !(squeezed(graph_[input].shape) == shape)) is_written_[input] = true;
  }
  for (NodeId fetch : task_.fetches) is_written_[fetch] = true;
  for (const Assignment& assignment : task_.assignments) is_written_[assignment.value] = true;
}

BufferId Lowering::add_buffer(Buffer buffer) {
  ready_.push_back(0);
  return plan_.add_buffer(std::move(buffer));
}

BufferId Lowering::add_arena_buffer(const Shape& shape) {
  Buffer buffer;
  buffer.elements = shape.elements();
  return add_buffer(std::move(buffer));
}

View Lowering::constant(std::vector<double> values, const Shape& shape) {
  Buffer buffer;
  buffer.kind = Buffer::Kind::constant;
  buffer.elements = static_cast<std::int64_t>(values.size());
  buffer.values = std::move(values);
  if (buffer.elements != 1) return contiguous_view(add_buffer(std::move(buffer)), shape);
  return broadcast_to(contiguous_view(add_buffer(std::move(buffer)), {}), shape);
}

void Lowering::lower_leaf(NodeId id) {
  Buffer buffer;
  buffer.kind = Buffer::Kind::external;
  buffer.elements = graph_[id].shape.elements();
  buffer.external = bindings_.of(id).data;
  buffer.stays = bindings_.of(id).stays;
  set_view(id, contiguous_view(add_buffer(std::move(buffer)), graph_[id].shape));
}

void Lowering::lower_node(NodeId id) {
  const Node& node = graph_[id];
  if (node.op->name == "constant") {
    set_view(id, constant({node.attributes.number("value")}, node.shape));
  } else if (node.op->name == "array") {
    set_view(id, constant(node.attributes.numbers("values"), node.shape));
  } else if (const auto function = find_elementwise(node.op->name)) {
    add_elementwise(id, *function);
  } else if (const LowerOp lower_op = find_lowered_op(node.op->name)) {
    lower_op(*this, id);
  } else {
    std::vector<View> inputs;
    for (NodeId input : node.inputs) inputs.push_back(contiguous_view_of(input));
    const View to = new_value(id);
    add(std::make_unique<ReferenceStep>(node, std::move(inputs), to));
  }
}

/// Notes which steps compute the node: those that it appended, or the group that it joined.
void Lowering::claim_steps(NodeId id) {
  std::size_t first = plan_.nodes.size();
  plan_.nodes.resize(plan_.steps.size());
  const Known& known = values_.at(id);
  if (known.group != nullptr) first = known.step;
  for (std::size_t step = first; step < (known.group != nullptr ? first + 1 : plan_.steps.size()); ++step)
    plan_.nodes[step].push_back(id);
}

View Lowering::view_of(NodeId id) {
  Known& known = values_.at(id);
  if (!known.view) {
    const Shape& shape = graph_[id].shape;
    const BufferId buffer = add_arena_buffer(shape);
    known.group->store(known.value, buffer);
    ready_[buffer] = known.step + 1;
    known.view = contiguous_view(buffer, shape);
  }
  return *known.view;
}

View Lowering::contiguous_view_of(NodeId id) {
  View view = view_of(id);
  if (!is_contiguous(view)) {
    view = copied(view);
    set_view(id, view);
  }
  return view;
}

View Lowering::own_view_of(NodeId id) {
  const View view = contiguous_view_of(id);
  return plan_.buffers[plan_.root(view.buffer).first].kind == Buffer::Kind::arena ? view : copied(view);
}

View Lowering::copied(const View& view) {
  const View to = contiguous_view(add_arena_buffer(view.shape), view.shape);
  add(std::make_unique<CopyStep>(view, to));
  return to;
}

View Lowering::new_value(NodeId id) {
  const View view = contiguous_view(add_arena_buffer(graph_[id].shape), graph_[id].shape);
  set_view(id, view);
  return view;
}

View Lowering::new_value_beside(NodeId id, const View& other) {
  const View view = new_value(id);
  ready_[view.buffer] = ready_[other.buffer];
  plan_.nodes[ready_[other.buffer] - 1].push_back(id);
  return view;
}

Step* Lowering::writer_of(const View& view) {
  const std::size_t ready = ready_[view.buffer];
  return ready <= first_open_ ? nullptr : plan_.steps[ready - 1].get();
}

void Lowering::add(std::unique_ptr<Step> step) {
  plan_.steps.push_back(std::move(step));
  for (const View& view : plan_.steps.back()->writes()) ready_[view.buffer] = plan_.steps.size();
}

bool Lowering::is_value_of(NodeId id, std::size_t step, const Shape& shape) {
  const Known& known = values_.at(id);
  return known.group != nullptr && known.step == step && squeezed(graph_[id].shape) == shape;
}

bool Lowering::can_join(const Node& node, std::size_t step, std::size_t merged) {
  const Shape shape = squeezed(node.shape);
  if (step < first_open_) return false;
  if (!(groups_.at(step)->shape() == shape) || groups_.at(step)->is_full()) return false;
  return std::ranges::all_of(node.inputs, [&](NodeId input) {
    if (is_value_of(input, step, shape) || is_value_of(input, merged, shape)) return true;
    const Known& known = values_.at(input);
    return (known.view ? ready_[known.view->buffer] : known.step + 1) <= step;
  });
}

bool Lowering::is_read_again(NodeId id, std::size_t step) {
  if (is_written_[id] || step + 1 == plan_.steps.size()) return false;
  std::optional<NodeId> only;
  for (NodeId input : graph_[id].inputs) {
    if (graph_[input].shape.elements() == 1 || input == only) continue;
    if (only) return false;
    only = input;
  }
  return only && values_.at(*only).view;
}

std::size_t Lowering::find_group(NodeId id, const Shape& shape) {
  const Node& node = graph_[id];
  std::size_t best = kNone;
  std::optional<std::size_t> left;  // where the node might be, but is not
  for (NodeId input : node.inputs) {
    const Known& known = values_.at(input);
    if (known.group == nullptr || (best != kNone && known.step <= best) ||
        !can_join(node, known.step, known.step))
      continue;
    if (is_read_again(id, known.step))
      left = known.step;
    else
      best = known.step;
  }
  if (best != kNone) {
    // What joins two groups makes one pass of them.
    for (NodeId input : node.inputs)
      if (const std::size_t step = values_.at(input).step; step < best && is_value_of(input, step, shape))
        if (can_join(node, step, best) && merge(best, step)) best = step;
    return best;
  }
  // A group that reads the same memory anyway saves a pass over it.
  const auto last = last_group_.find(key_of(shape));
  if (last != last_group_.end() && can_join(node, last->second, last->second) &&
      std::ranges::any_of(node.inputs, [&](NodeId input) {
        const std::optional<View>& view = values_.at(input).view;
        return view && groups_.at(last->second)->reads_buffer(view->buffer);
      })) {
    if (!is_read_again(id, last->second)) return last->second;
    left = std::max(left.value_or(0), last->second);
  }
  const std::size_t step = open_group(shape);
  if (left) apart_from_[step] = *left;
  return step;
}

std::size_t Lowering::open_group(const Shape& shape) {
  plan_.steps.push_back(std::make_unique<ElementwiseStep>(shape));
  const std::size_t step = plan_.steps.size() - 1;
  groups_[step] = static_cast<ElementwiseStep*>(plan_.steps.back().get());
  last_group_[key_of(shape)] = step;
  return step;
}

bool Lowering::merge(std::size_t later, std::size_t earlier) {
  if (const auto left = apart_from_.find(later); left != apart_from_.end() && earlier <= left->second)
    return false;
  ElementwiseStep &from = *groups_.at(later), &to = *groups_.at(earlier);
  if (from.size() + to.size() > ElementwiseStep::kMaximumValues) return false;
  for (const View& view : from.views())
    if (ready_[view.buffer] > earlier && !to.find_stored(view)) return false;
  for (const View& view : from.writes()) ready_[view.buffer] = earlier + 1;
  const std::vector<std::uint32_t> now = to.absorb(from);
  for (NodeId id : plan_.nodes[later]) {
    Known& known = values_.at(id);
    known.group = &to;
    known.step = earlier;
    known.value = now[known.value];
  }
  auto& nodes = plan_.nodes[earlier];
  nodes.insert(nodes.end(), plan_.nodes[later].begin(), plan_.nodes[later].end());
  plan_.nodes[later].clear();
  if (std::size_t& last = last_group_.at(key_of(to.shape())); last == later) last = earlier;
  groups_.erase(later);
  plan_.steps[later] = nullptr;
  if (later + 1 == plan_.steps.size()) {
    plan_.steps.pop_back();
    plan_.nodes.pop_back();
  }
  return true;
}

ElementwiseStep::Operand Lowering::operand(NodeId input, const Shape& shape, std::size_t step) {
  if (is_value_of(input, step, squeezed(shape))) return {true, values_.at(input).value};
  return groups_.at(step)->add_view(*reshape(broadcast_to(view_of(input), shape), squeezed(shape)));
}

void Lowering::add_elementwise(NodeId id, kernels::Elementwise function) {
  const Node& node = graph_[id];
  const Shape shape = squeezed(node.shape);
  const std::size_t step = find_group(id, shape);
  ElementwiseStep& group = *groups_.at(step);
  std::vector<ElementwiseStep::Operand> operands;
  for (NodeId input : node.inputs) operands.push_back(operand(input, node.shape, step));
  for (double attribute : operand_attributes(node))
    operands.push_back(group.add_view(constant({attribute}, shape)));
  Known& known = values_[id];
  known.group = &group;
  known.step = step;
  known.value = group.add_value(function, operands);
}

void Lowering::finish_assignments(const std::vector<View>& values) {
  const PlanAccesses accesses(plan_, bytes_of_element());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Assignment& assignment = task_.assignments[i];
    if (values[i].offset == 0 && write_in_place(values[i].buffer, assignment, accesses)) continue;
    Buffer destination;
    destination.kind = Buffer::Kind::external;
    destination.elements = values[i].shape.elements();
    destination.external = assignment.destination;
    const View to = contiguous_view(add_buffer(std::move(destination)), values[i].shape);
    add(std::make_unique<CopyStep>(values[i], to));
  }
}

/// Makes the destination the memory of the value, unless somebody reads what was there when it is written, or
/// later.
bool Lowering::write_in_place(BufferId value, const Assignment& assignment, const PlanAccesses& accesses) {
  Buffer& buffer = plan_.buffers[value];
  if (buffer.kind != Buffer::Kind::arena || buffer.whole || buffer.kept ||
      buffer.elements != graph_[assignment.value].shape.elements())
    return false;
  const auto* begin = static_cast<const std::byte*>(assignment.destination);
  const auto* end = begin + static_cast<std::size_t>(buffer.elements) * bytes_of_element();
  if (const std::optional<std::size_t> first = accesses.first_write(value))
    for (const PlanAccesses::Read& read : accesses.reads_between(begin, end, *first))
      if (read.step != *first || read.begin != begin || read.elements != buffer.elements ||
          !plan_.steps[read.step]->may_overwrite(read.buffer, value))
        return false;
  buffer.kind = Buffer::Kind::external;
  buffer.external = assignment.destination;
  return true;
}

}  // namespace talweg
