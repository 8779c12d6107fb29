// The parts of a comparison of optimizers: scores by hand, settings, forms of problems, lines that are read
// back.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <talweg/error.hpp>

#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"
#include "training/bench/isolated.hpp"
#include "training/bench/results.hpp"
#include "training/bench/settings.hpp"
#include "training/trainer.hpp"

namespace talweg::bench {
namespace {

std::shared_ptr<const Optimizer> shipped(const std::string& name) {
  return load_optimizer(name, PluginPath::standard());
}

Problem problem(const std::string& name) {
  return Problem(repository() / "graphs" / "problems" / (name + ".yaml"));
}

Outcome solved(double evaluations) { return {evaluations, evaluations, 1e-3}; }

TEST(BenchScores, AQuantileIsOneOfTheNumbersAndAMissCounts) {
  EXPECT_EQ(quantile({3, 1, 2, 4}, 0.5), 2);
  EXPECT_EQ(quantile({3, 1, 2, 4}, 0.25), 1);
  EXPECT_EQ(quantile({3, 1, 2, 4}, 0.75), 3);
  EXPECT_EQ(quantile({5}, 0.25), 5);
  EXPECT_EQ(quantile({kMissed, 1, kMissed}, 0.5), kMissed);
  EXPECT_EQ(quantile({kMissed, 1, 2}, 0.5), 2);
}

// Two optimizers on three problems: 10 and 20, 30 and 10, a miss and 5 evaluations.
TEST(BenchScores, AProfileIsThatOfItsDefinition) {
  const Outcomes outcomes = {{solved(10), solved(30), {}}, {solved(20), solved(10), solved(5)}};
  const std::vector<double> weights(3, 1.0 / 3), best = fewest(outcomes);
  EXPECT_EQ(best, (std::vector<double>{10, 10, 5}));
  const Profile first = profile(outcomes[0], best, weights), second = profile(outcomes[1], best, weights);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].first, 1);
  EXPECT_NEAR(first[0].second, 1.0 / 3, 1e-15);
  EXPECT_EQ(first[1].first, 3);
  EXPECT_NEAR(first[1].second, 2.0 / 3, 1e-15);
  // From 1 to 3 a third, from 3 to 4 two thirds; from 1 to 2 two thirds, from 2 to 4 all.
  EXPECT_NEAR(area(first), (2.0 / 3 + 2.0 / 3) / 3, 1e-15);
  EXPECT_NEAR(area(second), (2.0 / 3 + 2) / 3, 1e-15);
  EXPECT_EQ(best_candidate(outcomes, weights), 1U);
}

TEST(BenchScores, TheBestSolvesMostAndIsFastestAmongThose) {
  const std::vector<double> weights(2, 0.5);
  // The first is the fastest where it solves anything; of the other two, the last.
  EXPECT_EQ(best_candidate({{solved(10), {}}, {solved(30), solved(90)}, {solved(20), solved(90)}}, weights),
            2U);
  EXPECT_EQ(best_candidate({{solved(10), {}}, {solved(90), {}}, {{}, {}}}, weights), 0U);
}

TEST(BenchScores, WhatIsFartherThanFourTimesTheBestCountsNothing) {
  const Outcomes outcomes = {{solved(10)}, {solved(50)}};
  EXPECT_EQ(area(profile(outcomes[1], fewest(outcomes), {1})), 0);
}

TEST(BenchScores, TheBandIsWhereTheScoreIsNearTheBest) {
  // Scores against the best of 10: 0 (a miss), 1 - 2/30, 1, 1 - 1/30, 1 - 10/30.
  const Outcomes outcomes = {{{}}, {solved(12)}, {solved(10)}, {solved(11)}, {solved(20)}};
  const Sensitivity result = sensitivity({1e-3, 1e-2, 1e-1, 1, 10}, outcomes, {1});
  EXPECT_EQ(result.best, 2U);
  EXPECT_NEAR(result.scores[1], 1 - 0.2 / 3, 1e-12);
  EXPECT_NEAR(result.band, 3, 1e-12);
  EXPECT_EQ(sensitivity({1, 10}, {{{}}, {{}}}, {1}).band, 0) << "nothing is solved";
}

