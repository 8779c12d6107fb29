#pragma once

#include <cstdint>

#include "support/source.hpp"

namespace talweg {

inline constexpr std::size_t kMaximumFileSize = std::size_t{1} << 20;
/// Levels of lists and mappings within each other.
inline constexpr int kMaximumDocumentDepth = 64;

/// Refuses what a YAML parser should not even see: a text that is too long, is not UTF-8, holds control
/// characters, or opens more brackets within each other than kMaximumDocumentDepth, which costs yaml-cpp
/// seconds and gigabytes.
void check_document_text(const Source& source);

}  // namespace talweg
