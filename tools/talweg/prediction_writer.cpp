#include "prediction_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <string_view>
#include <talweg/error.hpp>
#include <utility>

#include "output.hpp"
#include "support/file.hpp"
#include "support/json_object.hpp"
#include "support/numbers.hpp"
#include "training/npy.hpp"

namespace talweg {
namespace {

using Write = std::function<void(std::string_view)>;

std::int64_t examples_in(const NamedTensor& values) { return values.shape[0]; }
std::int64_t elements_of_example(const NamedTensor& values) {
  return values.shape.elements() / std::max<std::int64_t>(1, values.shape[0]);
}

/// The shape of one example.
Shape example_of(const NamedTensor& values) { return Shape(values.shape.sizes().subspan(1)); }

/// The shortest text that reads back as the same value of its type.
std::string number_text(double value, DType dtype) {
  if (dtype != DType::float32 || !std::isfinite(value)) return format_number(value);
  constexpr std::size_t kMost = 32;
  std::array<char, kMost> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(value)).ptr};
}

/// What an integer stands for. Throws Error{model} where nothing does.
const std::string& text_of(const std::vector<std::string>& texts, double value) {
  if (value != std::floor(value) || value < 0 || value >= static_cast<double>(texts.size()))
    throw Error(Status::model, "--labels: " + format_number(value) +
                                   " is predicted, and the labels are those of 0 to " +
                                   std::to_string(texts.size() - 1));
  return texts[static_cast<std::size_t>(value)];
}

/// A cell of a table (RFC 4180).
std::string cell_of(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) cell.append(c == '"' ? 2 : 1, c);
  return cell + "\"";
}

class CsvWriter final : public PredictionWriter {
 public:
  CsvWriter(PredictionFormat format, Write write, std::function<void()> finish)
      : format_(std::move(format)), write_(std::move(write)), finish_(std::move(finish)) {}

  void write(const NamedTensor& values) override {
    const std::int64_t elements = elements_of_example(values);
    std::string text = std::exchange(begun_, true) ? "" : head_of(values);
    for (std::size_t i = 0; i < values.values.size(); ++i) {
      const double value = values.values[i];
      text +=
          format_.texts.empty() ? number_text(value, values.dtype) : cell_of(text_of(format_.texts, value));
      text += (static_cast<std::int64_t>(i) + 1) % elements == 0 ? '\n' : ',';
    }
    write_(text);
  }
  void finish() override { finish_(); }

 private:
  /// "scores", or "scores_0,scores_1" by the place in an example.
  [[nodiscard]] std::string head_of(const NamedTensor& values) const {
    const Shape example = example_of(values);
    std::string head;
    const std::int64_t elements = example.elements();
    for (std::int64_t i = 0; i < elements; ++i) {
      std::string place;
      std::int64_t rest = i;
      for (int axis = example.rank() - 1; axis >= 0; --axis) {
        place.insert(0, "_" + std::to_string(rest % example[axis]));
        rest /= example[axis];
      }
      head += (i == 0 ? "" : ",") + cell_of(format_.name + place);
    }
    return head + "\n";
  }

  PredictionFormat format_;
  Write write_;
  std::function<void()> finish_;
  bool begun_ = false;
};

class JsonWriter final : public PredictionWriter {
 public:
  explicit JsonWriter(PredictionFormat format) : format_(std::move(format)) {}

  void write(const NamedTensor& values) override {
    std::string text;
    const std::int64_t elements = elements_of_example(values);
    for (std::int64_t example = 0; example < examples_in(values); ++example) {
      JsonObject object;
      object.add("event", "prediction").add("example", example_++);
      const auto first = static_cast<std::size_t>(example * elements);
      text += object.add_raw("value", json_of(values, example_of(values), 0, first)).text() + "\n";
    }
    write_output(text);
  }
  void finish() override {}

 private:
  /// Elements from `first` on, nested as the axes of `shape` from `axis` on are.
  [[nodiscard]] std::string json_of(const NamedTensor& values, const Shape& shape, int axis,
                                    std::size_t first) const {
    if (axis == shape.rank()) {
      const double value = values.values[first];
      if (!format_.texts.empty()) return json_text(text_of(format_.texts, value));
      return std::isfinite(value) ? number_text(value, values.dtype) : "null";
    }
    std::size_t stride = 1;
    for (int inner = axis + 1; inner < shape.rank(); ++inner)
      stride *= static_cast<std::size_t>(shape[inner]);
    std::string text = "[";
    for (std::int64_t i = 0; i < shape[axis]; ++i)
      text += (i == 0 ? "" : ",") +
              json_of(values, shape, axis + 1, first + static_cast<std::size_t>(i) * stride);
    return text + "]";
  }

  PredictionFormat format_;
  std::int64_t example_ = 0;
};

class NpyWriter final : public PredictionWriter {
 public:
  NpyWriter(const std::string& path, std::int64_t examples) : file_(path), examples_(examples) {}

  void write(const NamedTensor& values) override {
    if (!std::exchange(begun_, true)) {
      Shape shape = values.shape;
      shape[0] = examples_;
      file_.write(npy_header(values.dtype, shape));
    }
    file_.write(npy_elements(values.dtype, values.values));
  }
  void finish() override { file_.finish(); }

 private:
  FileInPieces file_;
  std::int64_t examples_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<PredictionWriter> make_prediction_writer(const std::optional<std::string>& path,
                                                         const PredictionFormat& format) {
  if (!path && format.json) return std::make_unique<JsonWriter>(format);
  if (!path)
    return std::make_unique<CsvWriter>(
        format, [](std::string_view text) { write_output(text); }, [] {});
  if (path->ends_with(".npy")) {
    if (!format.texts.empty())
      throw Error(Status::model, "--labels are texts, and '" + *path + "' holds numbers")
          .set_hint("a .csv file, or standard output, can hold them");
    return std::make_unique<NpyWriter>(*path, format.examples);
  }
  if (path->ends_with(".csv")) {
    const auto file = std::make_shared<FileInPieces>(*path);
    return std::make_unique<CsvWriter>(
        format, [file](std::string_view text) { file->write(text); }, [file] { file->finish(); });
  }
  throw Error(Status::model, "--out: a .npy or .csv file is written, and this is '" + *path + "'");
}

}  // namespace talweg
