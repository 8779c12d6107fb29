#include <talweg/optimizer.hpp>

/// Calls everything that optimizer.hpp offers; `mixed` says whether elements of x may be mixed.
struct AllFunctions : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", talweg::required, talweg::any, "step size"};
  talweg::Hyper decay{"decay", 0.5, talweg::between(0, 1), "of the average"};
  talweg::Hyper epsilon{"epsilon", 0, talweg::non_negative, "below the root"};
  talweg::Flag mixed{"mixed", false, "uses what is not elementwise"};

  void update(talweg::Parameter x) const {
    const talweg::Tensor g = x.gradient(), t = x.step() + 1;
    auto average = x.state("average"), again = x.state("average"), largest = x.state("largest", 1);
    average = decay * average + (1 - decay) * square(g);
    again += 0.0;
    largest = maximum(largest, average);
    largest = minimum(largest, 1e6);
    talweg::Tensor d = sign(g) * abs(g) / sqrt(again / (1 - pow(decay, t)) + epsilon);
    d += where(g > 0, exp(-d), tanh(d)) - where(g >= 0, 1, log(largest + 1));
    d -= where(g < 0, d, clip(d, -1, 1)) * where(g <= 0, 0, 1) * where(equal(g, 0), 2.0F, 3);
    d *= 2;
    d /= 3;
    if (mixed) {
      d = d / (1 + norm(g)) + sum(g) - mean(g) + max(g) + dot(g, g);
      d = transpose(matmul(transpose(d), matmul(d, transpose(d))));
      d = d + talweg::call("sum", {g}, {{"axis", -1}, {"keepdims", true}});
      d = d + talweg::call("reshape", {g}, {{"shape", std::vector<std::int64_t>{x.size(0), x.size(1)}}});
      if (x.rank() != 2) throw std::invalid_argument("x is no matrix");
    }
    x = x - alpha * d;
    x -= 0;
  }
};
TALWEG_OPTIMIZER(AllFunctions, "all_functions", "Calls everything there is")
