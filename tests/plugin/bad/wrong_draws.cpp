#include <talweg/optimizer.hpp>

struct WrongDraws : talweg::UpdateRule {
  static constexpr bool kDrawsExamples = true;

  talweg::Flag silent{"silent", false, "does not say what examples are drawn by"};
  talweg::Flag of_x{"of_x", false, "by a state of x"};
  talweg::Flag twice{"twice", false, "by a state that is of x besides"};

  void update(talweg::Parameter x) const {
    const auto q = of_x ? x.state("q", 1) : x.example_state("q", 1);
    if (twice) static_cast<void>(x.state("q", 1));
    x = x - 0.1 * x.gradient();
    if (!silent) x.draw_by(q);
  }
};
TALWEG_OPTIMIZER(WrongDraws, "wrong_draws", "Says the wrong thing about what it draws by")
