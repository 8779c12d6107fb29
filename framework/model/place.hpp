#pragma once

#include <string>
#include <talweg/error.hpp>
#include <utility>

#include "support/source.hpp"

namespace talweg {

/// What is wrong with the model file at `place`.
[[nodiscard]] inline Error error_at(const Span& place, std::string message) {
  return Error(Status::model, std::move(message)).at(place.location());
}

/// "line 12"; "the line of --set" has no number of its own.
[[nodiscard]] inline std::string line_of(const Span& place) { return "line " + std::to_string(place.line()); }

/// "model.yaml:3:12"
[[nodiscard]] inline std::string text_of(const Span& place) {
  const Location at = place.location();
  return at.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

/// What stands there.
[[nodiscard]] inline std::string source_of(const Span& place) {
  return std::string(place.source->text().substr(place.begin, place.end - place.begin));
}

}  // namespace talweg
