#include "program/steps/elementwise_step.hpp"

#include <algorithm>

#include "program/elementwise_functions.hpp"
#include "program/steps/coded_elementwise.hpp"
#include "program/strided.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// The same elements in the same order, without gaps, in whatever shapes?
bool have_same_elements(const View& a, const View& b) {
  return a.buffer == b.buffer && a.offset == b.offset && a.shape.elements() == b.shape.elements() &&
         is_contiguous(a) && is_contiguous(b);
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
    if (views_[i] == view) return {false, static_cast<std::uint32_t>(i)};
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

std::vector<std::uint32_t> ElementwiseStep::absorb(const ElementwiseStep& other) {
  std::vector<Operand> views;
  for (const View& view : other.views_) {
    const std::optional<std::uint32_t> stored = find_stored(view);
    views.push_back(stored ? Operand{true, *stored} : add_view(view));
  }
  std::vector<std::uint32_t> now;
  for (Value value : other.values_) {
    for (std::size_t k = 0; k < value.operand_count; ++k) {
      Operand& operand = value.operands[k];
      operand = operand.is_value ? Operand{true, now[operand.index]} : views[operand.index];
    }
    values_.push_back(value);
    now.push_back(static_cast<std::uint32_t>(values_.size() - 1));
  }
  return now;
}

std::optional<std::uint32_t> ElementwiseStep::find_stored(const View& view) const {
  const auto value = std::ranges::find(values_, std::optional(view.buffer), &Value::stored);
  if (value == values_.end() || !(view == contiguous_view(view.buffer, shape_))) return std::nullopt;
  return static_cast<std::uint32_t>(value - values_.begin());
}

bool ElementwiseStep::reads_buffer(BufferId buffer) const {
  return std::ranges::find(views_, buffer, &View::buffer) != views_.end();
}

std::optional<ElementwiseStep::ScaledSubtraction> ElementwiseStep::scaled_subtraction() const {
  using enum kernels::Elementwise;
  if (values_.empty() || values_.size() > 2 || shape_.elements() < 2) return std::nullopt;
  const Value &first = values_.front(), &difference = values_.back();
  const bool is_scaled = values_.size() == 2;
  if (difference.function != subtract || !difference.stored || difference.operands[0].is_value ||
      difference.operands[1].is_value != is_scaled ||
      (is_scaled && (first.function != multiply || first.stored)))
    return std::nullopt;
  const auto view = [&](const Operand& operand) { return views_[operand.index]; };
  const View x = view(difference.operands[0]);
  View g = view(is_scaled ? first.operands[1] : difference.operands[1]);
  std::optional<View> scale;
  if (is_scaled) {
    scale = view(first.operands[0]);
    if (is_single(g)) std::swap(*scale, g);
    if (!is_single(*scale)) return std::nullopt;
  }
  if (!is_contiguous(g) || !is_contiguous(x)) return std::nullopt;
  return ScaledSubtraction{x, g, scale, *difference.stored};
}

std::optional<ElementwiseStep::SumWithRow> ElementwiseStep::sum_with_row(const View& matrix) const {
  if (!(shape_ == matrix.shape) || std::ranges::count(views_, matrix.buffer, &View::buffer) != 1)
    return std::nullopt;
  const auto index =
      static_cast<std::uint32_t>(std::ranges::find(views_, matrix.buffer, &View::buffer) - views_.begin());
  if (!(views_[index] == matrix)) return std::nullopt;
  std::optional<SumWithRow> found;
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    const std::span<const Operand> operands(values_[i].operands.data(), values_[i].operand_count);
    const Operand sought{false, index};
    if (std::ranges::find(operands, sought) == operands.end()) continue;
    if (found || values_[i].function != kernels::Elementwise::add) return std::nullopt;
    const Operand other = operands[operands[0] == sought ? 1 : 0];
    if (other.is_value || other == sought) return std::nullopt;
    const View& row = views_[other.index];
    if (row.stride(0) != 0 || row.stride(1) != 1) return std::nullopt;
    found = {i, row};
  }
  return found;
}

