// talweg check, show and plugins, as a user runs them.

#include <algorithm>

#include "plugin/test_plugins.hpp"
#include "support/sha256.hpp"
#include "tools/json.hpp"

namespace talweg {
namespace {

const std::string kThreeLayerFile = "graphs/tutorial/three_layer.yaml";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CheckCommand, ShowsEveryNodeAndFindsTheGradientsRight) {
  const Finished finished = run_line("check " + kThreeLayerFile);
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.errors, "");
  const std::vector<std::string> lines = lines_of(finished.out);
  EXPECT_TRUE(lines.at(0).starts_with("node  name ")) << lines[0];
  const auto row = std::ranges::find_if(lines, [](const auto& line) { return contains(line, " layer_2 "); });
  ASSERT_NE(row, lines.end());
  for (const char* part : {"sigmoid(", "(4, 1)", "float64", "  22"})
    EXPECT_TRUE(contains(*row, part)) << *row;
  EXPECT_TRUE(contains(finished.out, "synapse_0  (3, 4)        12       12  ")) << finished.out;
  EXPECT_TRUE(finished.out.ends_with("The gradients are right.\n")) << finished.out;
}

TEST(CheckCommand, OfAFloat32ModelIsDoneInFloat64) {
  const TemporaryDirectory directory;
  std::string text = read_text(repository() / kThreeLayerFile);
  text.replace(text.find("dtype: float64"), 14, "dtype: float32");
  write_text(directory.path() / "single.yaml", text);
  const Finished finished = run_line("check single.yaml", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_TRUE(contains(finished.out, "float32"));
  EXPECT_TRUE(contains(finished.out, "The gradients are right."));
}

TEST(CheckCommand, NotesParametersWithoutGradientAndSamplesLargeOnes) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml",
             "talweg: 1\n"
             "parameters:\n"
             "  w: {shape: [100], init: ones}\n"
             "  unused: {shape: [2, 2], init: ones}\n"
             "graph: {loss: sum(w * w)}\n"
             "train: {minimize: loss, optimizer: gd, steps: 1}\n");
  const Finished finished = run_line("check model.yaml --elements 5", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_TRUE(contains(finished.out, "w          (100,)       100        5  ")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "unused     (2, 2)         4        0  gets no gradient"))
      << finished.out;
  EXPECT_TRUE(contains(finished.out, "a sample is checked"));
}

TEST(CheckCommand, WritesJsonLines) {
  const Finished finished = run_line("check --json " + kThreeLayerFile);
  EXPECT_EQ(finished.status, 0);
  const std::vector<Json> lines = json_lines(finished.out);
  const std::vector<Json> nodes = events(lines, "node"), gradients = events(lines, "gradient");
  const auto layer = std::ranges::find_if(nodes, [](const Json& node) { return node["name"] == "layer_1"; });
  ASSERT_NE(layer, nodes.end());
  EXPECT_EQ((*layer)["op"], "sigmoid");
  EXPECT_EQ((*layer)["shape"], (Json{4, 4}));
  EXPECT_EQ((*layer)["line"], 21);
  ASSERT_EQ(gradients.size(), 2U);
  EXPECT_EQ(gradients[0]["parameter"], "synapse_0");
  EXPECT_EQ(gradients[0]["right"], true);
  EXPECT_EQ(gradients[0]["checked"], 12);
  EXPECT_EQ(lines.back()["right"], true);
}

TEST(CheckCommand, RefusesAnOptimizerOrHyperparameterThatThereIsNot) {
  const TemporaryDirectory directory;
  const std::string start =
      "talweg: 1\nparameters: {x: {shape: [], init: 1}}\ngraph: {loss: x * x}\ntrain:\n"
      "  minimize: loss\n  steps: 1\n";
  write_text(directory.path() / "optimizer.yaml", start + "  optimizer: dg\n");
  write_text(directory.path() / "hyperparameter.yaml", start + "  optimizer: {gd: {alhpa: 1}}\n");
  write_text(directory.path() / "range.yaml", start + "  optimizer: {gd: {alpha: -1}}\n");
  const RunOptions there{.directory = directory.path()};
  EXPECT_EQ(run_line("check optimizer.yaml", there).status, 6);
  const Finished hyperparameter = run_line("check hyperparameter.yaml", there);
  EXPECT_EQ(hyperparameter.status, 2);
  EXPECT_TRUE(contains(hyperparameter.errors, "hint: did you mean 'alpha'?")) << hyperparameter.errors;
  EXPECT_EQ(run_line("check range.yaml", there).status, 2);
}

