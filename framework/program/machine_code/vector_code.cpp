#include "program/machine_code/vector_code.hpp"

#include "program/elementwise_functions.hpp"
#include "program/machine_code/code_memory.hpp"
#include "program/machine_code/sigmoid_code.hpp"
#include "program/machine_code/vector_assembler.hpp"

#if defined(__x86_64__)

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <span>
#include <string_view>

namespace talweg {
namespace {

using kernels::Elementwise;

using Instructions = VectorAssembler::Instructions;

/// Of the kernels, or nothing where there is no code.
std::optional<Instructions> instructions() {
  const std::string_view set = kernels::instruction_set();
  if (set == "x86-64-v4") return Instructions::avx512;
  if (set == "x86-64-v3") return Instructions::avx2;
  return std::nullopt;
}

constexpr int kBytesOfAvx2 = 32, kBytesOfAvx512 = 64;

/// The longest vectors, or such as hold all elements.
int vector_bytes(const CodeFunctions& functions, DType dtype) {
  const std::size_t fit = kBytesOfAvx2 / (dtype == DType::float32 ? sizeof(float) : sizeof(double));
  const bool is_short = functions.elements && *functions.elements <= fit;
  return instructions() == Instructions::avx512 && !is_short ? kBytesOfAvx512 : kBytesOfAvx2;
}

/// Is a sigmoid sooner computed by code? For several vectors a kernel is faster, which begins one while it
/// ends another.
bool has_sigmoid(const CodeFunctions& functions, DType dtype) {
  const bool is_one_vector = functions.elements && *functions.elements * sizeof(double) <= kBytesOfAvx512;
  return instructions() == Instructions::avx512 && dtype == DType::float64 && is_one_vector;
}

/// Writes the code. The arguments come in rdi and rsi; rcx counts elements, rax is for the moment.
class Writer : public VectorAssembler {
 public:
  /// Keeps `kept` of the numbers in registers. `reads_again`: what was read may give its register back before
  /// its last use. Throws Xbyak::Error where the code is longer than `room`.
  Writer(const CodeFunctions& functions, DType dtype, std::size_t kept, bool reads_again,
         std::span<std::uint8_t> room)
      : VectorAssembler(dtype, instructions().value(), vector_bytes(functions, dtype), room),
        sources_(functions.sources),
        values_(functions.values),
        reads_again_(reads_again),
        elements_(functions.elements) {
    for (int vector = registers(instructions().value()); vector-- > 0;) free_.push_back(vector);
    fewest_free_ = free_.size();
    find_uses();
    number_places(functions.places);
    keep_numbers(kept);
    write();
  }

  /// Were there registers enough?
  [[nodiscard]] bool fits() const { return fits_; }
  /// That were never used.
  [[nodiscard]] std::size_t spare_registers() const { return fewest_free_; }

 private:
  static constexpr int kNone = -1;
  static constexpr std::uint32_t kNever = UINT32_MAX;
  /// Two vectors a round where the functions are fewer: a round's end takes as long as some of them.
  static constexpr std::size_t kFewFunctions = 8;

  static std::span<const TileOperand> operands_of(const CodeValue& value) {
    return std::span(value.operands).first(value.operand_count);
  }

  void find_uses() {
    last_use_of_value_.assign(values_.size(), kNever);
    uses_of_source_.resize(sources_.size());
    for (std::uint32_t i = 0; i < values_.size(); ++i)
      for (const TileOperand& operand : operands_of(values_[i]))
        if (operand.is_value)
          last_use_of_value_[operand.index] = i;
        else
          uses_of_source_[operand.index].push_back(i);
  }

  /// A general register for each place, as far as there are some: those of vectors come first.
  void number_places(std::size_t count) {
    constexpr std::size_t kFreeToUse = 5;
    const std::array registers = {rdx, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15};
    places_.resize(count);
    std::size_t used = 0;
    const auto give = [&](const CodePlace& place) {
      std::optional<Xbyak::Reg64>& in = places_[place.place];
      if (in || used == registers.size()) return;
      in = registers[used++];
      if (used > kFreeToUse) saved_.push_back(*in);
    };
    for (const CodeSource& source : sources_)
      if (!source.is_number) give(source.from);
    for (const CodeValue& value : values_)
      if (value.stored) give(*value.stored);
    for (const CodeSource& source : sources_) give(source.from);
  }

  void keep_numbers(std::size_t most) {
    kept_.assign(sources_.size(), std::nullopt);
    for (std::size_t source = 0; source < sources_.size() && most > 0; ++source)
      if (sources_[source].is_number) {
        kept_[source] = take();
        --most;
      }
  }

