#include <talweg/optimizer.hpp>

/// Adafactor (Shazeer and Stern 2018, arXiv:1804.04235, algorithm 4 for matrices, 5 for the rest), t = step +
/// 1:
///   beta = 1 - t^-decay;   s = g^2 + epsilon
///   v: matrices: rows <- beta rows + (1 - beta) mean of s over a row;   columns likewise
///                v = rows columns / mean of rows;   the rest: v <- beta v + (1 - beta) s
///   u = g / sqrt(v);   u <- u / max(1, rms(u) / threshold)
///   x <- x - min(alpha, 1 / sqrt(t)) max(relative, rms(x)) u - alpha weight_decay x
/// epsilon is inside the root; the decay is decoupled. Of a tensor of more than two axes the last two are the
/// matrix. rows and columns are kept in x's shape, so they save no memory here.
struct Adafactor : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "largest step relative to x"};
  talweg::Hyper decay{"decay", 0.8, talweg::in(0, 1), "exponent of t in the decay of averages"};
  talweg::Hyper epsilon{"epsilon", 1e-30, talweg::positive, "added to squared gradients"};
  talweg::Hyper relative{"relative", 0.001, talweg::positive, "least size that x is taken to have"};
  talweg::Hyper threshold{"threshold", 1, talweg::positive, "largest root mean square of a direction"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "alpha times this share of x goes"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1, g = x.gradient(), squared = square(g) + epsilon;
    const auto beta = 1 - pow(t, -decay);
    const auto rms = [](const talweg::Tensor& y) { return sqrt(mean(square(y))); };
    auto v = x.state(x.rank() < 2 ? "v" : "columns");
    talweg::Tensor spread = v;
    if (x.rank() < 2) {
      spread = v = beta * v + (1 - beta) * squared;
    } else {
      const auto over = [](const talweg::Tensor& y, int axis) {
        return talweg::call("mean", {y}, {{"axis", axis}, {"keepdims", true}});
      };
      auto rows = x.state("rows");
      rows = beta * rows + (1 - beta) * over(squared, -1);
      v = beta * v + (1 - beta) * over(squared, -2);
      spread = rows * v / over(rows, -2);
    }
    const auto u = g / sqrt(spread);
    const auto step_size = minimum(alpha, 1 / sqrt(t)) * maximum(relative, rms(x));
    x = x * (1 - alpha * weight_decay) - step_size * u / maximum(1, rms(u) / threshold);
  }
};
TALWEG_OPTIMIZER(Adafactor, "adafactor", "Relative steps, scaled by averages over rows and columns")
