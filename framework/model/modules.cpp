#include "model/modules.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "graph/function.hpp"
#include "model/fields.hpp"
#include "model/model_file.hpp"
#include "model/names.hpp"
#include "support/installation.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// Reads one entry of `modules:`.
class DefinitionReader {
 public:
  enum class From : std::uint8_t { user, library };

  DefinitionReader(const DocumentEntry& entry, From from)
      : entry_(entry),
        from_(from),
        what_("module '" + entry.key.text + "'"),
        fields_(entry.value, what_,
                {"in", "with", "require", "parameters", "state", "graph", "update", "out"}) {}

  ModuleDefinition run() {
    // A call of step() is told from the number `step` by its brackets, one of conv2d(x, channels=3) from the
    // function by its keywords.
    if (from_ == From::user) check_name(entry_.key.text, entry_.key.span);
    module_.name = entry_.key.text;
    module_.place = entry_.key.span;
    read_inputs();
    if (const DocumentNode* with = section("with"))
      for (const DocumentEntry& entry : with->entries) {
        define(entry.key);
        module_.with.push_back({entry.key.text, &entry.key, {}});
        if (entry.value.text != "required") module_.with.back().expression = parse_expression(entry.value);
      }
    if (const DocumentNode* conditions = fields_.find("require"))
      for (const DocumentNode& condition : require_sequence(*conditions, "'require' of " + what_).items)
        module_.requirements.push_back(parse_expression(condition));
    read_tensors("parameters", module_.parameters);
    read_tensors("state", module_.states);
    if (section("graph") == nullptr) throw error_at(module_.place, what_ + " lacks its key 'graph'");
    for (const DocumentEntry& entry : section("graph")->entries) {
      define(entry.key);
      module_.graph.push_back({entry.key.text, &entry.key, parse_expression(entry.value)});
    }
    read_updates();
    read_out();
    return std::move(module_);
  }

 private:
  [[nodiscard]] const DocumentNode* section(const std::string& key) const {
    const DocumentNode* node = fields_.find(key);
    return node == nullptr ? nullptr : &require_mapping(*node, "'" + key + "' of " + what_);
  }

  void define(const DocumentNode& key) {
    check_name(key.text, key.span);
    if (!names_.insert(key.text).second)
      throw error_at(key.span, "the name '" + key.text + "' is given twice in " + what_);
  }

  void read_inputs() {
    const DocumentNode* in = fields_.find("in");
    if (in == nullptr) return;
    const auto add = [&](const DocumentNode& name) {
      static_cast<void>(require_text(name, "an input of " + what_));
      define(name);
      module_.inputs.push_back({name.text, &name, {}});
    };
    if (in->kind == DocumentNode::Kind::scalar)
      add(*in);
    else
      for (const DocumentNode& name : require_sequence(*in, "'in' of " + what_).items) add(name);
  }

  void read_tensors(const std::string& key, std::vector<const DocumentEntry*>& tensors) {
    const DocumentNode* node = section(key);
    if (node == nullptr) return;
    for (const DocumentEntry& entry : node->entries) {
      define(entry.key);
      tensors.push_back(&entry);
    }
  }

  void read_updates() {
    const DocumentNode* update = section("update");
    if (update == nullptr) return;
    std::vector<std::string> states;
    for (const DocumentEntry* state : module_.states) states.push_back(state->key.text);
    for (const DocumentEntry& entry : update->entries) {
      if (std::ranges::find(states, entry.key.text) == states.end())
        throw error_at(entry.key.span, what_ + " has no state '" + entry.key.text + "'")
            .set_hint(did_you_mean(entry.key.text, states));
      module_.updates.push_back({entry.key.text, &entry.key, parse_expression(entry.value)});
    }
  }

  void read_out() {
    if (module_.graph.empty()) throw error_at(fields_.key("graph").span, "'graph' of " + what_ + " is empty");
    module_.out = module_.graph.back().name;
    const DocumentNode* out = fields_.find("out");
    if (out == nullptr) return;
    module_.out = require_text(*out, "'out' of " + what_);
    std::vector<std::string> entries;
    for (const ModuleDefinition::Part& part : module_.graph) entries.push_back(part.name);
    if (std::ranges::find(entries, module_.out) == entries.end())
      throw error_at(out->span, "'out' of " + what_ + " names no entry of its graph")
          .set_hint(did_you_mean(module_.out, entries));
  }

  const DocumentEntry& entry_;
  From from_;
  std::string what_;
  Fields fields_;
  ModuleDefinition module_;
  std::set<std::string> names_;
};

/// repeat(module, ...) and scan(module, ...) call the module.
bool is_repeating(const std::string& name) { return name == "repeat" || name == "scan"; }

/// Does an expression call, or pass on, a module that may have tensors?
int calls_with_tensors(const Expression& expression, Modules& modules) {
  int calls = 0;
  for (const ExpressionNode& node : expression.nodes) {
    if (node.kind != ExpressionNode::Kind::call) continue;
    std::string name = node.text;
    if (is_repeating(name) && !node.children.empty()) name = expression.nodes[node.children[0]].text;
    const bool repeated = name != node.text;
    if (!repeated && FunctionRegistry::instance().find(name) != nullptr && accepts_keywords(node)) continue;
    const ModuleDefinition* module = modules.find(name);
    if (module != nullptr && module->has_tensors && (repeated || calls_module(node, *module))) ++calls;
  }
  return calls;
}

