#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/call.hpp"
#include "model/document.hpp"
#include "model/expression.hpp"
#include "model/operand.hpp"

namespace talweg {

struct ModelContext;

/// A reusable piece of graph, as `modules:` defines it.
struct ModuleDefinition {
  struct Part {
    std::string name;
    const DocumentNode* key = nullptr;
    std::optional<Expression> expression;  ///< of `with:` the default; nothing where a call has to give it
  };

  std::string name;
  Span place;
  std::vector<Part> inputs;              ///< tensors, given first and in this order
  std::vector<Part> with;                ///< sizes, flags, texts, functions, modules
  std::vector<Expression> requirements;  ///< conditions that a call meets
  std::vector<const DocumentEntry*> parameters, states;
  std::vector<Part> graph, updates;
  std::string out;           ///< the entry of `graph:` that a call gives: the last, unless `out:` names one
  bool has_tensors = false;  ///< parameters or state, or calls of what may have some
};

/// The modules that a model can call: its own, those of the files it uses, and the shipped ones, each of
/// which is read from graphs/modules/<name>.yaml when it is first asked for. The first of these hides others.
class Modules {
 public:
  explicit Modules(std::vector<std::unique_ptr<Source>>& sources) : sources_(sources) {}

  /// `modules:` and `use:` of the model file, whose paths begin at `home`; either may be null. Throws
  /// Error{model} with a place.
  void read(const DocumentNode* modules, const DocumentNode* use, const std::filesystem::path& home);

  [[nodiscard]] const ModuleDefinition* find(const std::string& name);
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  void read_file(const std::string& path, std::string text);
  void find_tensors();
  void define(const DocumentEntry& entry);
  [[nodiscard]] bool may_have_tensors(const ModuleDefinition& module);

  std::vector<std::unique_ptr<Source>>& sources_;
  std::deque<DocumentNode> documents_;
  std::map<std::string, ModuleDefinition> modules_;
  std::map<std::string, ModuleDefinition> shipped_;
};

/// "dense(x, units, bias=true)"
[[nodiscard]] std::string signature(const ModuleDefinition& module);

/// Does the function of the call's name have all of its keywords? True where there is no such function.
[[nodiscard]] bool accepts_keywords(const ExpressionNode& call);
/// Is it a call of the module, whose name it has? conv2d is also a function, as PyTorch has a function and a
/// layer: the module is called where a keyword is one of the module's that the function does not have.
[[nodiscard]] bool calls_module(const ExpressionNode& call, const ModuleDefinition& module);

/// Names what the modules have that one entry of a graph calls: path/W where it calls one of them, path/1/W,
/// path/2/W, ... in the order of evaluation where it calls several.
class ModuleCalls {
 public:
  ModuleCalls() = default;
  ModuleCalls(std::string path, const Expression& expression, Modules& modules);

  [[nodiscard]] bool named() const { return !path_.empty(); }
  [[nodiscard]] std::string next();

 private:
  std::string path_;
  bool numbered_ = false;
  int made_ = 0;
};

/// A call of a module.
struct ModuleCall {
  const std::vector<CallArgument>& arguments;
  Span place;
  Repetition repetition;
};

class ModuleScope;

/// What the call gives. `caller` is the module that it stands in, or null. Its parameters, states and updates
/// become the model's.
[[nodiscard]] Operand apply_module(ModelContext& context, const ModuleDefinition& module,
                                   const ModuleCall& call, ModuleCalls& calls, const ModuleScope* caller);

}  // namespace talweg