TEST(BenchSettings, TheGridHas36StepSizesOverSevenDecades) {
  const std::vector<double> sizes = step_sizes();
  ASSERT_EQ(sizes.size(), 36U);
  EXPECT_NEAR(sizes.front(), 1e-5, 1e-18);
  EXPECT_NEAR(sizes.back(), 100, 1e-12);
  for (std::size_t i = 1; i < sizes.size(); ++i)
    EXPECT_NEAR(sizes[i] / sizes[i - 1], std::pow(10, 0.2), 1e-12);
  EXPECT_EQ(grid(shipped("gd")).size(), 36U);
}

TEST(BenchSettings, EveryStepSizeMovesWithAlphaInTheRatioOfTheDefaults) {
  // A vector goes by adamw_alpha alone: alpha by itself would be tuned for nothing.
  for (const auto& candidates : {grid(shipped("muon")), trials(shipped("muon"), 10)})
    for (const Candidate& candidate : candidates) {
      if (candidate.settings.empty()) continue;  // the defaults
      ASSERT_GE(candidate.settings.size(), 2U);
      EXPECT_EQ(candidate.settings[0].first, "alpha");
      EXPECT_EQ(candidate.settings[1].first, "adamw_alpha");
      EXPECT_NEAR(candidate.settings[1].second, 0.3 * candidate.settings[0].second, 1e-12);
    }
}

TEST(BenchSettings, TrialsBeginWithTheDefaultsAndFillTheRange) {
  const std::vector<Candidate> tried = trials(shipped("adam"), 64);
  ASSERT_EQ(tried.size(), 64U);
  EXPECT_TRUE(tried[0].settings.empty());
  std::vector<int> alphas_by_decade(7);
  for (std::size_t i = 1; i < tried.size(); ++i) {
    ASSERT_EQ(tried[i].settings.size(), 3U);
    const double alpha = tried[i].settings[0].second;
    EXPECT_EQ(tried[i].settings[0].first, "alpha");
    ++alphas_by_decade.at(static_cast<std::size_t>(std::floor(std::log10(alpha)) + 5));
    for (std::size_t k : {1U, 2U}) {
      EXPECT_GE(tried[i].settings[k].second, 0.5);
      EXPECT_LT(tried[i].settings[k].second, 1);
    }
  }
  // Quasi-random: no decade has many more than another.
  for (int count : alphas_by_decade) EXPECT_NEAR(count, 9, 1);
}

TEST(BenchProblems, OfOneVectorHaveFiveFormsThatDifferAndAreAsDeep) {
  const Problem booth = problem("booth");
  ASSERT_TRUE(booth.has_instances());
  const std::vector<Case> cases = booth.cases(0);
  ASSERT_EQ(cases.size(), 5U);
  std::set<std::vector<double>> starts;
  for (const Case& form : cases) {
    Trainer trainer(booth.model(form, {shipped("gd"), {}}), shipped("gd"), {});
    starts.insert(trainer.value("x").values);
    EXPECT_TRUE(run_case(booth, form, {shipped("bfgs"), {}}).solved()) << form.instance;
  }
  EXPECT_EQ(starts.size(), 5U);
}

// Gradient descent sees no rotation and no shift: only that the starts differ a little. What scales each
// variable by itself does.
TEST(BenchProblems, AreRotatedForWhatTheAxesMatterTo) {
  const Problem quadratic = problem("ill_conditioned");
  const auto steps_of = [&](const Candidate& candidate) {
    std::vector<double> steps;
    for (const Case& form : quadratic.cases(0)) steps.push_back(run_case(quadratic, form, candidate).steps);
    return steps;
  };
  const Case as_in_the_file{0, 0, 1};
  const Candidate scaled{shipped("adagrad"), {{"alpha", 0.5}}};
  const double straight = run_case(quadratic, as_in_the_file, scaled).steps;
  ASSERT_LT(straight, 500);
  for (double steps : steps_of(scaled)) EXPECT_GT(steps, 1.5 * straight);
}

