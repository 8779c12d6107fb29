#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "training/records.hpp"

namespace talweg {

struct PredictionFormat {
  std::string name;  ///< of what is predicted: the head of its columns
  std::int64_t examples = 0;
  bool json = false;
  std::vector<std::string> texts;  ///< what integers stand for; empty: themselves
};

/// Takes predictions as they come.
class PredictionWriter {
 public:
  virtual ~PredictionWriter() = default;
  /// The next examples. Throws Error{model} where the format cannot hold them, Error{files}.
  virtual void write(const NamedTensor& values) = 0;
  virtual void finish() = 0;
};

/// For a file whose name ends in .npy or .csv; without one, for standard output in CSV or JSON. The file is
/// there once finish() is called.
[[nodiscard]] std::unique_ptr<PredictionWriter> make_prediction_writer(const std::optional<std::string>& path,
                                                                       const PredictionFormat& format);

}  // namespace talweg
