#pragma once

#include <optional>
#include <variant>

#include "program/panels.hpp"

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

  /// REQUIRES: there is a bias only where the result is written, and a mask only where its transpose is.
  PanelProductStep(const InPanels& a, const InPanels& b, const Result& result, const End& end)
      : a_(a), b_(b), result_(result), end_(end) {}

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
};

/// From c (m, n) `scale` times a^T (m, k) @ b (k, n) is subtracted; all of them lie in panels.
class PanelSubtractionStep final : public Step {
 public:
  PanelSubtractionStep(const InPanels& a, const InPanels& b, const View& scale, const InPanels& c)
      : a_(a), b_(b), c_(c), scale_(scale) {}

  [[nodiscard]] std::vector<View> reads() const override { return {a_.view(), b_.view(), scale_, c_.view()}; }
  [[nodiscard]] std::vector<View> writes() const override { return {c_.view()}; }
  [[nodiscard]] double operations() const override;
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  InPanels a_, b_, c_;
  View scale_;
};

}  // namespace talweg