  void write() {
    for (const Xbyak::Reg64& saved : saved_) push(saved);
    for (std::size_t place = 0; place < places_.size(); ++place)
      if (places_[place]) mov(*places_[place], ptr[rdi + pointer_offset(place)]);
    for (std::size_t source = 0; source < sources_.size(); ++source)
      if (kept_[source]) load_number(vector(*kept_[source]), sources_[source].from);
    xor_(ecx, ecx);
    const auto whole = static_cast<std::size_t>(lanes());
    if (values_.size() < kFewFunctions && (!elements_ || *elements_ >= 2 * whole)) write_loop(2);
    if (!elements_ || *elements_ >= whole) write_loop(1);
    if (!elements_ || *elements_ % whole != 0) write_rest();
    vzeroupper();
    for (std::size_t i = saved_.size(); i-- > 0;) pop(saved_[i]);
    ret();
    write_numbers();
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
    set_mask(rsi);
    write_functions(0, true);
    L(end);
  }

  void write_numbers() {
    write_constants();
    sigmoid_.write_constants();
    L(one_);
    write_constant(0x3F800000, 0x3FF0000000000000);
    L(minus_one_);
    write_constant(0xBF800000, 0xBFF0000000000000);
    L(sign_);
    write_constant(0x80000000, 0x8000000000000000);
  }

  // Vector registers.

  int take() {
    if (free_.empty() && !(reads_again_ && forget_a_source())) {
      fits_ = false;
      return 0;
    }
    const int vector = free_.back();
    free_.pop_back();
    fewest_free_ = std::min(fewest_free_, free_.size());
    return vector;
  }
  void give_back(int vector) {
    if (fits_ && vector != kNone) free_.push_back(vector);
  }

  /// Gives back the register of the source that is used last, but not of one that this value needs.
  bool forget_a_source() {
    int* found = nullptr;
    std::uint32_t furthest = 0;
    for (std::size_t source = 0; source < of_source_.size(); ++source) {
      if (of_source_[source] == kNone) continue;
      const std::vector<std::uint32_t>& uses = uses_of_source_[source];
      const auto next = std::ranges::lower_bound(uses, present_);
      if (next == uses.end() || *next <= furthest || *next == present_) continue;
      furthest = *next;
      found = &of_source_[source];
    }
    if (found == nullptr) return false;
    free_.push_back(std::exchange(*found, kNone));
    return true;
  }

  /// A register for the moment.
  class Temporary : public Vector {
   public:
    explicit Temporary(Writer& writer) : Temporary(writer, writer.take()) {}
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() { writer_.give_back(getIdx()); }

   private:
    Temporary(Writer& writer, int index) : Vector(writer.vector(index)), writer_(writer) {}
    Writer& writer_;
  };

  // Memory.

  static int pointer_offset(std::size_t place) { return static_cast<int>(8 * place); }

  /// The register with the address of the place.
  Xbyak::Reg64 beginning(const CodePlace& place) {
    const std::optional<Xbyak::Reg64>& in = places_[place.place];
    if (!in) mov(rax, ptr[rdi + pointer_offset(place.place)]);
    return in.value_or(rax);
  }
  [[nodiscard]] int bytes_of(std::int64_t elements) const { return static_cast<int>(elements) * bytes(); }

  /// The vector that begins so many elements after rcx.
  [[nodiscard]] Xbyak::Address elements_at(const CodePlace& place, int displacement) {
    return ptr[beginning(place) + rcx * bytes() + bytes_of(place.offset + displacement)];
  }

  using VectorAssembler::load_number;
  void load_number(const Vector& to, const CodePlace& from) {
    load_number(to, ptr[beginning(from) + bytes_of(from.offset)]);
  }

  // Functions.

  /// All values for the vector of elements that begins so many elements after rcx.
  void write_functions(int displacement, bool masked) {
    of_value_.assign(values_.size(), kNone);
    of_source_.assign(sources_.size(), kNone);
    for (present_ = 0; present_ < values_.size() && fits_; ++present_) {
      const CodeValue& value = values_[present_];
      std::array<int, 3> at{};
      for (std::size_t k = 0; k < value.operand_count; ++k)
        at[k] = register_of(value.operands[k], displacement, masked);
      const Vector a = vector(at[0]), b = vector(at[1]), c = vector(at[2]);
      if (std::holds_alternative<MultiplyAdd>(value.function)) {
        of_value_[present_] = register_of_sum(value, at[2]);
        multiply_add(vector(of_value_[present_]), a, b);
      } else {
        of_value_[present_] = take();
        const Vector out = vector(of_value_[present_]);
        if (const auto* function = std::get_if<Elementwise>(&value.function)) {
          write_function(*function, out, a, b, c);
        } else {
          set_zero(out);
          add(out, out, a);
        }
      }
      if (value.stored) {
        const Xbyak::Address place = elements_at(*value.stored, displacement);
        const Vector out = vector(of_value_[present_]);
        masked ? store_masked(place, out) : store(place, out);
      }
      give_back_unused();
    }
  }