TEST(BenchProblems, WithSeedsHaveAsManyForms) {
  const std::vector<Case> noisy = problem("noisy_quadratic").cases(3),
                          network = problem("tutorial_network").cases(4);
  ASSERT_EQ(noisy.size(), 10U);
  ASSERT_EQ(network.size(), 10U);
  std::set<std::uint32_t> seeds;
  for (const Case& form : noisy) seeds.insert(form.seed);
  EXPECT_EQ(seeds.size(), 10U);
  EXPECT_EQ(noisy.back().problem, 3U);
  EXPECT_EQ(network.back().instance, 0);
}

TEST(BenchRuns, CountTheStepsToTheTarget) {
  // x <- (1 - 2 alpha) x from |x|^2 = 110 (0.64^k 110 <= 1e-6: k = 41.5).
  const Outcome outcome = run_case(problem("sphere"), {0, 0, 1}, {shipped("gd"), {{"alpha", 0.1}}});
  EXPECT_EQ(outcome.steps, 42);
  EXPECT_EQ(outcome.evaluations, 42);
  EXPECT_GT(outcome.seconds, 0);
  EXPECT_LT(outcome.seconds, 1);
}

TEST(BenchRuns, CountEveryEvaluation) {
  const Problem sphere = problem("sphere");
  const Outcome sam = run_case(sphere, {0, 0, 1}, {shipped("sam"), {{"alpha", 0.1}, {"rho", 0}}});
  EXPECT_EQ(sam.steps, 42);
  EXPECT_EQ(sam.evaluations, 84);
  const Outcome lbfgs = run_case(problem("rosenbrock_2"), {0, 0, 1}, {shipped("lbfgs"), {}});
  EXPECT_TRUE(lbfgs.solved());
  EXPECT_GT(lbfgs.evaluations, lbfgs.steps);
}

TEST(BenchRuns, ThatDivergeOrAreTooSlowAreMisses) {
  const Problem sphere = problem("sphere");
  for (double alpha : {1e-5, 10.0}) {
    const Outcome outcome = run_case(sphere, {0, 0, 1}, {shipped("gd"), {{"alpha", alpha}}});
    EXPECT_FALSE(outcome.solved());
    EXPECT_EQ(outcome.evaluations, kMissed);
  }
}

TEST(BenchRuns, AreTheSameOnAnyNumberOfThreads) {
  const Experiment experiment({problem("booth"), problem("tutorial_network")});
  const std::vector<Candidate> candidates = {{shipped("gd"), {}}, {shipped("lbfgs"), {}}};
  std::size_t calls = 0;
  const auto count_calls = [&](std::size_t /*done*/, std::size_t /*all*/) { return ++calls > 0; };
  const Outcomes one = run_all(experiment, candidates, 1, count_calls),
                 four = run_all(experiment, candidates, 4, count_calls);
  EXPECT_EQ(calls, 2 * candidates.size() * experiment.cases.size());
  for (std::size_t i = 0; i < one.size(); ++i)
    for (std::size_t k = 0; k < one[i].size(); ++k) {
      EXPECT_EQ(one[i][k].steps, four[i][k].steps);
      EXPECT_EQ(one[i][k].evaluations, four[i][k].evaluations);
    }
}

class BenchResults : public testing::Test {
 protected:
  BenchResults() {
    Result result{"mine",
                  "abc",
                  {{"mu", 0.5}, {"alpha", 0.1}},
                  std::vector<Outcome>(experiment_.cases.size()),
                  {},
                  {{0, 1, 0.5, 0.1}}};
    for (int i = 1; i < kInstances; ++i)
      result.outcomes[static_cast<std::size_t>(i)] = {10.0 * i, 20.0 * i, 0.5};
    result.sensitivity = Sensitivity{{0.1, 1}, {0.25, 0.75}, 1, 0.2};
    results_.push_back(std::move(result));
    write_text(path(), to_json_lines(conditions_, experiment_, results_));
  }
  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "results.jsonl"; }
  [[nodiscard]] std::string refusal(const Conditions& conditions, const Experiment& experiment) const {
    try {
      static_cast<void>(read_results(path(), conditions, experiment));
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::data);
      return error.message().substr(path().string().size() + 2);
    }
    return "";
  }

  TemporaryDirectory directory_;
  Experiment experiment_{{problem("booth")}};
  Conditions conditions_{"1+a", "this processor", "grid", 36};
  std::vector<Result> results_;
};