std::unique_ptr<ElementwiseStep> ElementwiseStep::without(std::uint32_t value, const View& view) const {
  auto result = std::make_unique<ElementwiseStep>(shape_);
  std::vector<Operand> now;
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    if (i == value) {
      now.push_back(result->add_view(view));
      continue;
    }
    std::vector<Operand> operands;
    for (std::size_t k = 0; k < values_[i].operand_count; ++k) {
      const Operand& operand = values_[i].operands[k];
      operands.push_back(operand.is_value ? now[operand.index] : result->add_view(views_[operand.index]));
    }
    now.push_back({true, result->add_value(values_[i].function, operands)});
    if (values_[i].stored) result->store(now.back().index, *values_[i].stored);
  }
  if (result->values_.empty()) return nullptr;
  result->finish();
  return result;
}

std::optional<BufferId> ElementwiseStep::relu_of(const View& matrix) const {
  if (values_.size() != 1 || values_[0].function != kernels::Elementwise::relu ||
      !have_same_elements(views_.front(), matrix))
    return std::nullopt;
  return values_[0].stored;
}

std::optional<ElementwiseStep::Masked> ElementwiseStep::masked(const View& matrix) const {
  using enum kernels::Elementwise;
  if (values_.size() != 2 || !is_in_order()) return std::nullopt;
  const Value &compared = values_[0], &chosen = values_[1];
  if (compared.function != less_equal || chosen.function != where || compared.stored || !chosen.stored ||
      chosen.operands[0] != Operand{true, 0} || chosen.operands[1].is_value || chosen.operands[2].is_value)
    return std::nullopt;
  const auto view = [&](const Operand& operand) { return views_[operand.index]; };
  const View &mask = view(compared.operands[0]), &of = view(chosen.operands[2]);
  if (!have_same_elements(of, matrix) || mask.buffer == of.buffer || is_single(mask)) return std::nullopt;
  return Masked{mask, view(compared.operands[1]), view(chosen.operands[1]), *chosen.stored};
}

bool ElementwiseStep::is_in_order() const {
  return std::ranges::all_of(views_, [](const View& view) { return is_single(view) || is_contiguous(view); });
}

bool ElementwiseStep::is_divisible() const { return shape_.rank() == 1 && is_in_order(); }

std::unique_ptr<ElementwiseStep> ElementwiseStep::part(
    std::int64_t count, const std::function<View(const View&)>& place,
    const std::function<BufferId(BufferId)>& storage) const {
  auto result = std::make_unique<ElementwiseStep>(Shape{count});
  for (const View& view : views_)
    result->views_.push_back(
        is_single(view) ? broadcast_to(contiguous_view(view.buffer, {}, view.offset), {count}) : place(view));
  result->values_ = values_;
  for (Value& value : result->values_)
    if (value.stored) value.stored = storage(*value.stored);
  result->finish();
  return result;
}

ElementwiseStep::Access ElementwiseStep::access(const Value& value, std::size_t k) const {
  const Operand operand = value.operands[k];
  if (operand.is_value) return values_[operand.index].stored ? Access::stream : Access::tile;
  const View& view = views_[operand.index];
  if (!tile_stride(view)) return Access::tile;
  if (!repeats_in_tile(view)) return Access::stream;
  // Functions of one value have no kernel for an operand that is the same everywhere.
  return value.operand_count > 1 ? Access::single : Access::tile;
}

std::optional<std::int64_t> ElementwiseStep::tile_stride(const View& view) const {
  if (is_contiguous(view)) return tile_;
  if (is_single(view)) return 0;
  const Loop loop = loop_over(view);
  const auto [size, stride] = loop.axes[1];
  if (loop.rank != 2 || size != tile_ || stride < 0 || stride > 1) return std::nullopt;
  return loop.axes[0].stride;
}

