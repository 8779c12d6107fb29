#pragma once

#if defined(__x86_64__)

#include <xbyak/xbyak.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "graph/dtype.hpp"

namespace talweg {

/// The instructions on vectors that generated code consists of: those of AVX2 or, where there are registers
/// for masks and twice as many for vectors, of AVX-512.
class VectorAssembler : public Xbyak::CodeGenerator {
 public:
  using Vector = Xbyak::Ymm;  // or a Zmm, whose kind it keeps

  enum class Instructions : std::uint8_t { avx2, avx512 };

  /// How two numbers compare, as the instruction has it. Where one is NaN, they are unordered and differ.
  enum Comparison : std::uint8_t {
    kEqual = 0,
    kUnordered = 3,
    kDiffer = 4,
    kLess = 17,
    kLessEqual = 18,
    kNotLessEqual = 22,
    kGreaterEqual = 29,
    kGreater = 30
  };

  /// Rounding to integers, without a report that it was inexact.
  enum Rounding : std::uint8_t { kNearest = 8, kDown = 9, kUp = 10 };

  /// What holds for some of a vector's elements: its mask or, with AVX2, all bits of theirs in a vector.
  struct Condition {
    Vector vector;
    Xbyak::Opmask mask;
  };

  /// The code lies in `room`. Throws Xbyak::Error where it is longer.
  VectorAssembler(DType dtype, Instructions instructions, int vector_bytes, std::span<std::uint8_t> room);

  [[nodiscard]] bool is_float() const { return dtype_ == DType::float32; }
  [[nodiscard]] bool has_masks() const { return instructions_ == Instructions::avx512; }
  [[nodiscard]] int bytes() const { return is_float() ? 4 : 8; }
  [[nodiscard]] int lanes() const { return vector_bytes_ / bytes(); }

  /// Registers for vectors, for any purpose.
  [[nodiscard]] static constexpr int registers(Instructions instructions) {
    return instructions == Instructions::avx512 ? 32 : kMaskVector;
  }
  [[nodiscard]] Vector vector(int index) const;

  /// A condition in this vector or, where there are masks, in the first or second of them.
  [[nodiscard]] Condition first_condition(const Vector& in) const { return {in, k2}; }
  [[nodiscard]] Condition second_condition(const Vector& in) const { return {in, k3}; }

  void load(const Vector& to, const Xbyak::Address& from) { vmovups(to, from); }
  void store(const Xbyak::Address& to, const Vector& from) { vmovups(to, from); }
  /// The first elements alone, see set_mask.
  void load_masked(const Vector& to, const Xbyak::Address& from);
  void store_masked(const Xbyak::Address& to, const Vector& from);
  /// So many elements are loaded and stored: fewer than a vector has. Changes rax.
  void set_mask(const Xbyak::Reg64& elements);
  /// One number for all elements.
  void load_number(const Vector& to, const Xbyak::Address& from);
  /// What set_mask needs, behind the code.
  void write_constants();
  /// A number in memory, by its bits.
  void write_constant(std::uint32_t as_float, std::uint64_t as_double);

  using CodeGenerator::add;
  void set_zero(const Vector& out);
  void add(const Vector& out, const Vector& a, const Vector& b);
  void subtract(const Vector& out, const Vector& a, const Vector& b);
  void multiply(const Vector& out, const Vector& a, const Vector& b);
  void divide(const Vector& out, const Vector& a, const Vector& b);
  /// sum += a b, rounded once.
  void multiply_add(const Vector& sum, const Vector& a, const Vector& b);
  void square_root(const Vector& out, const Vector& a);
  void round(const Vector& out, const Vector& a, Rounding to);

  void compare(const Condition& out, const Vector& a, const Vector& b, Comparison comparison);
  /// `condition` holds where it or the other does.
  void include(const Condition& condition, const Condition& other);
  /// a where the condition holds, else b.
  void choose(const Vector& out, const Condition& condition, const Vector& a, const Vector& b);
  /// a where the condition holds, else 0.
  void keep(const Vector& out, const Condition& condition, const Vector& a);

 private:
  static constexpr int kMaskVector = 15;  ///< the register of the mask, with AVX2

  DType dtype_;
  Instructions instructions_;
  int vector_bytes_;
  Xbyak::Label lane_numbers_;
};

}  // namespace talweg

#endif