  int register_of(const TileOperand& operand, int displacement, bool masked) {
    if (operand.is_value) return of_value_[operand.index];
    if (kept_[operand.index]) return *kept_[operand.index];
    if (of_source_[operand.index] == kNone) {
      const CodeSource& source = sources_[operand.index];
      of_source_[operand.index] = take();
      const Vector to = vector(of_source_[operand.index]);
      if (source.is_number)
        load_number(to, source.from);
      else if (masked)
        load_masked(to, elements_at(source.from, displacement));
      else
        load(to, elements_at(source.from, displacement));
    }
    return of_source_[operand.index];
  }

  /// Where a product is added to what is in `addend`: there, if nobody needs that any more.
  int register_of_sum(const CodeValue& value, int addend) {
    if (value.operand_count == 3) {
      const TileOperand& operand = value.operands[2];
      if (operand.is_value && last_use_of_value_[operand.index] == present_) {
        of_value_[operand.index] = kNone;
        return addend;
      }
    }
    const int sum = take();
    if (value.operand_count == 3)
      vmovaps(vector(sum), vector(addend));
    else
      set_zero(vector(sum));
    return sum;
  }

  void give_back_unused() {
    for (std::size_t source = 0; source < of_source_.size(); ++source)
      if (of_source_[source] != kNone &&
          (sources_[source].is_number || uses_of_source_[source].back() == present_))
        give_back(std::exchange(of_source_[source], kNone));
    for (std::uint32_t i = 0; i < present_; ++i)
      if (last_use_of_value_[i] == present_) give_back(std::exchange(of_value_[i], kNone));
    if (last_use_of_value_[present_] == kNever) give_back(std::exchange(of_value_[present_], kNone));
  }

  void write_function(Elementwise function, const Vector& out, const Vector& a, const Vector& b,
                      const Vector& c) {
    switch (function) {
      case Elementwise::copy:
        return vmovaps(out, a);
      case Elementwise::negative:
        load_number(out, ptr[rip + sign_]);
        return vxorps(out, out, a);
      case Elementwise::abs:
        load_number(out, ptr[rip + sign_]);
        return vandnps(out, out, a);
      case Elementwise::sign:
        return write_sign(out, a);
      case Elementwise::floor:
        return round(out, a, kDown);
      case Elementwise::ceil:
        return round(out, a, kUp);
      case Elementwise::round:
        return round(out, a, kNearest);
      case Elementwise::sqrt:
        return square_root(out, a);
      case Elementwise::square:
        return multiply(out, a, a);
      case Elementwise::reciprocal:
        load_number(out, ptr[rip + one_]);
        return divide(out, out, a);
      case Elementwise::relu: {
        const Temporary zero(*this);
        set_zero(zero);
        const Condition condition = first_condition(out);
        compare(condition, a, zero, kNotLessEqual);
        return keep(out, condition, a);
      }
      case Elementwise::leaky_relu: {
        const Temporary product(*this), zero(*this);
        set_zero(zero);
        const Condition condition = first_condition(out);
        compare(condition, a, zero, kGreater);
        multiply(product, b, a);
        return choose(out, condition, a, product);
      }
      case Elementwise::add:
        return add(out, a, b);
      case Elementwise::subtract:
        return subtract(out, a, b);
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
        const Condition condition = first_condition(out);
        compare(condition, a, zero, kEqual);
        return choose(out, condition, c, b);
      }
      case Elementwise::sigmoid:
        return write_sigmoid(out, a);
      default:
        fits_ = false;
    }
  }

  void write_sigmoid(const Vector& out, const Vector& a) {
    std::array<Vector, SigmoidCode::kTemporaries> temporaries;
    for (Vector& temporary : temporaries) temporary = vector(take());
    if (fits_) sigmoid_.write(out, a, temporaries);
    for (const Vector& temporary : temporaries) give_back(temporary.getIdx());
  }