bool ElementwiseStep::repeats_in_tile(const View& view) const {
  const Loop loop = loop_over(view);
  return !is_contiguous(view) && loop.span().back().stride != 1;
}

std::int64_t ElementwiseStep::choose_tile() const {
  for (const View& view : views_) {
    const Loop loop = loop_over(view);
    if (loop.rank != 2) continue;
    const Loop::Axis last = loop.axes[1];
    if (last.size >= kShortestRow && last.size <= kLongestRow && (last.stride == 0 || last.stride == 1))
      return last.size;
  }
  return std::min(kTile, shape_.elements());
}

std::int64_t ElementwiseStep::padded_tile() const {
  constexpr std::int64_t kElements = kernels::kVectorBytes / sizeof(float);
  return (tile_ + kElements - 1) / kElements * kElements;
}

double ElementwiseStep::work() const {
  constexpr double kFunction = 10;  // of exp and its like
  double work = 0;
  for (const Value& value : values_) work += is_simple(value.function) ? 1 : kFunction;
  return work * static_cast<double>(shape_.elements());
}

bool ElementwiseStep::is_worth_threads() const {
  constexpr double kWorkForThreads = 1 << 16;
  return shape_.elements() > tile_ && work() >= kWorkForThreads;
}

void ElementwiseStep::finish() {
  tile_ = choose_tile();
  calls_ = calls_for(values_, [this](const Value& value, std::size_t operand) {
    return shape_.elements() > 1 && access(value, operand) == Access::single;
  });
  order_actions();
  give_tiles();
}

void ElementwiseStep::order_actions() {
  std::vector<bool> loaded(views_.size(), false);
  value_last_use_.assign(values_.size(), kNever);
  last_use_.assign(views_.size(), kNever);
  value_action_.assign(values_.size(), 0);
  for (std::uint32_t i = 0; i < calls_.size(); ++i) {
    const TileCall& call = calls_[i];
    for (const std::optional<TileCall::Leaf>& leaf : call.operands) {
      if (!leaf) continue;
      const Operand from = operand(*leaf);
      if (from.is_value || access(*leaf) != Access::tile || loaded[from.index]) continue;
      loaded[from.index] = true;
      actions_.push_back({true, from.index});
    }
    for (const std::optional<TileCall::Leaf>& leaf : call.operands) {
      if (!leaf) continue;
      const Operand from = operand(*leaf);
      (from.is_value ? value_last_use_ : last_use_)[from.index] = actions_.size();
    }
    value_action_[call.value] = actions_.size();
    actions_.push_back({false, i});
  }
}

