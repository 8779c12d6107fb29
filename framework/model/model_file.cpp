#include "model/model_file.hpp"

#include <array>
#include <fstream>
#include <talweg/error.hpp>

#include "model/document_text.hpp"

namespace talweg {
namespace {

Error file_error(const std::string& path, const std::string& message) {
  return Error(Status::model, message).at({path, 0, 0, 1, ""});
}

}  // namespace

std::string read_model_file(const std::filesystem::path& path) {
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(path, problem);
  if (!std::filesystem::exists(status)) throw file_error(path.string(), "there is no such file");
  if (std::filesystem::is_directory(status))
    throw file_error(path.string(), "it is a directory, not a model file");
  // A pipe that nobody writes to, or a terminal, would be waited for without end.
  if (!std::filesystem::is_regular_file(status))
    throw file_error(path.string(), "it is a pipe or a device, not a model file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw file_error(path.string(), "it cannot be opened");
  // Piece by piece, and no further than one piece beyond what is allowed: what is too large is not read
  // whole.
  std::string text;
  std::array<char, 16384> piece;
  while (file && text.size() <= kMaximumFileSize) {
    file.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw file_error(path.string(), "it cannot be read");
  return text;
}

}  // namespace talweg
