#pragma once

#include <optional>
#include <variant>

#include "program/nonzeros.hpp"

namespace talweg {

/// c (m, n) becomes a (m, k) @ b (k, n), where a and b lie in panels, and what an end makes of it.
class PanelProductStep final : public Step {
 public:
  /// What is written: c or its transpose. The rows of a view are contiguous.
  struct Result {
    std::variant<View, InPanels> matrix;
    bool is_transposed = false;
    [[nodiscard]] View view() const;
  };

  struct End {
    std::optional<View> bias;  ///< a row that is added to each row
    bool relu = false;         ///< is taken then
    std::optional<View> mask;  ///< which lies as the result does: where it is not above 0, that is 0
  };

  /// Where `nonzeros` are few, the others are left out: those of a or, where the transpose is written, of
  /// b^T. REQUIRES: there is a bias only where the result is written, and a mask only where its transpose is.
  PanelProductStep(const InPanels& a, const InPanels& b, const Result& result, const End& end,
                   const std::optional<Nonzeros>& nonzeros)
      : a_(a), b_(b), result_(result), end_(end), nonzeros_(nonzeros) {}

  [[nodiscard]] std::vector<View> reads() const override;
  [[nodiscard]] std::vector<View> writes() const override { return {result_.view()}; }
  [[nodiscard]] std::int64_t scratch_elements() const override;
  [[nodiscard]] double operations() const override;
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  InPanels a_, b_;
  Result result_;
  End end_;
  std::optional<Nonzeros> nonzeros_;
};

/// c (m, n) becomes a^T (m, k) @ b (k, n); or it is subtracted, where there is a scale times that. All lie in
/// panels.
class TransposedPanelProductStep final : public Step {
 public:
  /// Where those of a or of b that are not zero are few, the others are left out.
  struct Sparse {
    std::optional<Nonzeros> a, b;
  };

  TransposedPanelProductStep(const InPanels& a, const InPanels& b, const InPanels& c, bool subtracts,
                             const std::optional<View>& scale, const Sparse& sparse)
      : a_(a), b_(b), c_(c), subtracts_(subtracts), scale_(scale), sparse_(sparse) {}

  [[nodiscard]] std::vector<View> reads() const override;
  [[nodiscard]] std::vector<View> writes() const override { return {c_.view()}; }
  [[nodiscard]] double operations() const override;
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  InPanels a_, b_, c_;
  bool subtracts_;
  std::optional<View> scale_;
  Sparse sparse_;
};

}  // namespace talweg
