#include "plugin/optimizers.hpp"

#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "plugin/test_plugins.hpp"
#include "plugin/test_site.hpp"

namespace talweg {
namespace {

TEST(Optimizers, ThatAreShippedAreFoundFromTheProgram) {
  const PluginPath search = PluginPath::standard();
  for (const char* name : {"gd", "momentum"}) {
    const auto rule = load_rule(name, search);
    EXPECT_EQ(rule->name(), name);
    ASSERT_FALSE(rule->hyperparameters().empty());
    EXPECT_EQ(rule->hyperparameters()[0].name, "alpha");
  }
}

TEST(Optimizers, DescribeTheirHyperparameters) {
  const PluginDescription description = describe_plugin("momentum", PluginPath::standard());
  EXPECT_EQ(description.name, "momentum");
  EXPECT_EQ(description.kind, "update rule");
  EXPECT_EQ(description.summary, "Heavy-ball momentum");
  EXPECT_EQ(description.path.filename(), "momentum.so");
  EXPECT_TRUE(description.path.is_absolute());
  EXPECT_EQ(description.api_version, TALWEG_PLUGIN_API_VERSION);
  ASSERT_EQ(description.hyperparameters.size(), 4U);
  const Hyperparameter& mu = description.hyperparameters[1];
  EXPECT_EQ(mu.name, "mu");
  EXPECT_EQ(mu.default_value, 0.9);
  EXPECT_EQ(describe_range(mu), "in [0, 1)");
  EXPECT_EQ(describe_range(description.hyperparameters[0]), "> 0");
  EXPECT_EQ(mu.doc, "share of the last step kept");
}

TEST(Optimizers, EmitElementwiseUpdatesThatDoNotAskForTheShape) {
  const auto rule = load_rule("momentum", PluginPath::standard());
  TestSite site({4, 3});
  site.set(*rule);
  rule->emit(site);
  ASSERT_TRUE(site.next_parameter);
  EXPECT_EQ(site.next_parameter->shape(), (Shape{4, 3}));
  ASSERT_TRUE(site.states.contains("velocity"));
  EXPECT_EQ(site.states.at("velocity").initial, 0);
  EXPECT_TRUE(site.states.at("velocity").next);
  EXPECT_FALSE(site.shape_asked);
}

}  // namespace
}  // namespace talweg