TEST(CheckCommand, OfAModelThatTrainsNothingShowsItsNodes) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml", "talweg: 1\ndata: {x: [1, 2]}\ngraph: {y: x * 2}\n");
  const Finished finished = run_line("check model.yaml", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_TRUE(contains(finished.out, "Nothing is trained")) << finished.out;
}

TEST(ShowCommand, PrintsTheForwardPassAndMoreWhereItIsAskedFor) {
  const Finished forward = run_line("show " + kThreeLayerFile);
  EXPECT_EQ(forward.status, 0);
  EXPECT_TRUE(contains(forward.out, "sigmoid("));
  EXPECT_FALSE(contains(forward.out, "-- gradient --"));
  const Finished all = run_line("show --gradients --update " + kThreeLayerFile);
  for (const char* heading : {"-- forward --", "-- gradient --", "-- update --"})
    EXPECT_TRUE(contains(all.out, heading)) << heading;
  const Finished gradients = run_line("show --gradients " + kThreeLayerFile);
  EXPECT_TRUE(contains(gradients.out, "-- gradient --"));
  EXPECT_FALSE(contains(gradients.out, "-- update --"));
}

/// Every edge of a DOT text joins nodes that it declares, and its braces close.
void expect_well_formed_dot(const std::string& text) {
  EXPECT_EQ(std::ranges::count(text, '{'), std::ranges::count(text, '}'));
  std::size_t edges = 0;
  for (const std::string& line : lines_of(text)) {
    const std::size_t arrow = line.find(" -> ");
    if (arrow == std::string::npos) continue;
    ++edges;
    const std::string from = line.substr(2, arrow - 2), to = line.substr(arrow + 4, line.size() - arrow - 5);
    for (const std::string& end : {from, to}) EXPECT_TRUE(contains(text, "    " + end + " [label=")) << line;
  }
  EXPECT_GT(edges, 10U);
}

TEST(ShowCommand, TakesTheUpdateOfARuleThatDrawsTheExamples) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml",
             "talweg: 1\ndata: {x: [1, 2, 3, 4]}\nparameters: {w: 1}\n"
             "train: {minimize: mean(x * w), batch: 2, steps: 2, optimizer: aw_sgd}\n");
  const Finished finished = run_line("show --gradients --update model.yaml", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_NE(finished.out.find("tau"), std::string::npos) << finished.out;
}

TEST(ShowCommand, WritesDotGroupedByPhase) {
  const Finished finished = run_line("show --dot --gradients --update " + kThreeLayerFile);
  EXPECT_EQ(finished.status, 0);
  EXPECT_TRUE(finished.out.starts_with("digraph \"three_layer\" {\n"));
  for (const char* part : {"subgraph cluster_forward", "subgraph cluster_gradient", "subgraph cluster_update",
                           "layer_1\\nsigmoid\\n(4, 4)"})
    EXPECT_TRUE(contains(finished.out, part)) << part;
  expect_well_formed_dot(finished.out);
}

TEST(ShowCommand, PrintsTheProgramOfAStep) {
  const Finished finished = run_line("show --program " + kThreeLayerFile);
  EXPECT_EQ(finished.status, 0);
  EXPECT_GT(lines_of(finished.out).size(), 4U);
}

TEST(ShowCommand, NamesTheLineOfACallAndThatOfItsModule) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml",
             "talweg: 1\n"
             "data: {x: [[1, 2], [3, 4]]}\n"
             "modules:\n"
             "  twice:\n"
             "    in: x\n"
             "    graph:\n"
             "      y: dense(dense(x, units=3), units=2)\n"
             "graph:\n"
             "  y: twice(x)\n"
             "  z: exp(y)\n"
             "  sequence: zeros([2, 3, 5])\n"
             "  states: scan(rnn_cell, sequence, zeros([2, 5]), U=eye(5))\n");
  const std::string text = run_line("show model.yaml", {.directory = directory.path()}).out;
  EXPECT_TRUE(contains(text, "  9 (dense.yaml:")) << text;
  EXPECT_TRUE(contains(text, "  10\n")) << text;
  const std::vector<Json> nodes =
      json_lines(run_line("check model.yaml --json", {.directory = directory.path()}).out);
  EXPECT_EQ(
      std::ranges::count_if(
          nodes, [](const Json& node) { return node.value("op", "") == "matmul" && node["line"] == 9; }),
      2);
  for (const std::string& line : lines_of(text))
    if (contains(line, "slice(")) {
      EXPECT_TRUE(line.ends_with("  12")) << line << ": the line of the call";
    }
}

