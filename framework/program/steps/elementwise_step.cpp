#include "program/steps/elementwise_step.hpp"

#include <algorithm>

#include "program/elementwise_functions.hpp"
#include "program/strided.hpp"

namespace talweg {
namespace {

bool same(const View& a, const View& b) {
  return a.buffer == b.buffer && a.offset == b.offset && a.shape == b.shape && a.strides == b.strides;
}

/// Hands out tiles and takes them back.
class Tiles {
 public:
  std::size_t take() {
    if (free_.empty()) return count_++;
    const std::size_t tile = free_.back();
    free_.pop_back();
    return tile;
  }
  void give_back(std::size_t tile) { free_.push_back(tile); }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::vector<std::size_t> free_;
  std::size_t count_ = 0;
};

}  // namespace

ElementwiseStep::Operand ElementwiseStep::add_view(const View& view) {
  for (std::size_t i = 0; i < views_.size(); ++i)
    if (same(views_[i], view)) return {false, static_cast<std::uint32_t>(i)};
  views_.push_back(view);
  return {false, static_cast<std::uint32_t>(views_.size() - 1)};
}

std::uint32_t ElementwiseStep::add_value(kernels::Elementwise function, std::span<const Operand> operands) {
  Value& value = values_.emplace_back();
  value.function = function;
  value.operand_count = operands.size();
  std::ranges::copy(operands, value.operands.begin());
  return static_cast<std::uint32_t>(values_.size() - 1);
}

void ElementwiseStep::store(std::uint32_t value, BufferId buffer) { values_[value].stored = buffer; }

bool ElementwiseStep::reads_buffer(BufferId buffer) const {
  return std::ranges::find(views_, buffer, &View::buffer) != views_.end();
}

ElementwiseStep::Access ElementwiseStep::access(const Value& value, std::size_t k) const {
  const Operand operand = value.operands[k];
  if (operand.is_value) return values_[operand.index].stored ? Access::stream : Access::tile;
  const View& view = views_[operand.index];
  if (is_contiguous(view)) return Access::stream;
  // Functions of one value have no kernel for an operand that is the same everywhere.
  return is_single(view) && value.operand_count > 1 ? Access::single : Access::tile;
}

void ElementwiseStep::finish() {
  constexpr std::size_t kNever = 0;
  std::vector<bool> loaded(views_.size(), false);
  std::vector<std::size_t> value_last_use(values_.size(), kNever);
  last_use_.assign(views_.size(), kNever);
  value_action_.assign(values_.size(), 0);
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    const Value& value = values_[i];
    for (std::size_t k = 0; k < value.operand_count; ++k) {
      const Operand operand = value.operands[k];
      if (operand.is_value || access(value, k) != Access::tile || loaded[operand.index]) continue;
      loaded[operand.index] = true;
      actions_.push_back({true, operand.index});
    }
    for (std::size_t k = 0; k < value.operand_count; ++k)
      (value.operands[k].is_value ? value_last_use : last_use_)[value.operands[k].index] = actions_.size();
    value_action_[i] = actions_.size();
    actions_.push_back({false, i});
  }

  view_tiles_.assign(views_.size(), 0);
  Tiles tiles;
  for (std::size_t at = 0; at < actions_.size(); ++at) {
    const Action& action = actions_[at];
    if (action.loads) {
      view_tiles_[action.index] = tiles.take();
      continue;
    }
    Value& value = values_[action.index];
    // A tile that is read for the last time may be written by the same call.
    for (std::size_t k = 0; k < value.operand_count; ++k) {
      const Operand operand = value.operands[k];
      const auto before = std::span(value.operands).first(k);
      const bool seen = std::ranges::any_of(before, [&](const Operand& other) {
        return other.is_value == operand.is_value && other.index == operand.index;
      });
      if (seen || access(value, k) != Access::tile) continue;
      if (operand.is_value && value_last_use[operand.index] == at)
        tiles.give_back(values_[operand.index].tile);
      if (!operand.is_value && last_use_[operand.index] == at) tiles.give_back(view_tiles_[operand.index]);
    }
    if (!value.stored) {
      value.tile = tiles.take();
      if (value_last_use[action.index] == kNever) tiles.give_back(value.tile);
    }
  }
  tiles_ = tiles.count();
}

std::vector<View> ElementwiseStep::writes() const {
  std::vector<View> views;
  for (const Value& value : values_)
    if (value.stored) views.push_back(contiguous_view(*value.stored, shape_));
  return views;
}