  /// 1 where it holds, else 0.
  void write_truth(const Vector& out, const Vector& a, const Vector& b, Comparison comparison) {
    const Temporary one(*this);
    const Condition condition = first_condition(out);
    compare(condition, a, b, comparison);
    load_number(one, ptr[rip + one_]);
    keep(out, condition, one);
  }

  /// a where it compares like that with b or is NaN, else b.
  void write_extreme(const Vector& out, const Vector& a, const Vector& b, Comparison comparison) {
    const Temporary more(*this);
    const Condition condition = first_condition(out), is_nan = second_condition(more);
    compare(condition, a, b, comparison);
    compare(is_nan, a, a, kUnordered);
    include(condition, is_nan);
    choose(out, condition, a, b);
  }

  /// 1, -1 or, of zeros and NaN, 0 and NaN.
  void write_sign(const Vector& out, const Vector& a) {
    const Temporary zero(*this), truth(*this), constant(*this);
    const Condition condition = first_condition(truth);
    set_zero(zero);
    compare(condition, a, zero, kEqual);
    choose(out, condition, zero, a);
    compare(condition, a, zero, kLess);
    load_number(constant, ptr[rip + minus_one_]);
    choose(out, condition, constant, out);
    compare(condition, a, zero, kGreater);
    load_number(constant, ptr[rip + one_]);
    choose(out, condition, constant, out);
  }

  const std::vector<CodeSource>& sources_;
  const std::vector<CodeValue>& values_;
  bool reads_again_;
  std::optional<std::size_t> elements_;
  bool fits_ = true;
  std::size_t fewest_free_ = 0;
  std::vector<int> free_;                                   ///< vector registers
  std::vector<std::optional<int>> kept_;                    ///< by source: of numbers
  std::vector<std::uint32_t> last_use_of_value_;            ///< the value that reads it
  std::vector<std::vector<std::uint32_t>> uses_of_source_;  ///< the values that read it
  std::vector<std::optional<Xbyak::Reg64>> places_;         ///< where their addresses are kept
  std::vector<Xbyak::Reg64> saved_;                         ///< that the caller uses, too
  std::uint32_t present_ = 0;                               ///< the value that is computed
  std::vector<int> of_value_, of_source_;                   ///< their registers, or kNone
  Xbyak::Label one_, minus_one_, sign_;
  SigmoidCode sigmoid_{*this};
};

/// The most values that wait at one time for others that need them.
std::size_t most_waiting(const std::vector<CodeValue>& values) {
  std::vector<bool> waits(values.size(), false);
  std::size_t waiting = 0, most = 0;
  for (std::size_t i = values.size(); i-- > 0; most = std::max(most, waiting)) {
    if (waits[i]) --waiting;
    for (std::size_t k = 0; k < values[i].operand_count; ++k) {
      const auto [is_value, index] = values[i].operands[k];
      if (!is_value || waits[index]) continue;
      waits[index] = true;
      ++waiting;
    }
  }
  return most;
}

/// With as many numbers in registers as the rest leaves. Returns the bytes of the code; nothing where there
/// are not registers enough.
std::optional<std::size_t> write_code(const CodeFunctions& functions, DType dtype,
                                      std::span<std::uint8_t> room) {
  // Three registers are for two operands and a result.
  const auto most_kept = static_cast<std::size_t>(VectorAssembler::registers(instructions().value()) - 3);
  const auto numbers =
      static_cast<std::size_t>(std::ranges::count(functions.sources, true, &CodeSource::is_number));
  std::size_t kept = std::min(numbers, most_kept), spare = 0;
  const auto write = [&](bool reads_again) -> std::optional<std::size_t> {
    const Writer writer(functions, dtype, kept, reads_again, room);
    spare = writer.spare_registers();
    return writer.fits() ? std::optional(writer.getSize()) : std::nullopt;
  };
  if (const auto bytes = write(false)) return bytes;
  kept = 0;
  if (!write(false)) return write(true);
  // Numbers that are kept need no registers for the moment: some more fit than are spare.
  constexpr std::size_t kMore = 2;
  for (kept = std::min(spare + kMore, most_kept); kept > 0; --kept)
    if (const auto bytes = write(false)) return bytes;
  return write(false);
}

/// All that the code depends on.
using Key = std::vector<std::int64_t>;
Key key_of(const CodeFunctions& functions, DType dtype) {
  constexpr std::int64_t kNone = -1;
  Key key = {static_cast<std::int64_t>(dtype), static_cast<std::int64_t>(functions.places),
             functions.elements ? static_cast<std::int64_t>(*functions.elements) : kNone,
             std::ssize(functions.sources)};
  constexpr std::size_t kOfSource = 3, kOfValue = 12;
  key.reserve(key.size() + kOfSource * functions.sources.size() + kOfValue * functions.values.size());
  const auto add_place = [&](const CodePlace& place) {
    key.insert(key.end(), {static_cast<std::int64_t>(place.place), place.offset});
  };
  for (const CodeSource& source : functions.sources) {
    key.push_back(source.is_number ? 1 : 0);
    add_place(source.from);
  }
  for (const CodeValue& value : functions.values) {
    const auto* function = std::get_if<Elementwise>(&value.function);
    key.insert(key.end(), {static_cast<std::int64_t>(value.function.index()),
                           function == nullptr ? kNone : static_cast<std::int64_t>(*function),
                           static_cast<std::int64_t>(value.operand_count)});
    for (std::size_t k = 0; k < value.operand_count; ++k)
      key.insert(key.end(), {value.operands[k].is_value ? 1 : 0, value.operands[k].index});
    key.push_back(value.stored ? 1 : 0);
    if (value.stored) add_place(*value.stored);
  }
  return key;
}

/// Code that is still in memory, and functions for which there is none: layers that are alike have the same.
class KnownCode {
 public:
  /// Null for functions without code; nothing where nothing is known.
  std::optional<std::shared_ptr<const void>> find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(key);
    if (found == known_.end()) return std::nullopt;
    if (!found->second) return nullptr;
    std::shared_ptr<const void> code = found->second->lock();
    return code == nullptr ? std::nullopt : std::optional(std::move(code));
  }
  void add(Key key, const std::shared_ptr<const void>& code) {
    constexpr std::size_t kMany = 1000;
    const std::lock_guard lock(mutex_);
    if (known_.size() % kMany == 0)
      std::erase_if(known_, [](const auto& item) { return !item.second || item.second->expired(); });
    known_[std::move(key)] = code == nullptr ? Known() : Known(code);
  }