TEST(PluginsCommand, AreListedWithKindSummaryAndFile) {
  const Finished finished = run_line("plugins list");
  EXPECT_EQ(finished.status, 0);
  EXPECT_TRUE(finished.out.starts_with("name ")) << finished.out;
  const std::vector<std::string> lines = lines_of(finished.out);
  const auto row =
      std::ranges::find_if(lines, [](const auto& line) { return line.starts_with("momentum "); });
  ASSERT_NE(row, lines.end());
  for (const char* part : {"  update rule  ", "  Heavy-ball momentum  ", "/lib/talweg/plugins/momentum.so"})
    EXPECT_TRUE(contains(*row, part)) << *row;
}

TEST(PluginsCommand, ThatAreUnusableAreListedWithTheReason) {
  const std::string directory = test_plugin_directory().string();
  const Finished finished = run_line("plugins list --plugins " + directory);
  EXPECT_EQ(finished.status, 0);
  const std::vector<std::string> lines = lines_of(finished.out);
  const auto row =
      std::ranges::find_if(lines, [](const auto& line) { return line.starts_with("older_version "); });
  ASSERT_NE(row, lines.end());
  EXPECT_TRUE(
      contains(*row, "  unusable     was built for plugin API version 0, this Talweg has version 1  "))
      << *row;

  const std::vector<Json> listed =
      events(json_lines(run_line("plugins list --json --plugins " + directory).out), "plugin");
  EXPECT_EQ(listed.size() + 1, lines.size());
  const auto broken =
      std::ranges::find_if(listed, [](const Json& plugin) { return plugin["name"] == "older_version"; });
  ASSERT_NE(broken, listed.end());
  EXPECT_TRUE(contains((*broken)["error"], "API version 0"));
}

TEST(PluginsDescribe, ShowsEachRuleOfAModelFile) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "rules.yaml",
             "talweg: 1\noptimizers:\n"
             "  damped: {with: {alpha: 0.1}, update: {param: param - alpha * tanh(grad)}}\n"
             "  plain: {with: {alpha: 0.2}, update: {param: param - alpha * grad}}\n");
  const Finished shown = run_line("plugins describe rules.yaml", {.directory = directory.path()});
  EXPECT_EQ(shown.status, 0) << shown.errors;
  EXPECT_NE(shown.out.find("x' = x - alpha * tanh(g)"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("x' = x - alpha * g"), std::string::npos) << shown.out;
  const std::vector<Json> lines =
      json_lines(run_line("plugins describe rules.yaml --json", {.directory = directory.path()}).out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1]["name"], "plain");
  EXPECT_EQ(lines[1]["hyperparameters"][0]["default"], 0.2);
}

TEST(PluginsCommand, AreDescribedWithTheirHyperparameters) {
  const Finished finished = run_line("plugins describe momentum");
  EXPECT_EQ(finished.status, 0);
  for (const char* part :
       {"momentum: Heavy-ball momentum\n", "hyperparameter  default  range          meaning\n",
        "alpha           0.01     > 0            step size\n",
        "mu              0.9      in [0, 1)      share of the last step kept\n", "API version  1\n",
        "needs        nothing besides the gradient\n", "become. Options have their defaults:\n",
        "  velocity' = mu * velocity - alpha * (g + weight_decay * x)\n  x' = x + velocity'\n"})
    EXPECT_TRUE(contains(finished.out, part)) << part << "\n" << finished.out;
  const Json plugin = json_lines(run_line("plugins describe momentum --json").out).at(0);
  EXPECT_EQ(plugin["hyperparameters"][1]["name"], "mu");
  EXPECT_EQ(plugin["hyperparameters"][1]["default"], 0.9);
  EXPECT_EQ(plugin["needs"], Json::array());
  EXPECT_EQ(plugin["update"][0]["lines"],
            Json({"velocity' = mu * velocity - alpha * (g + weight_decay * x)", "x' = x + velocity'"}));
  EXPECT_EQ(plugin["sha256"], sha256(read_text(std::string(plugin["file"]))));
}

TEST(PluginsCommand, AMinimizerIsDescribedWithoutAFormula) {
  const Json plugin = json_lines(run_line("plugins describe newton_cg --json").out).at(0);
  EXPECT_EQ(plugin["needs"], Json({"to evaluate the objective itself", "second derivatives"}));
  EXPECT_EQ(plugin["update"], Json::array());
}

TEST(PluginsCommand, AreFoundThroughTheEnvironment) {
  const RunOptions options{.environment = {{"TALWEG_PLUGIN_PATH", test_plugin_directory().string()}}};
  EXPECT_EQ(run_line("plugins describe sign_descent", options).status, 0);
  EXPECT_EQ(run_line("plugins describe sign_descent").status, 6);
}

}  // namespace
}  // namespace talweg
