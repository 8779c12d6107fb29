// Random numbers, drawn anew at every step of the training.

#include "ops/random.hpp"

#include <cmath>
#include <numbers>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"
#include "support/random.hpp"

namespace talweg {
namespace {

using Words = std::array<std::uint32_t, kDrawBlock>;

/// 24 bits of each word: the same numbers in float32 and float64, and none that rounds to 1.
void uniform_block(const Words& words, double* out) {
  for (std::uint32_t word : words) *out++ = static_cast<double>(word >> 8U) * 0x1p-24;
}

/// Two pairs by Box and Muller (1958); (w + 1) / 2^32 is in (0, 1].
void normal_block(const Words& words, double* out) {
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const double radius = std::sqrt(-2 * std::log((static_cast<double>(words[i]) + 1) * 0x1p-32));
    const double angle = 2 * std::numbers::pi * (static_cast<double>(words[i + 1]) * 0x1p-32);
    *out++ = radius * std::cos(angle);
    *out++ = radius * std::sin(angle);
  }
}

using FillBlock = void (*)(const Words&, double*);

template <FillBlock kFill, class T>
void fill(const Attributes& attributes, T step, std::int64_t begin, std::int64_t end, T* out) {
  const auto seed = static_cast<std::uint32_t>(attributes.integer("seed"));
  const auto key = static_cast<std::uint32_t>(attributes.integer("key"));
  const auto number = step >= 1 ? static_cast<std::uint64_t>(step) : 0;
  for (std::int64_t at = begin; at < end; at += kDrawBlock) {
    double block[kDrawBlock];
    kFill(draw(seed, key, number, static_cast<std::uint64_t>(at / kDrawBlock)), block);
    for (std::int64_t i = 0; i < std::min(kDrawBlock, end - at); ++i) *out++ = static_cast<T>(block[i]);
  }
}

template <FillBlock kFill, class T>
void random_kernel(const ReferenceCall<T>& call) {
  fill<kFill, T>(call.node.attributes, call.inputs[0].data[0], 0, call.output.shape.elements(),
                 call.output.data);
}

Inferred infer_random(const InferCall& call) {
  if (call.shape(0).rank() != 0)
    throw Error(Status::model, "the step is " + to_string(call.shape(0)) + " and not a scalar");
  return {Shape::checked(call.attributes.integers("shape")), call.graph.floating()};
}

template <FillBlock kFill>
void add_random_op(const char* name, const char* formula) {
  OpRegistry::instance().add({.name = name,
                              .formula = formula,
                              .shape = infer_random,
                              .differentiable = Differentiable::never,
                              .reference_float32 = random_kernel<kFill, float>,
                              .reference_float64 = random_kernel<kFill, double>});
}

Value random(Graph& graph, const char* op, const Integers& shape) {
  return emit(
      op, {graph.step()},
      {{"shape", shape}, {"seed", std::int64_t{graph.seed()}}, {"key", std::int64_t{graph.next_draw()}}});
}

constexpr char kUniform[] = "uniform", kNormal[] = "normal";

template <const char* kOp>
Result random_of_shape(const Arguments& arguments) {
  return random(arguments.graph(), kOp, arguments.integers("shape"));
}

template <const char* kOp>
Result random_like(const Arguments& arguments) {
  const Shape& shape = arguments.tensor("x").shape();
  return random(arguments.graph(), kOp, {shape.begin(), shape.end()});
}

}  // namespace

template <class T>
FillRandom<T> find_fill_random(std::string_view op) {
  if (op == kUniform) return fill<uniform_block, T>;
  if (op == kNormal) return fill<normal_block, T>;
  return nullptr;
}

template FillRandom<float> find_fill_random(std::string_view op);
template FillRandom<double> find_fill_random(std::string_view op);

void register_random() {
  add_random_op<uniform_block>(kUniform, "numbers from [0, 1), others at each step");
  add_random_op<normal_block>(kNormal, "numbers of mean 0 and variance 1, others at each step");

  FunctionRegistry& functions = FunctionRegistry::instance();
  const FunctionParameter shape{"shape", ArgumentKind::integers, true, "", "size"};
  functions.add({"rand", "numbers from [0, 1), others at each step", {shape}, random_of_shape<kUniform>});
  functions.add({"randn", "normal numbers, others at each step", {shape}, random_of_shape<kNormal>});
  functions.add({"rand_like", "numbers from [0, 1) of x's shape", {{"x"}}, random_like<kUniform>});
  functions.add({"randn_like", "normal numbers of x's shape", {{"x"}}, random_like<kNormal>});
}

}  // namespace talweg