void ElementwiseStep::give_tiles() {
  view_tiles_.assign(views_.size(), 0);
  Tiles tiles;
  for (std::size_t at = 0; at < actions_.size(); ++at) {
    const Action& action = actions_[at];
    if (action.loads) {
      view_tiles_[action.index] = tiles.take();
      continue;
    }
    const TileCall& call = calls_[action.index];
    // A tile that is read for the last time may be written by the same call.
    std::vector<Operand> seen;
    for (const std::optional<TileCall::Leaf>& leaf : call.operands) {
      if (!leaf || access(*leaf) != Access::tile) continue;
      const Operand from = operand(*leaf);
      if (std::ranges::find(seen, from) != seen.end()) continue;
      seen.push_back(from);
      if (from.is_value && value_last_use_[from.index] == at) tiles.give_back(values_[from.index].tile);
      if (!from.is_value && last_use_[from.index] == at) tiles.give_back(view_tiles_[from.index]);
    }
    Value& value = values_[call.value];
    if (!value.stored) {
      value.tile = tiles.take();
      if (value_last_use_[call.value] == kNever) tiles.give_back(value.tile);
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
  const auto loaded =
      std::ranges::count_if(views_, [this](const View& view) { return !tile_stride(view).has_value(); });
  return std::max(static_cast<std::int64_t>(tiles_), loaded) * padded_tile();
}

template <class T>
class ElementwiseLoop final : public Instruction {
 public:
  ElementwiseLoop(const Memory& memory, const ElementwiseStep* step)
      : elements_(step->shape_.elements()),
        tile_(step->tile_),
        tiles_(tile_ == 0 ? 0 : (elements_ + tile_ - 1) / tile_),
        padded_tile_(step->padded_tile()),
        scratch_(static_cast<T*>(memory.scratch())) {
    if (step->is_worth_threads()) pool_ = memory.pool();
    if (pool_ != nullptr) scratch_of_piece_ = static_cast<T*>(memory.scratch(1)) - scratch_;
    for (const ElementwiseStep::Action& action : step->actions_)
      calls_.push_back(action.loads ? load_call(memory, *step, step->views_[action.index], action.index)
                                    : kernel_call(memory, *step, step->calls_[action.index]));
  }

  void run() override {
    if (tiles_ == 1 && loads_.empty())
      run_only_tile();
    else
      run_all_tiles();
  }

 private:
  /// A pointer that moves from tile to tile, or stays.
  struct Place {
    T* first = nullptr;
    std::int64_t stride = 0;
    std::int64_t piece_stride = 0;
    [[nodiscard]] T* at(std::int64_t tile, int piece) const {
      return first + tile * stride + piece * piece_stride;
    }
  };
  struct Call {
    kernels::ElementwiseKernel<T> kernel = nullptr;
    kernels::KernelOfFour<T> of_four = nullptr;  ///< in place of `kernel`
    bool whole = false;                          ///< see kernels::ElementwiseKernel
    int load = -1;                               ///< index into loads_, or none
    Place out;
    std::array<Place, TileCall::kMostOperands> operands;
  };
  struct Load {
    Loop loop;
    const T* from;
  };

  [[nodiscard]] Place scratch_tile(std::size_t tile) const {
    return {scratch_ + static_cast<std::int64_t>(tile) * padded_tile_, 0, scratch_of_piece_};
  }

  Call load_call(const Memory& memory, const ElementwiseStep& step, const View& view, std::uint32_t index) {
    Call call;
    call.load = static_cast<int>(loads_.size());
    loads_.push_back({loop_over(view), memory.at<T>(view)});
    call.out = scratch_tile(step.view_tiles_[index]);
    return call;
  }

  Call kernel_call(const Memory& memory, const ElementwiseStep& step, const TileCall& tile_call) {
    Call call;
    std::size_t mode = 0;
    for (std::size_t k = 0; k < tile_call.operands.size(); ++k) {
      const std::optional<TileCall::Leaf>& leaf = tile_call.operands[k];
      if (!leaf) continue;
      const ElementwiseStep::Operand operand = step.operand(*leaf);
      const ElementwiseStep::Access access = step.access(*leaf);
      if (access == ElementwiseStep::Access::single && elements_ > 1) mode |= std::size_t{1} << k;
      if (operand.is_value)
        call.operands[k] = place_of(memory, step.values_[operand.index]);
      else if (access == ElementwiseStep::Access::tile)
        call.operands[k] = scratch_tile(step.view_tiles_[operand.index]);
      else
        call.operands[k] = {memory.at<T>(step.views_[operand.index]),
                            *step.tile_stride(step.views_[operand.index]), 0};
    }
    set_kernel(call, tile_call, mode);
    const ElementwiseStep::Value& value = step.values_[tile_call.value];
    call.out = place_of(memory, value);
    call.whole = !value.stored || (tiles_ == 1 && memory.room(*value.stored) >= padded_tile_);
    return call;
  }

  /// `mode`: bit k where operand k is a single number.
  void set_kernel(Call& call, const TileCall& tile_call, std::size_t mode) const {
    const auto& table = kernels::table_for<T>(static_cast<std::size_t>(std::min(tile_, elements_)));
    if (const auto* function = std::get_if<kernels::Elementwise>(&tile_call.kernel)) {
      call.kernel = table.elementwise[static_cast<std::size_t>(*function)][mode];
    } else if (const auto* both = std::get_if<Composed>(&tile_call.kernel)) {
      call.kernel =
          table.composed[static_cast<std::size_t>(both->inner)][static_cast<std::size_t>(both->outer)][mode];
    } else if (const auto* products = std::get_if<Products>(&tile_call.kernel)) {
      const std::size_t singles = (mode & 1U) | (mode >> 1U & 2U);  // of a and c
      call.of_four = table.products[products->subtracts ? 1 : 0][products->squares ? 1 : 0][singles];
    } else if (std::holds_alternative<ProductOfDifference>(tile_call.kernel)) {
      call.of_four = table.product_of_difference[mode & 1U];
    } else {
      const kernels::Choice choice = std::get<Chosen>(tile_call.kernel).choice;
      call.of_four = table.choice[static_cast<std::size_t>(choice)][mode >> 1U];
    }
  }

  [[nodiscard]] Place place_of(const Memory& memory, const ElementwiseStep::Value& value) const {
    if (value.stored) return {static_cast<T*>(memory.of(*value.stored)), tile_, 0};
    return scratch_tile(value.tile);
  }

  /// `at` says where a place is.
  template <class At>
  static void run_kernel(const Call& call, const At& at, std::int64_t elements) {
    const auto& [a, b, c, d] = call.operands;
    const auto n = static_cast<std::size_t>(elements);
    if (call.of_four == nullptr)
      call.kernel(at(call.out), at(a), at(b), at(c), n, call.whole);
    else
      call.of_four(at(call.out), at(a), at(b), at(c), at(d), n, call.whole);
  }

  /// Of tiny networks, looking where the only tile begins would be a part of the time.
  void run_only_tile() {
    for (const Call& call : calls_)
      run_kernel(
          call, [](const Place& place) { return place.first; }, elements_);
  }

  /// Not inlined, so that tiny networks need not save the registers that it uses.
  [[gnu::noinline]] void run_all_tiles() {
    if (pool_ == nullptr) return run_tiles(0, tiles_, 0);
    pool_->run([this](int piece) {
      const Range tiles = piece_of(tiles_, piece, pool_->threads(), 1);
      run_tiles(tiles.begin, tiles.end, piece);
    });
  }

  void run_tiles(std::int64_t first, std::int64_t last, int piece) {
    for (std::int64_t tile = first; tile < last; ++tile) {
      const auto at = [tile, piece](const Place& place) { return place.at(tile, piece); };
      const std::int64_t begin = tile * tile_, n = std::min(tile_, elements_ - begin);
      for (const Call& call : calls_) {
        if (call.load >= 0) {
          const Load& load = loads_[static_cast<std::size_t>(call.load)];
          gather_strided(load.loop, load.from, begin, n, at(call.out));
        } else {
          run_kernel(call, at, n);
        }
      }
    }
  }

  std::int64_t elements_, tile_, tiles_, padded_tile_;
  T* scratch_;
  std::int64_t scratch_of_piece_ = 0;
  ThreadPool* pool_ = nullptr;
  std::vector<Call> calls_;
  std::vector<Load> loads_;
};

std::unique_ptr<Instruction> ElementwiseStep::bind(const Memory& memory, DType dtype) const {
  if (auto code = bind_as_code(*this, memory, dtype)) return code;
  return bind_as<ElementwiseLoop>(dtype, memory, this);
}

std::string ElementwiseStep::text() const {
  std::string text = "elementwise " + to_string(shape_) + ":";
  for (const Value& value : values_) text += " " + std::string(name_of(value.function));
  return text;
}

}  // namespace talweg
