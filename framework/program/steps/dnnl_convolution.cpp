#include "program/steps/dnnl_convolution.hpp"

#include <algorithm>

#include "kernels/dnnl/convolution.hpp"
#include "program/kernel_library.hpp"
#include "program/steps/convolution_means.hpp"
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
/// Terms that are added one by one, in float32, before their sum is added to others in double.
constexpr std::int64_t kTerms = 1024;
/// Fewer operations than this are not worth oneDNN's preparations.
constexpr double kFewOperations = 2e6;

bool is_preferred(ConvolutionKind kind, const Convolution& sizes, double operations) {
  if (asked_for_convolution() == "product") return false;
  if (asked_for_convolution() == "dnnl") return true;
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

/// Calls work(piece) for each piece: of the pool's threads, or for the only one.
template <class Work>
void run_pieces(ThreadPool* pool, Work work) {
  if (pool == nullptr) return work(0);
  pool->run([&](int piece) { work(static_cast<std::size_t>(piece)); });
}

/// Each thread has images of its own.
class DnnlImages final : public Instruction {
 public:
  struct Part {
    Made convolution;
    const float* first;
    const float* second;
    float* to;
  };

  DnnlImages(std::vector<Part> parts, ThreadPool* pool) : parts_(std::move(parts)), pool_(pool) {}

  void run() override {
    run_pieces(pool_, [&](std::size_t piece) {
      const auto& [convolution, first, second, to] = parts_[piece];
      if (convolution != nullptr) convolution->run(first, second, to);
    });
  }

 private:
  std::vector<Part> parts_;
  ThreadPool* pool_;
};

/// The gradient of weights. oneDNN adds terms one by one: it is given few images at a time, and their sums
/// are added in double, those of a thread, and then those of all threads in their order.
class DnnlWeights final : public Instruction {
 public:
  struct Part {
    Range images;
    Made several, rest;  ///< for `at_a_time` images, and for what is left over
    double* totals;
    float* some;
  };
  struct Operands {
    const float* y;
    const float* x;
    float* w;
    std::int64_t y_image, x_image, elements;  ///< elements of an image of each, and of w
  };

  DnnlWeights(std::vector<Part> parts, const Operands& operands, std::int64_t at_a_time, ThreadPool* pool)
      : parts_(std::move(parts)), operands_(operands), at_a_time_(at_a_time), pool_(pool) {}

  void run() override {
    run_pieces(pool_, [&](std::size_t piece) { run_part(parts_[piece]); });
    for (std::int64_t i = 0; i < operands_.elements; ++i) {
      double total = 0;
      for (const Part& part : parts_) total += part.totals[i];
      operands_.w[i] = static_cast<float>(total);
    }
  }

 private:
  void run_part(const Part& part) const {
    std::fill_n(part.totals, operands_.elements, 0.0);
    for (std::int64_t image = part.images.begin; image < part.images.end; image += at_a_time_) {
      kernels::DnnlConvolution& convolution =
          image + at_a_time_ <= part.images.end ? *part.several : *part.rest;
      convolution.run(operands_.y + image * operands_.y_image, operands_.x + image * operands_.x_image,
                      part.some);
      for (std::int64_t i = 0; i < operands_.elements; ++i)
        part.totals[i] += static_cast<double>(part.some[i]);
    }
  }

  std::vector<Part> parts_;
  Operands operands_;
  std::int64_t at_a_time_;
  ThreadPool* pool_;
};

std::unique_ptr<Instruction> make_images(const Memory& memory, ConvolutionKind kind, const Convolution& sizes,
                                         const ConvolutionViews& views, ThreadPool* pool) {
  const std::int64_t x = sizes.channels * sizes.plane(), y = sizes.filters * sizes.output_plane();
  const bool forward = kind == ConvolutionKind::forward;
  const int pieces = pool == nullptr ? 1 : pool->threads();
  std::vector<DnnlImages::Part> parts;
  for (int piece = 0; piece < pieces; ++piece) {
    const Range images = piece_of(sizes.n, piece, pieces, 1);
    DnnlImages::Part part{nullptr, memory.at<float>(views.first) + images.begin * (forward ? x : y),
                          memory.at<float>(views.second),
                          memory.at<float>(views.to) + images.begin * (forward ? y : x)};
    if (images.begin < images.end) {
      part.convolution = make(kind, sizes, images.end - images.begin);
      if (part.convolution == nullptr) return nullptr;
    }
    parts.push_back(std::move(part));
  }
  return std::make_unique<DnnlImages>(std::move(parts), pool);
}

/// REQUIRES: three elements of scratch for each weight.
std::unique_ptr<Instruction> make_weights(const Memory& memory, const Convolution& sizes,
                                          const ConvolutionViews& views, ThreadPool* pool) {
  const DnnlWeights::Operands operands{memory.at<float>(views.first),  memory.at<float>(views.second),
                                       memory.at<float>(views.to),     sizes.filters * sizes.output_plane(),
                                       sizes.channels * sizes.plane(), views.to.shape.elements()};
  const std::int64_t at_a_time =
      std::max<std::int64_t>(kTerms / std::max<std::int64_t>(sizes.output_plane(), 1), 1);
  const int pieces = pool == nullptr ? 1 : pool->threads();
  std::vector<DnnlWeights::Part> parts;
  for (int piece = 0; piece < pieces; ++piece) {
    const Range images = piece_of(sizes.n, piece, pieces, 1);
    auto* totals = static_cast<double*>(memory.scratch(piece));
    DnnlWeights::Part part{images, nullptr, nullptr, totals,
                           reinterpret_cast<float*>(totals + operands.elements)};
    const std::int64_t number = images.end - images.begin;
    const auto make_for = [&](Made& made, std::int64_t some) {
      if (some > 0) made = make(ConvolutionKind::weight_adjoint, sizes, some);
      return some == 0 || made != nullptr;
    };
    if (!make_for(part.several, number < at_a_time ? 0 : at_a_time)) return nullptr;
    if (!make_for(part.rest, number % at_a_time)) return nullptr;
    parts.push_back(std::move(part));
  }
  return std::make_unique<DnnlWeights>(std::move(parts), operands, at_a_time, pool);
}

}  // namespace

std::unique_ptr<Instruction> make_dnnl_convolution(const Memory& memory, ConvolutionKind kind,
                                                   const Convolution& sizes, const ConvolutionViews& views,
                                                   double operations, ThreadPool* pool) {
  if (!is_preferred(kind, sizes, operations) || find_maker() == nullptr) return nullptr;
  if (kind == ConvolutionKind::weight_adjoint) return make_weights(memory, sizes, views, pool);
  return make_images(memory, kind, sizes, views, pool);
}

}  // namespace talweg
