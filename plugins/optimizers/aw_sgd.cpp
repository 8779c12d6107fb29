#include <talweg/optimizer.hpp>

/// Adaptive weighted SGD (Bouchard et al. 2015, arXiv:1506.09016, algorithm 1), for n examples:
///   d = the mean over the batch, drawn by q, of the gradient of an example times p / q, where p = 1 / n
///   x <- x - alpha d;   tau <- tau + eta |d|^2 / r (the sum over the batch of the gradient of log q by tau)
///   q = (1 - uniform) softmax(tau) + uniform p;   r = the running mean of |d|^2, without its bias
/// The paper has no r: its eta is this one divided by r, scales as 1 / |d|^2, and has to be set for each
/// problem. With r, multiplying the loss by a number does not change what is learned of the examples.
/// The batch counts as one draw: |d| is of all parameters and the whole batch. The share of p, which the
/// paper leaves open as all of q, keeps every p / q below 1 / uniform.
struct AwSgd : talweg::UpdateRule {
  static constexpr bool kDrawsExamples = true;

  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper eta{"eta", 0.01, talweg::non_negative,
                    "step size of the distribution, for |d|^2 as it is on average"};
  talweg::Hyper rho{"rho", 0.99, talweg::in(0, 1), "decay of the average of |d|^2"};
  talweg::Hyper uniform{"uniform", 0.1, {0, 1, TALWEG_LOW_EXCLUDED}, "share of draws that are uniform"};

  void update(talweg::Parameter x) const {
    const auto mixed = [&](const talweg::Tensor& s) { return (1 - uniform) * s + uniform * mean(s); };
    const auto d = x.gradient();
    auto tau = x.example_state("tau"), q = x.example_state("q", 1);
    auto squares = x.example_state("squares");  // the same number for each example
    squares = rho * squares + (1 - rho) * dot(d, d);
    const auto r = squares / (1 - pow(rho, x.step() + 1)) + 1e-30;  // 0 / 0 would be without a slope
    const auto s = softmax(tau);
    const auto score = x.drawn() * (1 - uniform) * s / mixed(s);
    tau = tau + eta * dot(d, d) / r * (score - s * sum(score));
    q = mixed(softmax(tau));
    x = x - alpha * d;
    x.draw_by(q);
  }
};
TALWEG_OPTIMIZER(AwSgd, "aw_sgd", "Gradient descent that learns which examples to draw")