TEST_F(BenchResults, AreReadBackAsTheyWere) {
  const std::vector<Result> read = read_results(path(), conditions_, experiment_);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].optimizer, "mine");
  EXPECT_EQ(read[0].sha256, "abc");
  EXPECT_EQ(read[0].settings, results_[0].settings);
  EXPECT_FALSE(read[0].outcomes[0].solved());
  EXPECT_EQ(read[0].outcomes[3].evaluations, 60);
  EXPECT_EQ(read[0].sensitivity->scores, results_[0].sensitivity->scores);
  EXPECT_EQ(read[0].sensitivity->best, 1U);
  EXPECT_EQ(read[0].paths, results_[0].paths);
}

TEST_F(BenchResults, ComeOutOfAProcessAsTheyWere) {
  const auto measured = measure_isolated(conditions_, experiment_, "mine",
                                         [&](const StillAlive&) { return results_[0]; }, 60, {});
  ASSERT_TRUE(measured);
  EXPECT_EQ(to_json_lines(conditions_, experiment_, {*measured}),
            to_json_lines(conditions_, experiment_, results_));
}

TEST_F(BenchResults, ThatCannotBeMeasuredAreTheErrorThatItWas) {
  const Error expected = Error(Status::data, "no \xff data")
                             .note("one")
                             .note("two")
                             .set_hint("none")
                             .at({"rules.yaml", 3, 4, 5, "  update: x"});
  const auto caught = [&](const std::function<Result(const StillAlive&)>& measure) {
    try {
      static_cast<void>(measure_isolated(conditions_, experiment_, "mine", measure, 60, {}));
    } catch (const Error& error) {
      return error;
    }
    return Error(Status::internal, "nothing was thrown");
  };
  const Error error = caught([&](const StillAlive&) -> Result { throw Error(expected); });
  EXPECT_EQ(error.status(), Status::data);
  EXPECT_STREQ(error.what(),
               "rules.yaml:3:4: error: no \xEF\xBF\xBD data\n"
               "    3 |   update: x\n"
               "      |    ^~~~~\n"
               "note: one\nnote: two\nhint: none");
  EXPECT_EQ(caught([](const StillAlive&) -> Result { throw std::bad_alloc(); }).status(), Status::internal);
}

TEST_F(BenchResults, OfOtherConditionsAreNotMixed) {
  Conditions other = conditions_;
  other.build = "1+b";
  EXPECT_EQ(refusal(other, experiment_),
            "its results are of another build, which are not mixed: '1+a' there, '1+b' here");
  other = conditions_;
  other.processor = "that processor";
  EXPECT_TRUE(refusal(other, experiment_).starts_with("its results are of another processor"));
  other = conditions_;
  other.mode = "tuned";
  EXPECT_TRUE(refusal(other, experiment_).starts_with("its results are of another mode"));
  EXPECT_EQ(refusal(conditions_, Experiment({problem("sphere")})),
            "it has runs of 'booth', which is left out here");
  EXPECT_EQ(refusal(conditions_, Experiment({problem("booth"), problem("sphere")})),
            "'mine' has 5 runs there, and 10 here");
}

TEST_F(BenchResults, OfAnotherKindAreRefused) {
  write_text(path(), "no JSON\n");
  EXPECT_EQ(refusal(conditions_, experiment_), "it does not hold what talweg bench --json writes");
  write_text(path(), "");
  EXPECT_EQ(refusal(conditions_, experiment_), "it does not begin with the line of the event 'start'");
}

}  // namespace
}  // namespace talweg::bench
