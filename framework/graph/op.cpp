#include "graph/op.hpp"

namespace talweg {

OpRegistry& OpRegistry::instance() {
  static OpRegistry registry;
  return registry;
}

const Op& OpRegistry::add(Op op) {
  if (find(op.name) != nullptr) throw Error(Status::internal, "op '" + op.name + "' is registered twice");
  const Op& added = ops_.emplace_back(std::move(op));
  by_name_.emplace(added.name, &added);
  return added;
}

const Op* OpRegistry::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Op& OpRegistry::get(std::string_view name) const {
  const Op* op = find(name);
  if (op == nullptr) throw Error(Status::internal, "there is no op '" + std::string(name) + "'");
  return *op;
}

std::vector<const Op*> OpRegistry::all() const {
  std::vector<const Op*> result;
  for (const Op& op : ops_) result.push_back(&op);
  return result;
}

}  // namespace talweg
