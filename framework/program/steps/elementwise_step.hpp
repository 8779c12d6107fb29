#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "program/instruction.hpp"
#include "program/steps/tile_calls.hpp"

namespace talweg {

/// A fused group of elementwise functions over one shape: one pass of machine code (coded_elementwise.hpp),
/// or else of kernels, one after the other, over tiles that stay in the first-level cache. Values that are
/// used outside of the group are stored, the others live in registers or tiles only.
class ElementwiseStep final : public Step {
 public:
  /// Elements that are computed together where nothing speaks for another number.
  static constexpr std::int64_t kTile = 512;
  /// Where a row of the shape has this many elements, it is a tile: what repeats itself from row to row, or
  /// along a row, is then read as it lies.
  static constexpr std::int64_t kShortestRow = 64, kLongestRow = 4096;
  /// A group does not grow beyond this, so that its tiles stay in the cache.
  static constexpr std::size_t kMaximumValues = 256;

  using Operand = TileOperand;
  using Value = TileValue;

  explicit ElementwiseStep(const Shape& shape) : shape_(shape) {}

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] bool is_full() const { return values_.size() >= kMaximumValues; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] const std::vector<View>& views() const { return views_; }
  [[nodiscard]] std::span<const Value> values() const { return values_; }
  /// Elements of a tile.
  [[nodiscard]] std::int64_t tile() const { return tile_; }
  /// Room for a tile in memory.
  [[nodiscard]] std::int64_t padded_tile() const;
  /// Where the view's next tile begins; nothing where tiles have to be loaded.
  [[nodiscard]] std::optional<std::int64_t> tile_stride(const View& view) const;
  /// Of a view whose tiles need not be loaded: is it the same number for all elements of a tile?
  [[nodiscard]] bool repeats_in_tile(const View& view) const;
  /// How often kernels, and loads, go over a tile.
  [[nodiscard]] std::size_t passes() const { return actions_.size(); }
  /// Is a run worth more than the threads' coming together?
  [[nodiscard]] bool is_worth_threads() const;
  /// Adds an operand that lies in memory; `view` has the group's shape. The same view is there once.
  Operand add_view(const View& view);
  /// Adds a function of earlier operands and returns its value's index.
  std::uint32_t add_value(kernels::Elementwise function, std::span<const Operand> operands);
  /// Has the value written to a buffer, contiguously.
  void store(std::uint32_t value, BufferId buffer);
  /// Takes over the values of another group of the same shape, and returns where they are now. What the other
  /// read of this one's stored values it has from here.
  std::vector<std::uint32_t> absorb(const ElementwiseStep& other);
  /// The value that lies in the view, if this group stores it there.
  [[nodiscard]] std::optional<std::uint32_t> find_stored(const View& view) const;
  /// Does the group read this buffer?
  [[nodiscard]] bool reads_buffer(BufferId buffer) const;
  /// x - scale * g, where the scale is a single number, or left out, and x and g are views without gaps.
  struct ScaledSubtraction {
    View x, g;
    std::optional<View> scale;
    BufferId stored;
  };
  /// What the group computes, if it is that and nothing else.
  [[nodiscard]] std::optional<ScaledSubtraction> scaled_subtraction() const;
  /// A value that is the sum of a matrix, which the group needs for nothing else, and of one row for all its
  /// rows.
  struct SumWithRow {
    std::uint32_t value;
    View row;
  };
  [[nodiscard]] std::optional<SumWithRow> sum_with_row(const View& matrix) const;
  /// The same functions, finished, but for that value's, which lies in `view`. Null where none is left.
  [[nodiscard]] std::unique_ptr<ElementwiseStep> without(std::uint32_t value, const View& view) const;
  /// Where relu of all of a matrix is stored, if the group computes that and nothing else. The group may see
  /// the elements in another shape.
  [[nodiscard]] std::optional<BufferId> relu_of(const View& matrix) const;
  /// 0, or the element of a matrix where a mask is above a threshold, if the group computes that of all of
  /// the matrix and nothing else.
  struct Masked {
    View mask, threshold, zero;
    BufferId stored;
  };
  [[nodiscard]] std::optional<Masked> masked(const View& matrix) const;
  /// Does each view that is not a single number have the elements without gaps? Then they may as well be in
  /// any other order, as long as it is the same in all of them.
  [[nodiscard]] bool is_in_order() const;
  /// Can some of the elements be computed without the others? Then they lie side by side in all views.
  [[nodiscard]] bool is_divisible() const;
  /// The same functions, finished, over `count` elements: of views that are not single numbers those of
  /// `place` are read, and what the group stores in a buffer is stored in `storage` of it.
  [[nodiscard]] std::unique_ptr<ElementwiseStep> part(std::int64_t count,
                                                      const std::function<View(const View&)>& place,
                                                      const std::function<BufferId(BufferId)>& storage) const;
  /// To be called once, when the group is complete: orders the calls and gives tiles to values.
  void finish();

  [[nodiscard]] std::vector<View> reads() const override { return views_; }
  [[nodiscard]] std::vector<View> writes() const override;
  [[nodiscard]] bool may_overwrite(BufferId read, BufferId written) const override;
  [[nodiscard]] std::int64_t scratch_elements() const override;
  [[nodiscard]] double operations() const override {
    return static_cast<double>(values_.size()) * static_cast<double>(shape_.elements());
  }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

  /// One thing to do for each tile: load a view that is not contiguous, or call a kernel.
  struct Action {
    bool loads = false;
    std::uint32_t index = 0;  ///< into views or calls
  };

 private:
  template <class T>
  friend class ElementwiseLoop;

  /// How an operand is reached from the inner loop: element by element, as one value for the whole tile, or
  /// from a tile into which it was loaded or computed.
  enum class Access : std::uint8_t { stream, single, tile };
  [[nodiscard]] Access access(const Value& value, std::size_t operand) const;
  [[nodiscard]] Access access(const TileCall::Leaf& leaf) const {
    return access(values_[leaf.value], leaf.operand);
  }
  [[nodiscard]] Operand operand(const TileCall::Leaf& leaf) const {
    return values_[leaf.value].operands[leaf.operand];
  }
  [[nodiscard]] std::int64_t choose_tile() const;
  /// Loads and calls in their order, and when each view and value is read for the last time.
  void order_actions();
  /// Gives tiles to loaded views and to values that live between two calls.
  void give_tiles();
  /// A measure of the time that a run takes: simple functions of one element.
  [[nodiscard]] double work() const;

  static constexpr std::size_t kNever = 0;  ///< no action: the first is not a last use of anything

  Shape shape_;
  std::vector<View> views_;
  std::vector<Value> values_;
  std::vector<TileCall> calls_;
  std::vector<Action> actions_;
  std::vector<std::size_t> view_tiles_;  ///< by view: where it is loaded to
  std::vector<std::size_t> last_use_;    ///< by view: its last reading action
  std::vector<std::size_t> value_last_use_;
  std::vector<std::size_t> value_action_;  ///< by value: the action that computes it
  std::size_t tiles_ = 0;                  ///< that live at the same time
  std::int64_t tile_ = kTile;
};

}  // namespace talweg
