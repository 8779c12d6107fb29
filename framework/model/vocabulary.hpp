#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace talweg {

/// What a model file can call by name without defining it.
struct Word {
  enum class Kind { function, module, initializer };

  Kind kind;
  std::string name;
  std::string signature;  ///< "dense(x, units, bias=true, activation=identity)"
  std::string summary;    ///< shapes and formula; a module's is all that its file says of it
};

[[nodiscard]] std::string_view to_string(Word::Kind kind);

/// All of them, kind by kind and then by name.
[[nodiscard]] std::vector<Word> vocabulary();

}  // namespace talweg
