#include "program/steps/coded_elementwise.hpp"

#include <algorithm>
#include <array>

#include "program/machine_code/vector_code.hpp"
#include "program/strided.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// Of views and of what is stored.
constexpr std::size_t kMostPlaces = 64;

template <class T>
class CodedLoop final : public Instruction {
 public:
  CodedLoop(const Memory& memory, const ElementwiseStep& step, VectorCode code)
      : elements_(step.shape().elements()), tile_(step.tile()), code_(std::move(code)) {
    if (step.is_worth_threads()) pool_ = memory.pool();
    auto* tile = static_cast<T*>(memory.scratch());
    if (pool_ != nullptr) scratch_of_piece_ = static_cast<T*>(memory.scratch(1)) - tile;
    for (const View& view : step.views()) {
      const std::optional<std::int64_t> stride = step.tile_stride(view);
      if (stride) {
        is_one_run_ &= *stride == (step.repeats_in_tile(view) ? 0 : tile_);
        add(memory.at<T>(view), *stride);
      } else {
        is_one_run_ = false;
        loads_.push_back({loop_over(view), memory.at<T>(view), number_});
        add(tile, 0);
        tile += step.padded_tile();
      }
    }
    for (const ElementwiseStep::Value& value : step.values())
      if (value.stored) add(static_cast<T*>(memory.of(*value.stored)), tile_);
  }

  void run() override {
    if (elements_ <= tile_ && loads_.empty())
      code_.run(first_.data(), static_cast<std::size_t>(elements_));
    else
      run_all();
  }

 private:
  /// A view that is loaded into a tile, whose place is that.
  struct Load {
    Loop loop;
    const T* from;
    std::size_t place;
  };

  void add(T* first, std::int64_t stride) {
    first_[number_] = first;
    strides_[number_++] = stride;
  }

  void run_all() {
    const std::int64_t tiles = (elements_ + tile_ - 1) / tile_;
    if (pool_ == nullptr) return run_tiles({0, tiles}, 0);
    pool_->run([&](int piece) { run_tiles(piece_of(tiles, piece, pool_->threads(), 1), piece); });
  }

  void run_tiles(Range tiles, int piece) const {
    const std::int64_t step = is_one_run_ ? tiles.size() : 1;
    for (std::int64_t tile = tiles.begin; tile < tiles.end; tile += step) {
      const std::int64_t begin = tile * tile_, n = std::min(step * tile_, elements_ - begin);
      std::array<void*, kMostPlaces> places;
      for (std::size_t i = 0; i < number_; ++i) places[i] = static_cast<T*>(first_[i]) + tile * strides_[i];
      for (const Load& load : loads_) {
        T* to = static_cast<T*>(first_[load.place]) + piece * scratch_of_piece_;
        gather_strided(load.loop, load.from, begin, n, to);
        places[load.place] = to;
      }
      code_.run(places.data(), static_cast<std::size_t>(n));
    }
  }

  std::int64_t elements_, tile_;
  VectorCode code_;
  std::size_t number_ = 0;
  std::array<void*, kMostPlaces> first_;           ///< where the first tile is
  std::array<std::int64_t, kMostPlaces> strides_;  ///< from a tile to the next
  std::vector<Load> loads_;
  bool is_one_run_ = true;  ///< is everything at its place when all tiles are one?
  std::int64_t scratch_of_piece_ = 0;
  ThreadPool* pool_ = nullptr;
};

/// A place for each view, then for each value that is stored.
CodeFunctions functions_of(const ElementwiseStep& step) {
  constexpr std::int64_t kFewElements = 8;  // for which code of their own is shorter
  CodeFunctions functions;
  if (step.shape().elements() <= kFewElements)
    functions.elements = static_cast<std::size_t>(step.shape().elements());
  const auto next_place = [&] { return CodePlace{static_cast<std::uint32_t>(functions.places++)}; };
  for (const View& view : step.views())
    functions.sources.push_back({next_place(), step.tile_stride(view) && step.repeats_in_tile(view)});
  for (const ElementwiseStep::Value& value : step.values()) {
    functions.values.push_back({value.function, value.operands, value.operand_count, std::nullopt});
    if (value.stored) functions.values.back().stored = next_place();
  }
  return functions;
}

}  // namespace

std::unique_ptr<Instruction> bind_as_code(const ElementwiseStep& step, const Memory& memory, DType dtype) {
  if (step.shape().elements() == 0 || step.passes() < 2 ||
      step.views().size() + step.writes().size() > kMostPlaces)
    return nullptr;
  const std::optional<VectorCode> code = VectorCode::generate(functions_of(step), dtype);
  if (!code) return nullptr;
  return bind_as<CodedLoop>(dtype, memory, step, *code);
}

}  // namespace talweg
