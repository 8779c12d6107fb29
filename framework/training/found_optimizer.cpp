#include "training/found_optimizer.hpp"

#include <talweg/error.hpp>

#include "model/model.hpp"
#include "plugin/optimizers.hpp"

namespace talweg {

bool names_model_file(const std::string& name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

std::vector<FoundOptimizer> find_named_optimizers(const std::string& name, const PluginPath& search) {
  if (!names_model_file(name)) {
    auto optimizer = load_optimizer(name, search);
    return {{std::move(optimizer), search.find(name)}};
  }
  // A rule reads from the text of its file, which stays as long as the rule.
  const auto model = std::make_shared<const CheckedModel>(load_model(name));
  if (model->optimizers.empty())
    throw Error(Status::model, name + " defines no optimizer")
        .set_hint("optimizers: {my_rule: {with: {alpha: 0.01}, update: {param: param - alpha * grad}}}");
  std::vector<FoundOptimizer> found;
  for (const auto& rule : model->optimizers)
    found.push_back({std::shared_ptr<const Optimizer>(model, rule.get()), name});
  return found;
}

}  // namespace talweg
