// Convolutions by oneDNN. It has its own layouts: what it wants in another than row-major order is reordered
// before, its result after.

#include "kernels/dnnl/convolution.hpp"

#include <dnnl.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernels/dnnl/calling_thread.hpp"

namespace talweg::kernels {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

struct Descriptions {
  memory::desc x, w, y;
};

memory::dims pair(const std::int64_t (&values)[2]) { return {values[0], values[1]}; }

Descriptions describe(const DnnlSizes& sizes, bool any) {
  const auto make = [&](const memory::dims& dims, Tag tag) {
    return memory::desc(dims, memory::data_type::f32, any ? Tag::any : tag);
  };
  const std::int64_t channels = sizes.channels / sizes.groups, filters = sizes.filters / sizes.groups;
  const auto& [rows, columns] = sizes.kernel;
  return {make({sizes.n, sizes.channels, sizes.input[0], sizes.input[1]}, Tag::nchw),
          sizes.groups == 1 ? make({sizes.filters, channels, rows, columns}, Tag::oihw)
                            : make({sizes.groups, filters, channels, rows, columns}, Tag::goihw),
          make({sizes.n, sizes.filters, sizes.output[0], sizes.output[1]}, Tag::nchw)};
}

/// That of the program: one for each thread of the process would be no faster.
const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// A tensor of the caller, and its copy in the layout that oneDNN wants.
class Tensor {
 public:
  Tensor(const memory::desc& own, const memory::desc& wanted)
      : outside_(own, processor(), nullptr),
        inside_(own == wanted ? outside_ : memory(wanted, processor())),
        reordered_(own != wanted) {}

  void prepare_input() {
    if (reordered_) to_inside_ = dnnl::reorder(outside_, inside_);
  }
  void prepare_output() {
    if (reordered_) to_outside_ = dnnl::reorder(inside_, outside_);
  }
  void set(const float* data) { outside_.set_data_handle(const_cast<float*>(data)); }
  void load(dnnl::stream& stream) {
    if (reordered_) to_inside_.execute(stream, outside_, inside_);
  }
  void store(dnnl::stream& stream) {
    if (reordered_) to_outside_.execute(stream, inside_, outside_);
  }
  [[nodiscard]] const memory& inside() const { return inside_; }

 private:
  memory outside_, inside_;
  bool reordered_;
  dnnl::reorder to_inside_, to_outside_;
};

/// The primitive and what its operands are called.
struct Primitive {
  dnnl::primitive run;
  memory::desc first, second, to, scratch;
  int first_name, second_name, to_name;
};

Primitive make_primitive(DnnlKind kind, const DnnlSizes& sizes, const dnnl::engine& engine) {
  const Descriptions any = describe(sizes, true);
  const memory::dims stride = pair(sizes.stride), padding = pair(sizes.padding);
  const memory::dims dilation = {sizes.dilation[0] - 1, sizes.dilation[1] - 1};
  memory::dims behind(2);
  for (std::size_t i = 0; i < 2; ++i)
    behind[i] = (sizes.output[i] - 1) * sizes.stride[i] + (sizes.kernel[i] - 1) * sizes.dilation[i] + 1 -
                sizes.input[i] - sizes.padding[i];
  const auto algorithm = dnnl::algorithm::convolution_direct;
  // That of the library would belong to the thread that makes the primitive, and not to the one that runs it.
  dnnl::primitive_attr own_scratch;
  own_scratch.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, algorithm, any.x, any.w, any.y, stride, dilation, padding, behind},
      own_scratch, engine);
  if (kind == DnnlKind::forward)
    return {
        dnnl::convolution_forward(forward), forward.src_desc(), forward.weights_desc(), forward.dst_desc(),
        forward.scratchpad_desc(),          DNNL_ARG_SRC,       DNNL_ARG_WEIGHTS,       DNNL_ARG_DST};
  if (kind == DnnlKind::input_adjoint) {
    const dnnl::convolution_backward_data::primitive_desc backward(
        {algorithm, any.x, any.w, any.y, stride, dilation, padding, behind}, own_scratch, engine, forward);
    return {dnnl::convolution_backward_data(backward),
            backward.diff_dst_desc(),
            backward.weights_desc(),
            backward.diff_src_desc(),
            backward.scratchpad_desc(),
            DNNL_ARG_DIFF_DST,
            DNNL_ARG_WEIGHTS,
            DNNL_ARG_DIFF_SRC};
  }
  const dnnl::convolution_backward_weights::primitive_desc backward(
      {algorithm, any.x, any.w, any.y, stride, dilation, padding, behind}, own_scratch, engine, forward);
  return {dnnl::convolution_backward_weights(backward),
          backward.diff_dst_desc(),
          backward.src_desc(),
          backward.diff_weights_desc(),
          backward.scratchpad_desc(),
          DNNL_ARG_DIFF_DST,
          DNNL_ARG_SRC,
          DNNL_ARG_DIFF_WEIGHTS};
}

class Convolution final : public DnnlConvolution {
 public:
  Convolution(DnnlKind kind, const DnnlSizes& sizes)
      : stream_(processor()), primitive_(make_primitive(kind, sizes, processor())) {
    const auto [x, w, y] = describe(sizes, false);
    const bool forward = kind == DnnlKind::forward;
    first_.emplace(forward ? x : y, primitive_.first);
    second_.emplace(kind == DnnlKind::weight_adjoint ? x : w, primitive_.second);
    to_.emplace(forward ? y : kind == DnnlKind::input_adjoint ? x : w, primitive_.to);
    first_->prepare_input();
    second_->prepare_input();
    to_->prepare_output();
    arguments_ = {{primitive_.first_name, first_->inside()},
                  {primitive_.second_name, second_->inside()},
                  {primitive_.to_name, to_->inside()},
                  {DNNL_ARG_SCRATCHPAD, memory(primitive_.scratch, processor())}};
  }

  void run(const float* first, const float* second, float* to) override {
    const OnCallingThread alone;
    first_->set(first);
    second_->set(second);
    to_->set(to);
    first_->load(stream_);
    second_->load(stream_);
    primitive_.run.execute(stream_, arguments_);
    to_->store(stream_);
    stream_.wait();
  }

 private:
  dnnl::stream stream_;
  Primitive primitive_;
  std::optional<Tensor> first_, second_, to_;
  std::unordered_map<int, memory> arguments_;
};

DnnlConvolution* make_convolution(DnnlKind kind, const DnnlSizes& sizes) {
  const OnCallingThread alone;  // primitives are made for as many threads as there are then
  try {
    return new Convolution(kind, sizes);
  } catch (const dnnl::error&) {
    return nullptr;  // the caller does without
  }
}

}  // namespace
}  // namespace talweg::kernels

#define TALWEG_EXPORT extern "C" __attribute__((visibility("default")))

TALWEG_EXPORT const talweg::kernels::MakeDnnlConvolution talweg_make_dnnl_convolution =
    talweg::kernels::make_convolution;
