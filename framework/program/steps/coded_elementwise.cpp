#include "program/steps/coded_elementwise.hpp"

#include <algorithm>
#include <array>

#include "program/machine_code/elementwise_code.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

template <class T>
class CodedLoop final : public Instruction {
 public:
  static constexpr std::size_t kMostPlaces = 64;

  CodedLoop(const Memory& memory, const ElementwiseStep* step, const ElementwiseCode* code)
      : elements_(step->shape().elements()), tile_(step->tile()), code_(*code) {
    for (const View& view : step->views()) add(memory.at<T>(view), *step->tile_stride(view));
    for (const ElementwiseStep::Value& value : step->values())
      if (value.stored) add(static_cast<T*>(memory.of(*value.stored)), tile_);
    if (step->is_worth_threads()) pool_ = memory.pool();
    for (std::size_t i = 0; i < step->views().size(); ++i) {
      const bool stays = step->repeats_in_tile(step->views()[i]) && strides_[i] == 0;
      is_one_run_ &= stays || strides_[i] == tile_;
    }
  }

  void run() override {
    if (elements_ <= tile_)
      code_.run(first_.data(), static_cast<std::size_t>(elements_));
    else
      run_all();
  }

 private:
  void add(T* first, std::int64_t stride) {
    first_[number_] = first;
    strides_[number_++] = stride;
  }

  void run_all() {
    const std::int64_t tiles = (elements_ + tile_ - 1) / tile_;
    if (pool_ == nullptr) return run_tiles({0, tiles});
    pool_->run([&](int piece) { run_tiles(piece_of(tiles, piece, pool_->threads(), 1)); });
  }

  void run_tiles(Range tiles) const {
    const std::int64_t step = is_one_run_ ? tiles.size() : 1;
    for (std::int64_t tile = tiles.begin; tile < tiles.end; tile += step) {
      std::array<void*, kMostPlaces> places;
      for (std::size_t i = 0; i < number_; ++i) places[i] = static_cast<T*>(first_[i]) + tile * strides_[i];
      const std::int64_t end = std::min((tile + step) * tile_, elements_);
      code_.run(places.data(), static_cast<std::size_t>(end - tile * tile_));
    }
  }

  std::int64_t elements_, tile_;
  ElementwiseCode code_;
  std::size_t number_ = 0;
  std::array<void*, kMostPlaces> first_;           ///< where the first tile is
  std::array<std::int64_t, kMostPlaces> strides_;  ///< from a tile to the next
  bool is_one_run_ = true;                         ///< need places not be set for each tile?
  ThreadPool* pool_ = nullptr;
};

}  // namespace

std::unique_ptr<Instruction> bind_as_code(const ElementwiseStep& step, const Memory& memory, DType dtype) {
  if (step.shape().elements() == 0 || step.passes() < 2 ||
      step.views().size() + step.values().size() > CodedLoop<float>::kMostPlaces)
    return nullptr;
  std::vector<bool> repeats;
  for (const View& view : step.views()) {
    if (!step.tile_stride(view)) return nullptr;
    repeats.push_back(step.repeats_in_tile(view));
  }
  const std::optional<ElementwiseCode> code = ElementwiseCode::generate(step.values(), repeats, dtype);
  if (!code) return nullptr;
  const ElementwiseStep* bound = &step;
  const ElementwiseCode* generated = &*code;
  return bind_as<CodedLoop>(dtype, memory, bound, generated);
}

}  // namespace talweg
