#include "program/machine_code/elementwise_code.hpp"

#include "program/elementwise_functions.hpp"
#include "program/machine_code/code_memory.hpp"

#if defined(__x86_64__)

#include <xbyak/xbyak.h>

#include <algorithm>
#include <array>

namespace talweg {
namespace {

using kernels::Elementwise;
using Xbyak::Ymm;

/// How two numbers compare, as the instruction has it. Where one is NaN, they are unordered and differ.
enum Comparison : std::uint8_t {
  kEqual = 0,
  kUnordered = 3,
  kDiffer = 4,
  kLess = 17,
  kLessEqual = 18,
  kGreaterEqual = 29,
  kGreater = 30
};

/// Rounding to integers, without a report that it was inexact.
enum Rounding : std::uint8_t { kNearest = 8, kDown = 9, kUp = 10 };

/// Writes the code. The arguments come in rdi and rsi; rcx counts elements, rax is for the moment. Vectors
/// are in ymm0 to ymm14, the mask of the last elements in ymm15.
class Writer : public Xbyak::CodeGenerator {
 public:
  /// Keeps `kept` of the numbers that repeat in registers. Throws Xbyak::Error where the code is longer than
  /// `room`.
  Writer(std::span<const TileValue> values, const std::vector<bool>& repeats, DType dtype, std::size_t kept,
         std::span<std::uint8_t> room)
      : CodeGenerator(room.size(), room.data()), values_(values), repeats_(repeats), dtype_(dtype) {
    for (int ymm = kVectors; ymm-- > 0;) free_.push_back(ymm);
    find_last_uses();
    number_places();
    keep(kept);
    write();
  }

  /// Were there registers enough?
  [[nodiscard]] bool fits() const { return fits_; }

 private:
  static constexpr int kVectors = 15, kMask = 15;
  static constexpr std::uint32_t kNever = UINT32_MAX;
  /// Two vectors a round where the functions are fewer: a round's end takes as long as some of them.
  static constexpr std::size_t kFewFunctions = 8;

  [[nodiscard]] bool is_float() const { return dtype_ == DType::float32; }
  [[nodiscard]] int bytes() const { return is_float() ? 4 : 8; }
  [[nodiscard]] int lanes() const { return 32 / bytes(); }

  static std::span<const TileOperand> operands_of(const TileValue& value) {
    return std::span(value.operands).first(value.operand_count);
  }

  void find_last_uses() {
    last_use_of_value_.assign(values_.size(), kNever);
    last_use_of_view_.assign(repeats_.size(), kNever);
    for (std::uint32_t i = 0; i < values_.size(); ++i)
      for (const TileOperand& operand : operands_of(values_[i]))
        (operand.is_value ? last_use_of_value_ : last_use_of_view_)[operand.index] = i;
  }

  /// A general register for each place that moves, as far as there are some.
  void number_places() {
    constexpr std::size_t kFreeToUse = 5;
    const std::array registers = {rdx, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15};
    std::size_t used = 0;
    const auto add = [&](bool moves) {
      Place place{static_cast<int>(8 * places_.size()), std::nullopt};
      if (moves && used < registers.size()) {
        place.in = registers[used++];
        if (used > kFreeToUse) saved_.push_back(*place.in);
      }
      places_.push_back(place);
    };
    for (const bool repeats : repeats_) add(!repeats);
    place_of_value_.resize(values_.size());
    for (std::size_t value = 0; value < values_.size(); ++value) {
      if (!values_[value].stored) continue;
      place_of_value_[value] = places_.size();
      add(true);
    }
  }

  void keep(std::size_t most) {
    kept_.assign(repeats_.size(), std::nullopt);
    for (std::size_t view = 0; view < repeats_.size() && most > 0; ++view)
      if (repeats_[view]) {
        kept_[view] = take();
        --most;
      }
  }

  void write() {
    for (const Xbyak::Reg64& saved : saved_) push(saved);
    for (const Place& place : places_)
      if (place.in) mov(*place.in, ptr[rdi + place.offset]);
    for (std::size_t view = 0; view < repeats_.size(); ++view)
      if (kept_[view]) load_repeated(Ymm(*kept_[view]), places_[view]);
    xor_(ecx, ecx);
    if (values_.size() < kFewFunctions) write_loop(2);
    write_loop(1);
    write_rest();
    vzeroupper();
    for (std::size_t i = saved_.size(); i-- > 0;) pop(saved_[i]);
    ret();
    write_constants();
  }