fs::path shipped_directory() { return data_directory() / "graphs" / "modules"; }

}  // namespace

bool accepts_keywords(const ExpressionNode& call) {
  const Function* function = FunctionRegistry::instance().find(call.text);
  return function == nullptr || std::ranges::all_of(call.keywords, [&](const KeywordArgument& keyword) {
           return std::ranges::any_of(function->parameters, [&](const FunctionParameter& parameter) {
             return keyword.name == parameter.name || keyword.name == parameter.also;
           });
         });
}

bool calls_module(const ExpressionNode& call, const ModuleDefinition& module) {
  if (FunctionRegistry::instance().find(call.text) == nullptr) return true;
  const auto has = [&](const KeywordArgument& keyword) {
    return std::ranges::find(module.with, keyword.name, &ModuleDefinition::Part::name) != module.with.end();
  };
  return !accepts_keywords(call) && std::ranges::any_of(call.keywords, has);
}

ModuleCalls::ModuleCalls(std::string path, const Expression& expression, Modules& modules)
    : path_(std::move(path)), numbered_(calls_with_tensors(expression, modules) > 1) {}

std::string ModuleCalls::next() {
  ++made_;
  return numbered_ || made_ > 1 ? path_ + "/" + std::to_string(made_) : path_;
}

void Modules::read(const DocumentNode* modules, const DocumentNode* use, const fs::path& home) {
  if (use != nullptr)
    for (const DocumentNode& item : require_sequence(*use, "'use'").items) {
      const std::string& name = require_text(item, "a file of modules");
      const fs::path path = home / name;
      std::string text;
      try {
        text = read_model_file(path);
      } catch (const Error& error) {
        throw error_at(item.span, "'" + name + "': " + error.message());
      }
      read_file(path.string(), std::move(text));
    }
  find_tensors();
  if (modules == nullptr) return;
  std::set<std::string> used;
  for (const auto& [name, module] : modules_) used.insert(name);
  for (const DocumentEntry& entry : modules->entries) {
    if (used.contains(entry.key.text)) modules_.erase(entry.key.text);
    define(entry);
  }
  find_tensors();
}

/// A module may call one that is defined below it: goes on until nothing changes.
void Modules::find_tensors() {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& [name, module] : modules_) {
      if (module.has_tensors || !may_have_tensors(module)) continue;
      module.has_tensors = changed = true;
    }
  }
}

void Modules::read_file(const std::string& path, std::string text) {
  sources_.push_back(std::make_unique<Source>(path, std::move(text)));
  const DocumentNode& document = documents_.emplace_back(read_document(*sources_.back()));
  const Fields fields(document, "a file of modules", {"talweg", "modules"});
  for (const DocumentEntry& entry : require_mapping(fields.require("modules"), "'modules'").entries)
    define(entry);
}

void Modules::define(const DocumentEntry& entry) {
  const auto [found, added] = modules_.try_emplace(entry.key.text);
  if (!added)
    throw error_at(entry.key.span, "the module '" + entry.key.text + "' is defined twice")
        .note("the first is in " + found->second.place.source->name() + " on " +
              line_of(found->second.place));
  found->second = DefinitionReader(entry, DefinitionReader::From::user).run();
}

bool Modules::may_have_tensors(const ModuleDefinition& module) {
  if (!module.parameters.empty() || !module.states.empty()) return true;
  for (const ModuleDefinition::Part& part : module.graph)
    for (const ExpressionNode& node : part.expression->nodes) {
      if (node.kind != ExpressionNode::Kind::call) continue;
      const bool of_value =
          std::ranges::find(module.with, node.text, &ModuleDefinition::Part::name) != module.with.end();
      if (of_value || is_repeating(node.text)) return true;
    }
  return std::ranges::any_of(module.graph, [&](const ModuleDefinition::Part& part) {
    return calls_with_tensors(*part.expression, *this) > 0;
  });
}

const ModuleDefinition* Modules::find(const std::string& name) {
  const auto own = modules_.find(name);
  if (own != modules_.end()) return &own->second;
  const auto known = shipped_.find(name);
  if (known != shipped_.end()) return &known->second;
  const fs::path path = shipped_directory() / (name + ".yaml");
  std::error_code problem;
  if (!is_identifier(name) || !fs::is_regular_file(path, problem)) return nullptr;
  sources_.push_back(std::make_unique<Source>(path.string(), read_model_file(path)));
  const DocumentNode& document = documents_.emplace_back(read_document(*sources_.back()));
  const Fields fields(document, "a file of modules", {"talweg", "modules"});
  ModuleDefinition& module = shipped_[name];
  for (const DocumentEntry& entry : require_mapping(fields.require("modules"), "'modules'").entries)
    if (entry.key.text == name) module = DefinitionReader(entry, DefinitionReader::From::library).run();
  module.has_tensors = may_have_tensors(module);
  return &module;
}

std::vector<std::string> Modules::names() const {
  std::vector<std::string> names;
  for (const auto& [name, module] : modules_) names.push_back(name);
  std::error_code problem;
  for (const auto& file : fs::directory_iterator(shipped_directory(), problem))
    if (file.path().extension() == ".yaml") names.push_back(file.path().stem().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace talweg
