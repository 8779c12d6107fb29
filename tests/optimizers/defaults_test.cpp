// What every shipped optimizer does where the model file sets nothing. The defaults are those of torch.optim
// where it has the setting; it has none for the alpha of gd, momentum and nesterov.

#include <gtest/gtest.h>

#include <map>

#include "plugin/test_plugins.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

const std::map<std::string, std::string> kDefaults = {
    {"adabelief", "alpha=0.001 beta1=0.9 beta2=0.999 epsilon=1e-16 weight_decay=0"},
    {"adadelta", "alpha=1 rho=0.9 epsilon=1e-06 weight_decay=0"},
    {"adafactor", "alpha=0.01 decay=0.8 epsilon=1e-30 relative=0.001 threshold=1 weight_decay=0"},
    {"adagrad", "alpha=0.01 epsilon=1e-10 initial=0 weight_decay=0"},
    {"adam", "alpha=0.001 beta1=0.9 beta2=0.999 epsilon=1e-08 weight_decay=0"},
    {"adamax", "alpha=0.002 beta1=0.9 beta2=0.999 epsilon=1e-08 weight_decay=0"},
    {"adamw", "alpha=0.001 beta1=0.9 beta2=0.999 epsilon=1e-08 weight_decay=0.01"},
    {"amsgrad", "alpha=0.001 beta1=0.9 beta2=0.999 epsilon=1e-08 weight_decay=0"},
    {"annealing", "alpha=0.1 temperature=1 cooling=0.999"},
    {"aw_sgd", "alpha=0.01 eta=0.01 rho=0.99 uniform=0.1"},
    {"bfgs", "alpha=1 c1=1e-04 c2=0.9 evaluations=25"},
    {"cg", "alpha=1 c1=1e-04 c2=0.1 evaluations=25"},
    {"gd", "alpha=0.01 weight_decay=0"},
    {"lamb", "alpha=0.001 beta1=0.9 beta2=0.999 epsilon=1e-06 weight_decay=0.01"},
    {"lbfgs", "alpha=1 memory=100 c1=1e-04 c2=0.9 evaluations=25"},
    {"lion", "alpha=1e-04 beta1=0.9 beta2=0.99 weight_decay=0"},
    {"momentum", "alpha=0.01 mu=0.9 weight_decay=0 dampened=0"},
    {"muon", "alpha=0.001 mu=0.95 weight_decay=0.1 epsilon=1e-07 adamw_alpha=3e-04 beta1=0.9 beta2=0.95"},
    {"nadam", "alpha=0.002 beta1=0.9 beta2=0.999 epsilon=1e-08 weight_decay=0 momentum_decay=0.004"},
    {"nesterov", "alpha=0.01 mu=0.9 weight_decay=0"},
    {"newton_cg", "alpha=1 iterations=200 c1=1e-04 c2=0.9 evaluations=25"},
    {"radam", "alpha=0.001 beta1=0.9 beta2=0.999 epsilon=1e-08 weight_decay=0"},
    {"rmsprop", "alpha=0.01 rho=0.99 mu=0 epsilon=1e-08 weight_decay=0 centered=0"},
    {"rprop", "alpha=0.01 eta_minus=0.5 eta_plus=1.2 alpha_min=1e-06 alpha_max=50"},
    {"sam", "alpha=0.01 rho=0.05 mu=0"},
    {"schedule_free", "alpha=0.0025 beta1=0.9 beta2=0.999 epsilon=1e-08 weight_decay=0 scaled=1"},
    {"yogi", "alpha=0.01 beta1=0.9 beta2=0.999 epsilon=0.001"}};

TEST(ShippedOptimizers, HaveTheseDefaults) {
  std::map<std::string, std::string> found;
  for (const ListedPlugin& plugin : list_plugins(PluginPath({installed_plugin_directory()}))) {
    ASSERT_TRUE(plugin.description) << plugin.path;
    std::string& line = found[plugin.description->name];
    for (const Hyperparameter& hyperparameter : plugin.description->hyperparameters)
      line +=
          (line.empty() ? "" : " ") + hyperparameter.name + "=" + format_number(hyperparameter.default_value);
  }
  EXPECT_EQ(found, kDefaults);
}

}  // namespace
}  // namespace talweg