  /// While there are as many vectors left.
  void write_loop(int vectors) {
    const int elements = vectors * lanes();
    Xbyak::Label again, end;
    align(16);
    L(again);
    lea(rax, ptr[rcx + elements]);
    cmp(rax, rsi);
    ja(end, T_NEAR);
    for (int i = 0; i < vectors; ++i) write_functions(i * lanes(), false);
    add(rcx, elements);
    jmp(again, T_NEAR);
    L(end);
  }

  /// The elements that do not fill a vector.
  void write_rest() {
    Xbyak::Label end;
    sub(rsi, rcx);
    jz(end, T_NEAR);
    const Ymm mask(kMask);
    const Xbyak::Xmm rest(kMask);
    vmovq(rest, rsi);
    is_float() ? vpbroadcastd(mask, rest) : vpbroadcastq(mask, rest);
    const Xbyak::Address lanes_before = ptr[rip + lane_numbers_];
    is_float() ? vpcmpgtd(mask, mask, lanes_before) : vpcmpgtq(mask, mask, lanes_before);
    write_functions(0, true);
    L(end);
  }

  void write_constants() {
    align(32);
    L(lane_numbers_);
    for (int lane = 0; lane < lanes(); ++lane)
      write_constant(static_cast<std::uint32_t>(lane), static_cast<std::uint64_t>(lane));
    L(one_);
    write_constant(0x3F800000, 0x3FF0000000000000);
    L(minus_one_);
    write_constant(0xBF800000, 0xBFF0000000000000);
    L(sign_);
    write_constant(0x80000000, 0x8000000000000000);
  }

  void write_constant(std::uint32_t as_float, std::uint64_t as_double) {
    is_float() ? dd(as_float) : dq(as_double);
  }

  // Vector registers.

  int take() {
    if (free_.empty()) {
      fits_ = false;
      return 0;
    }
    const int ymm = free_.back();
    free_.pop_back();
    return ymm;
  }
  void give_back(int ymm) {
    if (fits_) free_.push_back(ymm);
  }

  /// A register for the moment.
  class Temporary : public Ymm {
   public:
    explicit Temporary(Writer& writer) : Temporary(writer, writer.take()) {}
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() { writer_.give_back(getIdx()); }

   private:
    Temporary(Writer& writer, int ymm) : Ymm(ymm), writer_(writer) {}
    Writer& writer_;
  };

  // Memory.

  /// Where elements begin.
  struct Place {
    int offset;                      ///< of the address among the places
    std::optional<Xbyak::Reg64> in;  ///< where it is kept
  };

  /// The vector that begins so many elements after rcx.
  [[nodiscard]] Xbyak::Address elements_at(const Place& place, int displacement) {
    if (!place.in) mov(rax, ptr[rdi + place.offset]);
    const int offset = displacement * bytes();
    return ptr[place.in.value_or(rax) + rcx * bytes() + offset];
  }

  void load_repeated(const Ymm& to, const Place& from) {
    mov(rax, ptr[rdi + from.offset]);
    load_constant(to, ptr[rax]);
  }
  void load_constant(const Ymm& to, const Xbyak::Address& from) {
    is_float() ? vbroadcastss(to, from) : vbroadcastsd(to, from);
  }
  void load(const Ymm& to, const Xbyak::Address& from, bool masked) {
    const Ymm mask(kMask);
    if (!masked) return vmovups(to, from);
    is_float() ? vmaskmovps(to, mask, from) : vmaskmovpd(to, mask, from);
  }
  void store(const Xbyak::Address& to, const Ymm& from, bool masked) {
    const Ymm mask(kMask);
    if (!masked) return vmovups(to, from);
    is_float() ? vmaskmovps(to, mask, from) : vmaskmovpd(to, mask, from);
  }

  // Functions.

