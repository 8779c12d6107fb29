#include "program/steps/dnnl_convolution.hpp"

#include <cstdlib>
#include <string_view>

#include "kernels/dnnl/convolution.hpp"
#include "program/kernel_library.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

using Made = std::unique_ptr<kernels::DnnlConvolution>;

kernels::MakeDnnlConvolution find_maker() {
  static const auto* const kMaker = static_cast<const kernels::MakeDnnlConvolution*>(
      find_in_library("talweg_dnnl.so", kernels::kMakeDnnlConvolution));
  return kMaker == nullptr ? nullptr : *kMaker;
}

/// Its gradient by an image of few channels is slower than the product of matrices: 12.2 ms against 3.1 of
/// one thread for 128 images of 28 x 28, 6 filters of 5 x 5 and 1 channel, but 1.6 against 3.7 for 6 channels
/// of 14 x 14 and 16 filters.
constexpr std::int64_t kFewChannels = 4;
/// Fewer operations than this are not worth oneDNN's preparations, nor loading it.
constexpr double kFewOperations = 2e6;

bool is_preferred(ConvolutionKind kind, const Convolution& sizes, double operations) {
  const char* const asked = std::getenv("TALWEG_CONVOLUTION");
  if (asked != nullptr && std::string_view(asked) == "product") return false;
  if (asked != nullptr && std::string_view(asked) == "dnnl") return true;
  if (operations < kFewOperations) return false;
  return kind != ConvolutionKind::input_adjoint || sizes.group_channels() >= kFewChannels;
}

Made make(ConvolutionKind kind, const Convolution& sizes, std::int64_t images) {
  kernels::DnnlSizes dnnl{images, sizes.channels, sizes.filters, sizes.groups, {}, {}, {}, {}, {}, {}};
  for (std::size_t i = 0; i < 2; ++i) {
    const WindowAxis& axis = sizes.axes[i];
    dnnl.input[i] = axis.input;
    dnnl.output[i] = axis.output();
    dnnl.kernel[i] = axis.kernel;
    dnnl.stride[i] = axis.stride;
    dnnl.padding[i] = axis.padding;
    dnnl.dilation[i] = axis.dilation;
  }
  return Made(find_maker()(static_cast<kernels::DnnlKind>(kind), dnnl));
}

class DnnlConvolve final : public Instruction {
 public:
  /// A part of the images, and where it begins; of weights' gradients each thread has its own.
  struct Part {
    Made convolution;
    const float* first;
    const float* second;
    float* to;
  };

  DnnlConvolve(std::vector<Part> parts, ThreadPool* pool, float* total, std::int64_t elements)
      : parts_(std::move(parts)), pool_(pool), total_(total), elements_(elements) {}

  void run() override {
    if (pool_ == nullptr)
      run_part(0);
    else
      pool_->run([&](int piece) { run_part(static_cast<std::size_t>(piece)); });
    if (total_ != nullptr) add_parts();
  }

 private:
  void run_part(std::size_t i) {
    const Part& part = parts_[i];
    if (part.convolution != nullptr) part.convolution->run(part.first, part.second, part.to);
  }

  /// In the order of the threads.
  void add_parts() {
    for (std::int64_t i = 0; i < elements_; ++i) {
      double total = 0;
      for (const Part& part : parts_)
        if (part.convolution != nullptr) total += static_cast<double>(part.to[i]);
      total_[i] = static_cast<float>(total);
    }
  }

  std::vector<Part> parts_;
  ThreadPool* pool_;
  float* total_;  ///< null unless it is the sum of the parts
  std::int64_t elements_;
};

}  // namespace

std::unique_ptr<Instruction> make_dnnl_convolution(const Memory& memory, ConvolutionKind kind,
                                                   const Convolution& sizes, const ConvolutionViews& views,
                                                   double operations, ThreadPool* pool) {
  if (!is_preferred(kind, sizes, operations) || find_maker() == nullptr) return nullptr;
  const bool of_weights = kind == ConvolutionKind::weight_adjoint;
  const std::int64_t x = sizes.channels * sizes.plane(), y = sizes.filters * sizes.output_plane();
  const int pieces = pool == nullptr ? 1 : pool->threads();
  std::vector<DnnlConvolve::Part> parts;
  for (int piece = 0; piece < pieces; ++piece) {
    const Range images = piece_of(sizes.n, piece, pieces, 1);
    DnnlConvolve::Part part{};
    if (images.begin < images.end) {
      part.convolution = make(kind, sizes, images.end - images.begin);
      if (part.convolution == nullptr) return nullptr;
    }
    part.first = memory.at<float>(views.first) + images.begin * (kind == ConvolutionKind::forward ? x : y);
    part.second = memory.at<float>(views.second) + images.begin * (of_weights ? x : 0);
    part.to = of_weights
                  ? static_cast<float*>(memory.scratch(piece))
                  : memory.at<float>(views.to) + images.begin * (kind == ConvolutionKind::forward ? y : x);
    parts.push_back(std::move(part));
  }
  return std::make_unique<DnnlConvolve>(
      std::move(parts), pool, of_weights ? memory.at<float>(views.to) : nullptr, views.to.shape.elements());
}

}  // namespace talweg
