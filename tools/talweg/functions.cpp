// talweg functions

#include <cctype>
#include <talweg/error.hpp>

#include "command_line.hpp"
#include "commands.hpp"
#include "model/foreign_names.hpp"
#include "model/vocabulary.hpp"
#include "output.hpp"
#include "support/json_object.hpp"
#include "support/suggest.hpp"
#include "support/table.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "Functions stand in any expression. Modules are layers and schedules: they may have parameters, and are\n"
    "called in `graph:`, schedules as hyperparameters. Initializers stand behind `init:`. A name with = has "
    "a\n"
    "default. Names of arguments may be left out: dense(x, 10) is dense(x, units=10).\n"
    "Expressions know the numbers pi, e, inf and nan, too; `step`, the updates made; `steps`, those "
    "planned;\n"
    "`epoch`, in hyperparameters; `training`, which is False in evaluation.\n\n"
    "  talweg functions                what there is, a line each\n"
    "  talweg functions dense softmax  more of some\n\n"
    "With --json, a line each:\n"
    "  "
    "{\"event\":\"word\",\"kind\":\"function\",\"name\":\"relu\",\"signature\":\"relu(x)\",\"summary\":...}"
    "\n";

struct Options {
  std::vector<std::string> names;
  bool json = false;
};

std::string to_json_line(const Word& word) {
  JsonObject object;
  object.add("event", "word").add("kind", to_string(word.kind)).add("name", word.name);
  return object.add("signature", word.signature).add("summary", word.summary).text() + "\n";
}

/// All words of that name: conv2d is a function and a module.
std::vector<Word> chosen(const std::vector<Word>& all, const std::vector<std::string>& names) {
  if (names.empty()) return all;
  std::vector<Word> words;
  for (const std::string& name : names) {
    const std::size_t before = words.size();
    for (const Word& word : all)
      if (word.name == name) words.push_back(word);
    if (words.size() > before) continue;
    std::vector<std::string> known;
    known.reserve(all.size());
    for (const Word& word : all) known.push_back(word.name);
    const std::string foreign = hint_for_foreign_name(name);
    const std::string hint = foreign.empty() ? did_you_mean(name, known) : foreign;
    throw Error(Status::model, "there is no function, module or initializer '" + name + "'")
        .set_hint(hint.empty() ? "talweg functions shows what there is" : hint);
  }
  return words;
}

/// The signature, of a long one the arguments that have no default: "conv2d(x, w, ...)".
std::string short_signature(const std::string& signature) {
  constexpr std::size_t kLong = 32;
  const std::size_t first_default = signature.substr(0, signature.find('=')).rfind(',');
  if (signature.size() <= kLong || signature.find('=') == std::string::npos) return signature;
  if (first_default == std::string::npos) return signature;
  return signature.substr(0, first_default) + ", ...)";
}

/// Up to a full stop before a capital letter, without it: "et al. 2017" goes on.
std::string first_sentence(const std::string& text) {
  for (std::size_t stop = text.find(". "); stop != std::string::npos; stop = text.find(". ", stop + 1))
    if (stop + 2 < text.size() && std::isupper(static_cast<unsigned char>(text[stop + 2])) != 0)
      return text.substr(0, stop);
  return text.ends_with(".") && !text.ends_with("..") ? text.substr(0, text.size() - 1) : text;
}

/// A line each, under the name of their kind.
std::string overview(const std::vector<Word>& words) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == 0 || words[i].kind != words[i - 1].kind) {
      if (i > 0) rows.push_back({""});
      rows.push_back({std::string(to_string(words[i].kind)) + "s"});
    }
    rows.push_back({"  " + short_signature(words[i].signature), first_sentence(words[i].summary)});
  }
  return format_table(rows);
}

std::string details(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words)
    text += (text.empty() ? "" : "\n") + word.signature + "\n  " + std::string(to_string(word.kind)) + ": " +
            word.summary + "\n";
  return text;
}

}  // namespace

int run_functions(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("functions", "Shows the functions, modules and initializers that a model file can call.");
  line.arguments("NAME", "which; all if not given", options.names);
  line.flag("--json", "one JSON object a line", options.json);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  const std::vector<Word> words = chosen(vocabulary(), options.names);
  if (options.json)
    for (const Word& word : words) write_output(to_json_line(word));
  else
    write_output(options.names.empty() ? overview(words) : details(words));
  return 0;
}

}  // namespace talweg
