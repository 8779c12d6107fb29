#include "program/steps/take_adjoint_step.hpp"

#include <algorithm>

namespace talweg {
namespace {

template <class T>
class TakeAdjoint final : public Instruction {
 public:
  TakeAdjoint(const Memory& memory, const View& x, const View& indices, const View& to, std::int64_t outer,
              std::int64_t size, std::int64_t inner)
      : x_(memory.at<T>(x)),
        indices_(memory.at<T>(indices)),
        to_(memory.at<T>(to)),
        totals_(static_cast<double*>(memory.scratch())),
        number_(indices.shape.elements()),
        outer_(outer),
        size_(size),
        inner_(inner) {}

  void run() override {
    const T* from = x_;
    T* to = to_;
    for (std::int64_t o = 0; o < outer_; ++o) {
      std::fill_n(totals_, size_ * inner_, 0.0);
      for (std::int64_t i = 0; i < number_; ++i, from += inner_) add(indices_[i], from);
      to = std::transform(totals_, totals_ + size_ * inner_, to,
                          [](double total) { return static_cast<T>(total); });
    }
  }

 private:
  void add(T index, const T* from) {
    const auto size = static_cast<double>(size_);
    const double at = static_cast<double>(index) + (index < 0 ? size : 0.0);
    if (!(at >= 0 && at < size)) return;
    double* total = totals_ + static_cast<std::int64_t>(at) * inner_;
    for (std::int64_t k = 0; k < inner_; ++k) total[k] += static_cast<double>(from[k]);
  }

  const T* x_;
  const T* indices_;
  T* to_;
  double* totals_;
  std::int64_t number_, outer_, size_, inner_;
};

}  // namespace

std::unique_ptr<Instruction> TakeAdjointStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<TakeAdjoint>(dtype, memory, x_, indices_, to_, outer_, size_, inner_);
}

std::string TakeAdjointStep::text() const {
  return "take_adjoint " + to_string(x_.shape) + " to " + to_string(to_.shape);
}

}  // namespace talweg
