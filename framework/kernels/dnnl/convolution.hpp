#pragma once

#include <cstdint>

// What the library talweg_dnnl.so offers where oneDNN is installed: convolutions of float32 images.

namespace talweg::kernels {

/// x (n, channels, rows, columns) under w (filters, channels / groups, kernel rows, kernel columns) gives y
/// (n, filters, output rows, output columns); of pairs the first is for rows.
struct DnnlSizes {
  std::int64_t n, channels, filters, groups;
  std::int64_t input[2], output[2], kernel[2], stride[2], padding[2], dilation[2];
};

enum class DnnlKind : std::uint8_t {
  forward,        ///< y of x and w
  input_adjoint,  ///< x of y and w
  weight_adjoint  ///< w of y and x
};

/// A convolution that is ready to run on the thread that made it, or on another, but one at a time.
class DnnlConvolution {
 public:
  virtual ~DnnlConvolution() = default;
  /// Tensors without gaps, in the order of DnnlKind. Computed on the calling thread.
  virtual void run(const float* first, const float* second, float* to) = 0;
};

/// Null where oneDNN has none for these sizes.
using MakeDnnlConvolution = DnnlConvolution* (*)(DnnlKind kind, const DnnlSizes& sizes);

/// The library's exported symbol.
inline constexpr char kMakeDnnlConvolution[] = "talweg_make_dnnl_convolution";

}  // namespace talweg::kernels
