#pragma once

#include <string>
#include <vector>

#include "model/data/stored_array.hpp"

namespace talweg {

/// A text as numbers, each the place of a character among the distinct ones of the whole text, in ascending
/// order of their code points.
struct StoredText {
  StoredArray characters;             ///< of shape (characters,)
  std::vector<double> table;          ///< what a stored byte means; empty: the number itself
  std::vector<std::string> alphabet;  ///< the distinct characters, in UTF-8
};

/// Bytes below 128 stay in the file, behind a table; a text with other characters is held in memory in as few
/// bytes a character as it can. Throws Error{data} where it is empty or no UTF-8.
[[nodiscard]] StoredText read_text(DataBytes data);
/// The same with the places of characters in another text's alphabet. Throws Error{data} where one of them
/// is not in it.
[[nodiscard]] StoredText read_text(DataBytes data, const std::vector<std::string>& alphabet);

}  // namespace talweg
