#include "model/foreign_names.hpp"

#include <algorithm>
#include <iterator>

namespace talweg {

std::string hint_for_foreign_name(std::string_view name) {
  struct Foreign {
    std::string_view name, here;
  };
  static constexpr Foreign kForeign[] = {
      {"cat", "concatenate"},
      {"concat", "concatenate"},
      {"detach", "stop_gradient"},
      {"view", "reshape"},
      {"ravel", "reshape(x, [-1])"},
      {"size", "x.size"},
      {"bmm", "a @ b"},
      {"mm", "a @ b"},
      {"Linear", "dense(x, units=n)"},
      {"Dense", "dense(x, units=n)"},
      {"mse_loss", "mse"},
      {"l1_loss", "mae"},
      {"huber_loss", "huber"},
      {"smooth_l1_loss", "huber"},
      {"kl_div", "kl_divergence"},
      {"permute", "transpose(x, axes)"},
      {"norm", "sqrt(sum(x ** 2))"},
      {"batchnorm", "batch_norm"},
      {"BatchNorm2d", "batch_norm"},
      {"Conv2D", "conv2d(x, channels=n, kernel=k)"},
      {"Conv2d", "conv2d(x, channels=n, kernel=k)"},
      {"LSTM", "lstm(x, units=n)"},
      {"GRU", "gru(x, units=n)"},
      {"Embedding", "embedding"},
      {"Dropout", "dropout"},
      {"LayerNorm", "layer_norm"},
      {"Flatten", "flatten"},
      {"amax", "max"},
      {"amin", "min"},
      {"swish", "silu"},
      {"logical_not", "1 - x, or x == 0"},
  };
  const auto* found = std::ranges::find(kForeign, name, &Foreign::name);
  return found == std::end(kForeign) ? "" : "here that is " + std::string(found->here);
}

}  // namespace talweg