  /// All values for the vector of elements that begins so many elements after rcx.
  void write_functions(int displacement, bool masked) {
    std::vector<int> of_value(values_.size()), of_view(repeats_.size(), -1);
    for (std::uint32_t i = 0; i < values_.size(); ++i) {
      const TileValue& value = values_[i];
      std::array<int, 3> ymm{};
      for (std::size_t k = 0; k < value.operand_count; ++k) {
        const TileOperand operand = value.operands[k];
        if (operand.is_value) {
          ymm[k] = of_value[operand.index];
        } else if (kept_[operand.index]) {
          ymm[k] = *kept_[operand.index];
        } else {
          int& view = of_view[operand.index];
          if (view < 0) {
            view = take();
            if (repeats_[operand.index])
              load_repeated(Ymm(view), places_[operand.index]);
            else
              load(Ymm(view), elements_at(places_[operand.index], displacement), masked);
          }
          ymm[k] = view;
        }
      }
      of_value[i] = take();
      write_function(value.function, Ymm(of_value[i]), Ymm(ymm[0]), Ymm(ymm[1]), Ymm(ymm[2]));
      if (value.stored)
        store(elements_at(places_[place_of_value_[i]], displacement), Ymm(of_value[i]), masked);
      give_back_unused(i, of_value, of_view);
    }
  }

  void give_back_unused(std::uint32_t value, const std::vector<int>& of_value, std::vector<int>& of_view) {
    for (std::size_t view = 0; view < of_view.size(); ++view)
      if (of_view[view] >= 0 && (repeats_[view] || last_use_of_view_[view] == value)) {
        give_back(of_view[view]);
        of_view[view] = -1;
      }
    for (std::uint32_t i = 0; i < value; ++i)
      if (last_use_of_value_[i] == value) give_back(of_value[i]);
    if (last_use_of_value_[value] == kNever) give_back(of_value[value]);
  }

  void write_function(Elementwise function, const Ymm& out, const Ymm& a, const Ymm& b, const Ymm& c) {
    switch (function) {
      case Elementwise::copy:
        return vmovaps(out, a);
      case Elementwise::negative: {
        load_constant(out, ptr[rip + sign_]);
        return vxorps(out, out, a);
      }
      case Elementwise::abs: {
        load_constant(out, ptr[rip + sign_]);
        return vandnps(out, out, a);
      }
      case Elementwise::sign:
        return write_sign(out, a);
      case Elementwise::floor:
        return round(out, a, kDown);
      case Elementwise::ceil:
        return round(out, a, kUp);
      case Elementwise::round:
        return round(out, a, kNearest);
      case Elementwise::sqrt:
        return is_float() ? vsqrtps(out, a) : vsqrtpd(out, a);
      case Elementwise::square:
        return multiply(out, a, a);
      case Elementwise::reciprocal:
        load_constant(out, ptr[rip + one_]);
        return divide(out, out, a);
      case Elementwise::relu: {
        const Temporary zero(*this);
        set_zero(zero);
        compare(out, a, zero, kLessEqual);
        return vandnps(out, out, a);
      }
      case Elementwise::leaky_relu: {
        const Temporary product(*this), zero(*this);
        set_zero(zero);
        compare(out, a, zero, kGreater);
        multiply(product, b, a);
        return choose(out, out, a, product);
      }
      case Elementwise::add:
        return is_float() ? vaddps(out, a, b) : vaddpd(out, a, b);
      case Elementwise::subtract:
        return is_float() ? vsubps(out, a, b) : vsubpd(out, a, b);
      case Elementwise::multiply:
        return multiply(out, a, b);
      case Elementwise::divide:
        return divide(out, a, b);
      case Elementwise::maximum:
        return write_extreme(out, a, b, kGreaterEqual);
      case Elementwise::minimum:
        return write_extreme(out, a, b, kLessEqual);
      case Elementwise::equal:
        return write_truth(out, a, b, kEqual);
      case Elementwise::not_equal:
        return write_truth(out, a, b, kDiffer);
      case Elementwise::less:
        return write_truth(out, a, b, kLess);
      case Elementwise::less_equal:
        return write_truth(out, a, b, kLessEqual);
      case Elementwise::greater:
        return write_truth(out, a, b, kGreater);
      case Elementwise::greater_equal:
        return write_truth(out, a, b, kGreaterEqual);
      case Elementwise::where: {
        const Temporary zero(*this);
        set_zero(zero);
        compare(out, a, zero, kEqual);
        return choose(out, out, c, b);
      }
      default:
        fits_ = false;
    }
  }

