#pragma once

#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/document.hpp"
#include "model/evaluator.hpp"
#include "model/model.hpp"
#include "model/modules.hpp"
#include "model/names.hpp"

namespace talweg {

/// What the sections of a model file share while it is read.
struct ModelContext {
  CheckedModel& model;
  const ModelOptions& options;
  std::span<const DataEntry> known_data;  ///< of the same model built before, so that nothing is read twice
  Names names;
  Modules modules;
  std::optional<Expression> minimize;                    ///< train.minimize
  std::optional<Value> minimized;                        ///< its value, once asked for
  std::map<std::pair<NodeId, NodeId>, Value> gradients;  ///< by what is differentiated, and by what
  std::int64_t module_applications = 0;
  std::int64_t elements = 0;              ///< of the data, parameters and states that are declared
  std::vector<std::size_t> standardized;  ///< entries of model.data, until that has been done

  [[nodiscard]] Graph& graph() const { return *model.graph; }
};

/// The names before one place of a model file, with `step`, `steps`, `epoch`, `epochs`, `validated` and
/// `training`.
class ModelScope final : public Scope {
 public:
  static constexpr std::size_t kEverything = std::numeric_limits<std::size_t>::max();

  /// An expression that belongs to entry `limit`, or to no entry and may use all of them.
  ModelScope(ModelContext& context, std::size_t limit) : context_(context), limit_(limit) {}
  /// That of an entry of `graph:`, whose modules may have parameters, which `calls` names.
  ModelScope(ModelContext& context, std::size_t limit, ModuleCalls& calls)
      : context_(context), limit_(limit), calls_(&calls) {}

  [[nodiscard]] std::optional<Operand> find(const std::string& name, const Span& use) override;
  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] Value gradient(const std::optional<Value>& y, Value x, const Span& use) override;
  [[nodiscard]] std::optional<Callable> find_callable(const std::string& name) override;
  [[nodiscard]] std::vector<std::string> callable_names() const override;
  [[nodiscard]] Operand call_module(const ModuleDefinition& module,
                                    const std::vector<CallArgument>& arguments, const Span& place,
                                    Repetition repetition) override;

 private:
  [[nodiscard]] Error defined_later(const NamedEntry& entry, const Span& use) const;

  ModelContext& context_;
  std::size_t limit_;
  ModuleCalls* calls_ = nullptr;
};

/// Computes entry `index` of `graph:`, unless that is done.
void evaluate_entry(ModelContext& context, std::size_t index);

/// What `minimize:` asks for. Computes the entries of `graph:` that it needs. `use` is where it is asked for.
[[nodiscard]] Value minimized(ModelContext& context, const Span& use);

}  // namespace talweg