bool ElementwiseStep::may_overwrite(BufferId read, BufferId written) const {
  const auto value = std::ranges::find(values_, std::optional(written), &Value::stored);
  if (value == values_.end()) return false;
  const std::size_t action = value_action_[static_cast<std::size_t>(value - values_.begin())];
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (views_[i].buffer != read) continue;
    if (!is_contiguous(views_[i]) || views_[i].offset != 0 || last_use_[i] > action) return false;
  }
  return true;
}

std::int64_t ElementwiseStep::scratch_elements() const {
  return static_cast<std::int64_t>(tiles_) * std::min(kTile, shape_.elements());
}

template <class T>
class ElementwiseLoop final : public Instruction {
 public:
  ElementwiseLoop(const Memory& memory, const ElementwiseStep* step)
      : elements_(step->shape_.elements()), tile_(std::min(ElementwiseStep::kTile, elements_)) {
    auto* scratch = static_cast<T*>(memory.scratch());
    const auto tile_at = [&](std::size_t tile) { return scratch + static_cast<std::int64_t>(tile) * tile_; };
    for (const ElementwiseStep::Action& action : step->actions_) {
      Call call;
      if (action.loads) {
        const View& view = step->views_[action.index];
        call.load = static_cast<int>(loads_.size());
        loads_.push_back({loop_over(view), memory.at<T>(view)});
        call.out = {tile_at(step->view_tiles_[action.index]), 0};
      } else {
        const ElementwiseStep::Value& value = step->values_[action.index];
        std::size_t mode = 0;
        for (std::size_t k = 0; k < value.operand_count; ++k) {
          const ElementwiseStep::Operand operand = value.operands[k];
          const ElementwiseStep::Access access = step->access(value, k);
          if (access == ElementwiseStep::Access::single && elements_ > 1) mode |= std::size_t{1} << k;
          const std::int64_t stride = access == ElementwiseStep::Access::stream ? tile_ : 0;
          T* at = nullptr;
          if (operand.is_value) {
            const ElementwiseStep::Value& from = step->values_[operand.index];
            at = from.stored ? static_cast<T*>(memory.of(*from.stored)) : tile_at(from.tile);
          } else {
            at = access == ElementwiseStep::Access::tile ? tile_at(step->view_tiles_[operand.index])
                                                         : memory.at<T>(step->views_[operand.index]);
          }
          call.operands[k] = {at, stride};
        }
        call.kernel = kernels::table<T>().elementwise[static_cast<std::size_t>(value.function)][mode];
        call.out = value.stored ? Place{static_cast<T*>(memory.of(*value.stored)), tile_}
                                : Place{tile_at(value.tile), 0};
      }
      calls_.push_back(call);
    }
  }

  void run() override {
    for (std::int64_t tile = 0, begin = 0; begin < elements_; ++tile, begin += tile_) {
      const std::int64_t n = std::min(tile_, elements_ - begin);
      for (const Call& call : calls_) {
        if (call.load >= 0) {
          const Load& load = loads_[static_cast<std::size_t>(call.load)];
          gather_strided(load.loop, load.from, begin, n, call.out.at(tile));
        } else {
          call.kernel(call.out.at(tile), call.operands[0].at(tile), call.operands[1].at(tile),
                      call.operands[2].at(tile), static_cast<std::size_t>(n));
        }
      }
    }
  }

 private:
  /// A pointer that moves from tile to tile, or stays.
  struct Place {
    T* first = nullptr;
    std::int64_t stride = 0;
    [[nodiscard]] T* at(std::int64_t tile) const { return first + tile * stride; }
  };
  struct Call {
    kernels::ElementwiseKernel<T> kernel = nullptr;
    Place out;
    std::array<Place, 3> operands;
    int load = -1;  ///< index into loads_, or none
  };
  struct Load {
    Loop loop;
    const T* from;
  };

  std::int64_t elements_, tile_;
  std::vector<Call> calls_;
  std::vector<Load> loads_;
};

std::unique_ptr<Instruction> ElementwiseStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<ElementwiseLoop>(dtype, memory, this);
}

std::string ElementwiseStep::text() const {
  std::string text = "elementwise " + to_string(shape_) + ":";
  for (const Value& value : values_) text += " " + std::string(name_of(value.function));
  return text;
}

}  // namespace talweg