 private:
  using Known = std::optional<std::weak_ptr<const void>>;

  std::mutex mutex_;
  std::map<Key, Known> known_;
};

/// A copy of the code that the processor may execute. Null where there is no code for the functions, and
/// where there is no memory for it, which may change.
std::shared_ptr<const void> known_or_new_code(const CodeFunctions& functions, DType dtype) {
  static KnownCode known;
  Key key = key_of(functions, dtype);
  if (auto found = known.find(key)) return *found;
  constexpr std::size_t kMostBytes = 1 << 16;
  const auto room = std::make_unique_for_overwrite<std::uint8_t[]>(kMostBytes);
  std::optional<std::size_t> bytes;
  try {
    bytes = write_code(functions, dtype, {room.get(), kMostBytes});
  } catch (const Xbyak::Error&) {  // the code is too long
  }
  std::shared_ptr<const void> code = bytes ? executable_copy({room.get(), *bytes}) : nullptr;
  if (code != nullptr || !bytes) known.add(std::move(key), code);
  return code;
}

}  // namespace

bool VectorCode::is_available() {
  constexpr std::array<std::uint8_t, 1> kReturn = {0xC3};
  static const bool has_memory = executable_copy(kReturn) != nullptr;
  return has_memory && instructions().has_value();
}

std::optional<VectorCode> VectorCode::generate(const CodeFunctions& functions, DType dtype) {
  const bool is_coded = std::ranges::all_of(functions.values, [&](const CodeValue& value) {
    const auto* function = std::get_if<Elementwise>(&value.function);
    return function == nullptr || is_simple(*function) ||
           (*function == Elementwise::sigmoid && has_sigmoid(functions, dtype));
  });
  if (!is_available() || !is_coded) return std::nullopt;
  const auto registers = static_cast<std::size_t>(VectorAssembler::registers(instructions().value()));
  if (most_waiting(functions.values) > registers) return std::nullopt;
  std::shared_ptr<const void> code = known_or_new_code(functions, dtype);
  if (code == nullptr) return std::nullopt;
  const auto begin = reinterpret_cast<Run>(const_cast<void*>(code.get()));
  return VectorCode(std::move(code), begin);
}

}  // namespace talweg

#else

namespace talweg {

bool VectorCode::is_available() { return false; }

std::optional<VectorCode> VectorCode::generate(const CodeFunctions& /*functions*/, DType /*dtype*/) {
  return std::nullopt;
}

}  // namespace talweg

#endif
