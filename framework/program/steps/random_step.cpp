#include "program/steps/random_step.hpp"

#include "graph/op.hpp"
#include "ops/random.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// From here on the draws are worth more than the threads' coming together.
constexpr std::int64_t kElementsForThreads = 8192;

template <class T>
class Random final : public Instruction {
 public:
  Random(const Memory& memory, const Node* node, const View& step, const View& to)
      : attributes_(node->attributes),
        fill_(find_fill_random<T>(node->op->name)),
        step_(memory.at<T>(step)),
        to_(memory.at<T>(to)),
        elements_(to.shape.elements()),
        pool_(elements_ >= kElementsForThreads ? memory.pool() : nullptr) {}

  void run() override {
    if (pool_ == nullptr) return draw({0, elements_});
    pool_->run([&](int piece) { draw(piece_of(elements_, piece, pool_->threads(), kGrain)); });
  }

 private:
  /// A cache line of the wider type.
  static constexpr std::int64_t kGrain = 2 * kDrawBlock;

  void draw(Range range) { fill_(attributes_, *step_, range.begin, range.end, to_ + range.begin); }

  const Attributes& attributes_;
  FillRandom<T> fill_;
  const T* step_;
  T* to_;
  std::int64_t elements_;
  ThreadPool* pool_;
};

}  // namespace

std::unique_ptr<Instruction> RandomStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Random>(dtype, memory, &node_, step_, to_);
}

std::string RandomStep::text() const { return node_.op->name + " " + to_string(to_.shape); }

}  // namespace talweg
