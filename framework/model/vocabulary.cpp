#include "model/vocabulary.hpp"

#include <algorithm>
#include <memory>

#include "graph/function.hpp"
#include "model/call.hpp"
#include "model/initializers.hpp"
#include "model/modules.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// What the evaluator knows besides the registered functions.
const std::vector<Word>& built_in_functions() {
  using enum Word::Kind;
  static const std::vector<Word> words = {
      {function, "grad", "grad(y, x)",
       "the gradient of the scalar y by x; grad(x) that of what is minimized"},
      {function, "repeat", "repeat(module, x, times, ...)",
       "a module applied to x, then to what it gave, and so on, each time with parameters of its own"},
      {function, "scan", "scan(module, sequence, initial, ...)",
       "a module applied along the second axis, each time to what it gave before; all that it gave"},
      {function, "array", "array(values)", "a list as a tensor"},
      {function, "asarray", "asarray(values)", "the same"},
      {function, "int", "int(x)", "a number known before the model runs, without its fraction"},
      {function, "float", "float(x)", "the number as a floating one"},
      {function, "len", "len(x)", "the size of the first axis, or of a list"},
      {function, "pair", "pair(x)", "[x, x], or x where it is a list of two"}};
  return words;
}

/// The comment that a file begins with, as one text.
std::string opening_comment(std::string_view text) {
  std::string comment;
  while (text.starts_with("# ")) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    comment += (comment.empty() ? "" : " ") + std::string(text.substr(2, end - 2));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return comment;
}

std::vector<Word> modules() {
  std::vector<std::unique_ptr<Source>> sources;
  Modules shipped(sources);
  std::vector<Word> words;
  for (const std::string& name : shipped.names()) {
    const ModuleDefinition& module = *shipped.find(name);
    words.push_back(
        {Word::Kind::module, name, signature(module), opening_comment(module.place.source->text())});
  }
  return words;
}

}  // namespace

std::string_view to_string(Word::Kind kind) {
  switch (kind) {
    case Word::Kind::function:
      return "function";
    case Word::Kind::module:
      return "module";
    case Word::Kind::initializer:
      return "initializer";
  }
  return "";
}

std::vector<Word> vocabulary() {
  register_ops();
  std::vector<Word> words = built_in_functions();
  for (const Function* function : FunctionRegistry::instance().all())
    words.push_back({Word::Kind::function, function->name, signature(*function), function->summary});
  for (std::vector<Word>& more : std::vector{modules(), initializers()})
    words.insert(words.end(), more.begin(), more.end());
  std::ranges::sort(words, [](const Word& a, const Word& b) {
    return std::pair(a.kind, a.name) < std::pair(b.kind, b.name);
  });
  return words;
}

}  // namespace talweg
