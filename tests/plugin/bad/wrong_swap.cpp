#include <talweg/optimizer.hpp>

struct WrongSwap : talweg::UpdateRule {
  static constexpr bool kSwapsWeights = true;

  talweg::Flag silent{"silent", false, "does not say what the model is evaluated with"};
  talweg::Flag of_state{"of_state", false, "by a state that begins as 0"};
  talweg::Flag unassigned{"unassigned", false, "by a copy that stays as it is"};
  talweg::Flag begins_twice{"begins_twice", false, "by a copy that is a state besides"};

  void update(talweg::Parameter x) const {
    auto average = of_state ? x.state("average") : x.copy("average");
    if (begins_twice) static_cast<void>(x.state("average"));
    if (!unassigned) average = average / 2 + x / 2;
    x = x - 0.1 * x.gradient();
    if (!silent) x.evaluate_with(average);
  }
};
TALWEG_OPTIMIZER(WrongSwap, "wrong_swap", "Says the wrong thing about the weights for evaluation")
