#pragma once

#if defined(__x86_64__)

#include <array>
#include <cstddef>

#include "program/machine_code/vector_assembler.hpp"

namespace talweg {

/// The code of a sigmoid, rounded as kernels/sigmoid.hpp has it: of doubles, with AVX-512.
class SigmoidCode {
 public:
  using Vector = VectorAssembler::Vector;
  static constexpr std::size_t kTemporaries = 7;

  explicit SigmoidCode(VectorAssembler& assembler) : code_(assembler) {}

  /// `out` may be the register of x, temporaries may not.
  void write(const Vector& out, const Vector& x, const std::array<Vector, kTemporaries>& temporaries);
  /// What the code reads, behind all code. Nothing if there is no sigmoid in it.
  void write_constants();

 private:
  VectorAssembler& code_;
  bool is_used_ = false;
  Xbyak::Label numbers_, lost_, powers_;
};

}  // namespace talweg

#endif
