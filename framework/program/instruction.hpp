#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/dtype.hpp"
#include "program/view.hpp"

namespace talweg {

class ThreadPool;

/// A part of a compiled program: bound to memory, it runs without allocating.
class Instruction {
 public:
  virtual ~Instruction() = default;
  virtual void run() = 0;
  /// Did the last run do nothing, since nobody needs the results?
  [[nodiscard]] virtual bool was_needless() const { return false; }
  /// Operations of its step (Step::operations) that the last run found needless.
  [[nodiscard]] virtual double left_out() const { return 0; }
};

/// Where the buffers of a plan are.
class Memory {
 public:
  virtual ~Memory() = default;
  [[nodiscard]] virtual void* of(BufferId buffer) const = 0;
  /// Elements from the buffer's beginning on that are nobody else's: its own, and what is left free behind
  /// them.
  [[nodiscard]] virtual std::int64_t room(BufferId buffer) const = 0;
  /// Memory that every step may use for itself, of as many elements as the most demanding step asks for: a
  /// piece of it for each thread of the pool.
  [[nodiscard]] virtual void* scratch(int piece = 0) const = 0;
  /// Threads that an instruction may divide its work among. Null where the program has one thread.
  [[nodiscard]] virtual ThreadPool* pool() const = 0;

  /// The first element of a view.
  template <class T>
  [[nodiscard]] T* at(const View& view) const {
    return static_cast<T*>(of(view.buffer)) + view.offset;
  }
};

/// A part of a program before it has memory: what it reads and writes, so that memory can be planned.
class Step {
 public:
  virtual ~Step() = default;

  [[nodiscard]] virtual std::vector<View> reads() const = 0;
  [[nodiscard]] virtual std::vector<View> writes() const = 0;
  /// May the buffer that is written be the memory of `read`, of which this step is the last reader? Both are
  /// contiguous, of one size, and begin at the same place.
  [[nodiscard]] virtual bool may_overwrite(BufferId /*read*/, BufferId /*written*/) const { return false; }
  [[nodiscard]] virtual std::int64_t scratch_elements() const { return 0; }
  /// Additions, multiplications and function values of a run, for profiles.
  [[nodiscard]] virtual double operations() const { return 0; }

  [[nodiscard]] virtual std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const = 0;
  /// For people: what it does, without operands.
  [[nodiscard]] virtual std::string text() const = 0;
};

/// Makes an instruction of the program's floating type: bind_as<Bound>(dtype, arguments...) makes a
/// Bound<float> or a Bound<double>.
template <template <class> class Bound, class... Arguments>
std::unique_ptr<Instruction> bind_as(DType dtype, const Arguments&... arguments) {
  if (dtype == DType::float32) return std::make_unique<Bound<float>>(arguments...);
  return std::make_unique<Bound<double>>(arguments...);
}

}  // namespace talweg