  void multiply(const Ymm& out, const Ymm& a, const Ymm& b) {
    is_float() ? vmulps(out, a, b) : vmulpd(out, a, b);
  }
  void divide(const Ymm& out, const Ymm& a, const Ymm& b) {
    is_float() ? vdivps(out, a, b) : vdivpd(out, a, b);
  }
  void round(const Ymm& out, const Ymm& a, Rounding to) {
    is_float() ? vroundps(out, a, to) : vroundpd(out, a, to);
  }
  void set_zero(const Ymm& out) { vxorps(out, out, out); }
  /// All bits where it holds, else none.
  void compare(const Ymm& out, const Ymm& a, const Ymm& b, Comparison comparison) {
    is_float() ? vcmpps(out, a, b, comparison) : vcmppd(out, a, b, comparison);
  }
  /// a where the condition holds, else b.
  void choose(const Ymm& out, const Ymm& condition, const Ymm& a, const Ymm& b) {
    is_float() ? vblendvps(out, b, a, condition) : vblendvpd(out, b, a, condition);
  }

  /// 1 where it holds, else 0.
  void write_truth(const Ymm& out, const Ymm& a, const Ymm& b, Comparison comparison) {
    const Temporary one(*this);
    compare(out, a, b, comparison);
    load_constant(one, ptr[rip + one_]);
    vandps(out, out, one);
  }

  /// a where it compares like that with b or is NaN, else b.
  void write_extreme(const Ymm& out, const Ymm& a, const Ymm& b, Comparison comparison) {
    const Temporary is_nan(*this);
    compare(out, a, b, comparison);
    compare(is_nan, a, a, kUnordered);
    vorps(out, out, is_nan);
    choose(out, out, a, b);
  }

  /// 1, -1 or, of zeros and NaN, 0 and NaN.
  void write_sign(const Ymm& out, const Ymm& a) {
    const Temporary zero(*this), condition(*this), constant(*this);
    set_zero(zero);
    compare(condition, a, zero, kEqual);
    choose(out, condition, zero, a);
    compare(condition, a, zero, kLess);
    load_constant(constant, ptr[rip + minus_one_]);
    choose(out, condition, constant, out);
    compare(condition, a, zero, kGreater);
    load_constant(constant, ptr[rip + one_]);
    choose(out, condition, constant, out);
  }

  std::span<const TileValue> values_;
  const std::vector<bool>& repeats_;
  DType dtype_;
  bool fits_ = true;
  std::vector<int> free_;                         ///< vector registers
  std::vector<std::optional<int>> kept_;          ///< by view that repeats
  std::vector<std::uint32_t> last_use_of_value_;  ///< the value that reads it
  std::vector<std::uint32_t> last_use_of_view_;
  std::vector<Place> places_;                ///< of views, then of values that are stored
  std::vector<std::size_t> place_of_value_;  ///< among the places
  std::vector<Xbyak::Reg64> saved_;          ///< that the caller uses, too
  Xbyak::Label lane_numbers_, one_, minus_one_, sign_;
};

}  // namespace

std::optional<ElementwiseCode> ElementwiseCode::generate(std::span<const TileValue> values,
                                                         const std::vector<bool>& repeats, DType dtype) {
  const std::string_view set = kernels::instruction_set();
  if (set != "x86-64-v3" && set != "x86-64-v4") return std::nullopt;
  if (!std::ranges::all_of(values, is_simple, &TileValue::function)) return std::nullopt;
  constexpr std::size_t kMostBytes = 1 << 16;
  constexpr std::size_t kMostKept = 12;  // three registers are for two operands and a result
  const auto room = std::make_unique_for_overwrite<std::uint8_t[]>(kMostBytes);
  try {
    const auto repeating = static_cast<std::size_t>(std::ranges::count(repeats, true));
    for (std::size_t kept = std::min(repeating, kMostKept) + 1; kept-- > 0;) {
      const Writer writer(values, repeats, dtype, kept, {room.get(), kMostBytes});
      if (!writer.fits()) continue;
      std::shared_ptr<const void> code = executable_copy({room.get(), writer.getSize()});
      if (code == nullptr) return std::nullopt;
      const auto begin = reinterpret_cast<Run>(const_cast<void*>(code.get()));
      return ElementwiseCode(std::move(code), begin);
    }
  } catch (const Xbyak::Error&) {  // the code is too long
  }
  return std::nullopt;
}

}  // namespace talweg

#else

namespace talweg {

std::optional<ElementwiseCode> ElementwiseCode::generate(std::span<const TileValue> /*values*/,
                                                         const std::vector<bool>& /*repeats*/,
                                                         DType /*dtype*/) {
  return std::nullopt;
}

}  // namespace talweg

#endif
