#include "program/machine_code/vector_assembler.hpp"

#if defined(__x86_64__)

namespace talweg {

VectorAssembler::VectorAssembler(DType dtype, Instructions instructions, int vector_bytes,
                                 std::span<std::uint8_t> room)
    : CodeGenerator(room.size(), room.data()),
      dtype_(dtype),
      instructions_(instructions),
      vector_bytes_(vector_bytes) {}

VectorAssembler::Vector VectorAssembler::vector(int index) const {
  constexpr int kBytesOfZmm = 64;
  if (vector_bytes_ == kBytesOfZmm) return Xbyak::Zmm(index);
  return Vector(index);
}

void VectorAssembler::load_masked(const Vector& to, const Xbyak::Address& from) {
  if (has_masks()) return is_float() ? vmovups(to | k1 | T_z, from) : vmovupd(to | k1 | T_z, from);
  is_float() ? vmaskmovps(to, Vector(kMaskVector), from) : vmaskmovpd(to, Vector(kMaskVector), from);
}

void VectorAssembler::store_masked(const Xbyak::Address& to, const Vector& from) {
  if (has_masks()) return is_float() ? vmovups(to | k1, from) : vmovupd(to | k1, from);
  is_float() ? vmaskmovps(to, Vector(kMaskVector), from) : vmaskmovpd(to, Vector(kMaskVector), from);
}

void VectorAssembler::set_mask(const Xbyak::Reg64& elements) {
  if (has_masks()) {
    mov(eax, -1);
    bzhi(eax, eax, elements.cvt32());
    return kmovw(k1, eax);
  }
  const Vector mask(kMaskVector);
  const Xbyak::Xmm number(kMaskVector);
  vmovq(number, elements);
  is_float() ? vpbroadcastd(mask, number) : vpbroadcastq(mask, number);
  const Xbyak::Address lanes_before = ptr[rip + lane_numbers_];
  is_float() ? vpcmpgtd(mask, mask, lanes_before) : vpcmpgtq(mask, mask, lanes_before);
}

void VectorAssembler::load_number(const Vector& to, const Xbyak::Address& from) {
  is_float() ? vbroadcastss(to, from) : vbroadcastsd(to, from);
}

void VectorAssembler::write_constants() {
  if (has_masks()) return;
  align(vector_bytes_);
  L(lane_numbers_);
  for (int lane = 0; lane < lanes(); ++lane)
    write_constant(static_cast<std::uint32_t>(lane), static_cast<std::uint64_t>(lane));
}

void VectorAssembler::write_constant(std::uint32_t as_float, std::uint64_t as_double) {
  is_float() ? dd(as_float) : dq(as_double);
}

void VectorAssembler::set_zero(const Vector& out) {
  const Xbyak::Xmm all(out.getIdx());  // the rest of the register becomes zero, too
  vxorps(all, all, all);
}

void VectorAssembler::add(const Vector& out, const Vector& a, const Vector& b) {
  is_float() ? vaddps(out, a, b) : vaddpd(out, a, b);
}

void VectorAssembler::subtract(const Vector& out, const Vector& a, const Vector& b) {
  is_float() ? vsubps(out, a, b) : vsubpd(out, a, b);
}

void VectorAssembler::multiply(const Vector& out, const Vector& a, const Vector& b) {
  is_float() ? vmulps(out, a, b) : vmulpd(out, a, b);
}

void VectorAssembler::divide(const Vector& out, const Vector& a, const Vector& b) {
  is_float() ? vdivps(out, a, b) : vdivpd(out, a, b);
}

void VectorAssembler::multiply_add(const Vector& sum, const Vector& a, const Vector& b) {
  is_float() ? vfmadd231ps(sum, a, b) : vfmadd231pd(sum, a, b);
}

void VectorAssembler::square_root(const Vector& out, const Vector& a) {
  is_float() ? vsqrtps(out, a) : vsqrtpd(out, a);
}

void VectorAssembler::round(const Vector& out, const Vector& a, Rounding to) {
  if (has_masks()) return is_float() ? vrndscaleps(out, a, to) : vrndscalepd(out, a, to);
  is_float() ? vroundps(out, a, to) : vroundpd(out, a, to);
}

void VectorAssembler::compare(const Condition& out, const Vector& a, const Vector& b, Comparison comparison) {
  if (has_masks())
    return is_float() ? vcmpps(out.mask, a, b, comparison) : vcmppd(out.mask, a, b, comparison);
  is_float() ? vcmpps(out.vector, a, b, comparison) : vcmppd(out.vector, a, b, comparison);
}

void VectorAssembler::include(const Condition& condition, const Condition& other) {
  if (has_masks()) return korw(condition.mask, condition.mask, other.mask);
  vorps(condition.vector, condition.vector, other.vector);
}

void VectorAssembler::choose(const Vector& out, const Condition& condition, const Vector& a,
                             const Vector& b) {
  const auto& [vector, mask] = condition;
  if (has_masks()) return is_float() ? vblendmps(out | mask, b, a) : vblendmpd(out | mask, b, a);
  is_float() ? vblendvps(out, b, a, vector) : vblendvpd(out, b, a, vector);
}

void VectorAssembler::keep(const Vector& out, const Condition& condition, const Vector& a) {
  const auto& [vector, mask] = condition;
  if (has_masks()) return is_float() ? vmovaps(out | mask | T_z, a) : vmovapd(out | mask | T_z, a);
  vandps(out, vector, a);
}

}  // namespace talweg

#endif
