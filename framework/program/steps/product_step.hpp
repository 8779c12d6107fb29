#pragma once

#include <optional>
#include <string>

#include "program/instruction.hpp"

namespace talweg {

/// What a listing says of a product that is subtracted, with a scale or without.
[[nodiscard]] inline std::string subtraction_text(bool is_scaled) {
  return is_scaled ? ": multiply subtract" : ": subtract";
}

/// c (batch..., m, n) becomes a (batch..., m, k) @ b (batch..., k, n), or that is subtracted from c.
/// Transposed operands are read as they lie. REQUIRES: c is contiguous, and `accepts(a, b)`.
class ProductStep final : public Step {
 public:
  ProductStep(const View& a, const View& b, const View& c, bool large) : a_(a), b_(b), c_(c), large_(large) {}

  /// Is a product of this size left to the BLAS or oneDNN?
  [[nodiscard]] static bool is_large(std::int64_t m, std::int64_t n, std::int64_t k, DType dtype);
  /// Can the matrix be read as it lies? As the right operand of a small product its rows are contiguous; the
  /// BLAS and oneDNN want rows or columns contiguous, and no repeated ones.
  [[nodiscard]] static bool accepts_left(const View& a, bool large);
  [[nodiscard]] static bool accepts_right(const View& b, bool large);

  /// Is subtracting it as exact as if the product were written first, and no slower?
  [[nodiscard]] bool is_subtractable(DType dtype) const;
  /// What the product is subtracted from, times a single number where there is one.
  struct Subtraction {
    View from;
    std::optional<View> scale;
  };
  /// The same product, which is subtracted. The result lies in `to`. A large product is not rounded before it
  /// is subtracted. REQUIRES: is_subtractable; both places are contiguous, of c's size, and the same memory.
  [[nodiscard]] std::unique_ptr<ProductStep> subtracted(const Subtraction& subtraction, const View& to) const;

  [[nodiscard]] const View& left() const { return a_; }
  [[nodiscard]] const View& right() const { return b_; }
  [[nodiscard]] const View& result() const { return c_; }
  [[nodiscard]] bool is_large() const { return large_; }
  [[nodiscard]] const std::optional<Subtraction>& subtraction() const { return subtraction_; }

  [[nodiscard]] std::vector<View> reads() const override;
  [[nodiscard]] std::vector<View> writes() const override { return {c_}; }
  [[nodiscard]] double operations() const override;
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  View a_, b_, c_;
  bool large_;
  std::optional<Subtraction> subtraction_;
};

}  // namespace talweg
