// The sections that say how a model is trained: train and sweep.

#include <algorithm>
#include <array>

#include "model/fields.hpp"
#include "model/sections.hpp"
#include "model/typed.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

/// Names that the lines of output have for themselves.
constexpr std::array<std::string_view, 12> kOutputNames = {"event",  "run",     "settings",    "step",
                                                           "steps",  "epoch",   "loss",        "seconds",
                                                           "reason", "message", "evaluations", "validation"};

/// Of a tensor in `log:` or `report:`, so that a line of output stays readable.
constexpr std::int64_t kMaximumShown = 65'536;

NamedExpression read_named_expression(ModelContext& context, const DocumentEntry& entry,
                                      const std::string& where) {
  for (std::string_view taken : kOutputNames)
    if (entry.key.text == taken)
      throw error_at(entry.key.span,
                     "'" + entry.key.text + "' is a name that output has already; call it otherwise");
  const Expression expression = parse_expression(entry.value);
  ModelScope scope(context, ModelScope::kEverything);
  const Operand operand = evaluate(expression, scope, context.graph());
  if (operand.is_none() || operand.text() != nullptr)
    throw error_at(expression.span(), "'" + entry.key.text + "' of " + where + " is " + describe(operand));
  const OriginScope origin(context.graph(), expression.span());
  try {
    const Value value = to_tensor(context.graph(), operand);
    if (value.shape().elements() > kMaximumShown)
      throw Error(Status::model, "'" + entry.key.text + "' of " + where + " is " + to_string(value.shape()) +
                                     "; at most " + count(kMaximumShown, "element") +
                                     " of a tensor are shown")
          .set_hint("a sum, a mean or a slice of it can be shown");
    return {entry.key.text, value.id(), entry.key.span};
  } catch (Error& error) {
    if (!error.has_location()) error.at(expression.span().location());
    throw;
  }
}

bool has_validation(const ModelContext& context) {
  const std::optional<Examples>& examples = context.model.examples;
  return examples && examples->find(Examples::kValidation) != nullptr;
}

void require_validation(const ModelContext& context, const Span& place, const std::string& reason) {
  if (has_validation(context)) return;
  throw error_at(place, reason + ", and there is no validation split")
      .set_hint("split: {train: 0.8, validation: 0.2}");
}

/// What validations measure: the loss and the metrics.
std::vector<std::string> measure_names(const ModelContext& context) {
  std::vector<std::string> names = {"loss"};
  for (const NamedExpression& metric : context.model.metrics) names.push_back(metric.name);
  return names;
}

/// Hyperparameters depend on named numbers, on how far training is, on what the last validation measured, and
/// on nothing else.
class HyperparameterScope final : public Scope {
 public:
  /// `calls` names the states of schedules.
  HyperparameterScope(ModelContext& context, ModuleCalls& calls)
      : context_(context), scope_(context, ModelScope::kEverything, calls) {}

  [[nodiscard]] std::optional<Operand> find(const std::string& name, const Span& use) override {
    const std::vector<std::string> measures = measure_names(context_);
    const bool is_measure = std::ranges::find(measures, name) != measures.end();
    const auto index = context_.names.find(name);
    if (is_measure && (!index || has_validation(context_))) return Operand{measure(name, use)};
    if (index && context_.names[*index].section != Section::let)
      throw error_at(use, "a hyperparameter depends on 'let:', step, steps and epoch alone, and '" + name +
                              "' is of '" + std::string(to_string(context_.names[*index].section)) + ":'")
          .set_hint(is_measure ? "with a validation split it is what the last validation measured" : "");
    return scope_.find(name, use);
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names = {"step", "steps", "epoch", "epochs"};
    for (const auto& [name, value] : context_.model.lets) names.push_back(name);
    for (const std::string& name : measure_names(context_)) names.push_back(name);
    return names;
  }
  // Schedules are modules without parameters.
  [[nodiscard]] std::optional<Callable> find_callable(const std::string& name) override {
    return scope_.find_callable(name);
  }
  [[nodiscard]] std::vector<std::string> callable_names() const override { return scope_.callable_names(); }
  [[nodiscard]] Operand call_module(const ModuleDefinition& module,
                                    const std::vector<CallArgument>& arguments, const Span& place,
                                    Repetition repetition) override {
    const std::size_t parameters = context_.model.parameters.size();
    Operand result = scope_.call_module(module, arguments, place, repetition);
    if (context_.model.parameters.size() > parameters)
      throw error_at(place,
                     "module '" + module.name + "' has parameters, and a hyperparameter is not trained");
    return result;
  }

 private:
  [[nodiscard]] Value measure(const std::string& name, const Span& use) {
    require_validation(context_, use,
                       "in a hyperparameter '" + name + "' is what the last validation measured");
    auto& known = context_.model.measures;
    auto found = std::ranges::find(known, name, &std::pair<std::string, NodeId>::first);
    if (found == known.end()) {
      const OriginScope origin(context_.graph(), Span{});
      const Value leaf =
          context_.graph().add_leaf("scalar", "measured " + name, {}, context_.graph().floating());
      found = known.insert(known.end(), {name, leaf.id()});
    }
    return context_.graph().value(found->second);
  }

  ModelContext& context_;
  ModelScope scope_;
};

/// `path` is where the states of its schedules are named: "train" or "train/<group>".
HyperparameterSetting read_hyperparameter(ModelContext& context, const DocumentEntry& entry,
                                          const std::string& path) {
  const std::string what = "hyperparameter '" + entry.key.text + "'";
  const Expression expression = parse_expression(entry.value);
  ModuleCalls calls(path + "/" + entry.key.text, expression, context.modules);
  HyperparameterScope scope(context, calls);
  const Operand operand = evaluate(expression, scope, context.graph());
  HyperparameterSetting setting;
  setting.name = entry.key.text;
  setting.name_span = entry.key.span;
  setting.value_span = entry.value.span;
  setting.constant = operand.number();
  if (!operand.is_number() && !operand.is_tensor())
    throw error_at(expression.span(), what + " is a number, and this is " + describe(operand))
        .set_hint(operand.list() != nullptr
                      ? "numbers that belong together have names of their own, as beta1 and beta2"
                      : "");
  const OriginScope origin(context.graph(), expression.span());
  const Value value = operand.is_tensor() ? *operand.tensor() : constant(context.graph(), *operand.number());
  if (value.rank() != 0)
    throw error_at(expression.span(), what + " is a number, and this is " + describe(operand));
  setting.value = value.id();
  return setting;
}

/// `groups` takes the node of `groups:`, which stands among the hyperparameters; null where none is allowed.
OptimizerSetting read_optimizer(ModelContext& context, const DocumentNode& node, const std::string& path,
                                const DocumentNode** groups) {
  OptimizerSetting setting;
  setting.span = node.span;
  if (node.kind == DocumentNode::Kind::scalar) {
    setting.name = node.text;
    return setting;
  }
  if (require_mapping(node, "'optimizer'").entries.size() != 1)
    throw error_at(node.entries.empty() ? node.span : node.entries[1].key.span,
                   node.entries.empty()
                       ? "'optimizer' names no optimizer"
                       : "'optimizer' names a second optimizer, '" + node.entries[1].key.text + "'")
        .set_hint("optimizer: {NAME: {alpha: 0.1}}");
  const DocumentEntry& entry = node.entries[0];
  setting.name = entry.key.text;
  setting.span = entry.key.span;
  for (const DocumentEntry& hyperparameter :
       require_mapping(entry.value, "the setting of '" + setting.name + "'").entries) {
    if (groups != nullptr && hyperparameter.key.text == "groups")
      *groups = &hyperparameter.value;
    else
      setting.hyperparameters.push_back(read_hyperparameter(context, hyperparameter, path));
  }
  return setting;
}

std::vector<std::string> read_patterns(const DocumentNode& node) {
  if (node.kind == DocumentNode::Kind::scalar) return {node.text};
  std::vector<std::string> patterns;
  for (const DocumentNode& item : require_sequence(node, "'parameters' of a group").items)
    patterns.push_back(require_text(item, "a pattern of 'parameters'"));
  return patterns;
}

/// What is no value may have been meant for a key of the group itself.
HyperparameterSetting read_hyperparameter_of_group(ModelContext& context, const DocumentEntry& field,
                                                   const std::string& path) {
  static const std::vector<std::string> kGroupKeys = {"parameters", "dimensions", "optimizer"};
  try {
    return read_hyperparameter(context, field, path);
  } catch (Error& error) {
    const std::string meant = did_you_mean(field.key.text, kGroupKeys);
    if (meant.empty()) throw;
    throw error_at(field.key.span, "a group has no '" + field.key.text + "'").set_hint(meant);
  }
}

/// Hyperparameters that a group does not give itself are those of the model's optimizer.
GroupSetting read_group(ModelContext& context, const DocumentEntry& entry, const OptimizerSetting& main) {
  GroupSetting group;
  group.name = entry.key.text;
  group.span = entry.key.span;
  group.optimizer.name = main.name;
  group.optimizer.span = entry.key.span;
  const std::string path = "train/" + group.name;
  const DocumentNode* own = nullptr;
  for (const DocumentEntry& field : require_mapping(entry.value, "group '" + group.name + "'").entries) {
    if (field.key.text == "parameters")
      group.patterns = read_patterns(field.value);
    else if (field.key.text == "dimensions")
      group.dimensions = read_integer(context, field.value, ModelScope::kEverything, "'dimensions'", 0);
    else if (field.key.text == "optimizer")
      own = &field.value;
    else
      group.optimizer.hyperparameters.push_back(read_hyperparameter_of_group(context, field, path));
  }
  if (group.patterns.empty() && !group.dimensions)
    throw error_at(group.span, "group '" + group.name + "' does not say which parameters it has")
        .set_hint("parameters: '*/b', or dimensions: 2");
  std::vector<HyperparameterSetting>& given = group.optimizer.hyperparameters;
  if (own != nullptr) {
    if (!given.empty())
      throw error_at(given.front().name_span, "group '" + group.name + "' has an optimizer of its own: '" +
                                                  given.front().name + "' belongs there");
    group.optimizer = read_optimizer(context, *own, path, nullptr);
    return group;
  }
  for (const HyperparameterSetting& inherited : main.hyperparameters)
    if (std::ranges::find(given, inherited.name, &HyperparameterSetting::name) == given.end())
      given.push_back(inherited);
  return group;
}

void read_groups(ModelContext& context, const DocumentNode& node, TrainSetting& train) {
  for (const DocumentEntry& entry : require_mapping(node, "'groups'").entries)
    train.groups.push_back(read_group(context, entry, train.optimizer));
}

void read_optimizer_with_groups(ModelContext& context, const DocumentNode& node, TrainSetting& train) {
  const DocumentNode* groups = nullptr;
  train.optimizer = read_optimizer(context, node, "train", &groups);
  if (groups != nullptr) read_groups(context, *groups, train);
}

/// In place of the model's: a name alone, which may be a path, or what could stand behind `optimizer:`.
void read_given_optimizer(ModelContext& context, const std::string& text, TrainSetting& train) {
  if (text.find('{') == std::string::npos) {
    train.optimizer.name = text;
    return;
  }
  context.model.sources.push_back(std::make_unique<Source>("--set-optimizer", text));
  read_optimizer_with_groups(context, read_document(*context.model.sources.back()), train);
}

void read_validate(ModelContext& context, const DocumentNode& node, TrainSetting& train) {
  const Fields fields(node, "'validate'", {"every", "rows"});
  require_validation(context, node.span, "'validate' says when the metrics are computed");
  if (const DocumentNode* every = fields.find("every"))
    train.validate.every = read_integer(context, *every, ModelScope::kEverything, "'every', in steps,", 1);
  if (const DocumentNode* rows = fields.find("rows"))
    train.validate.rows = read_integer(context, *rows, ModelScope::kEverything, "'rows'", 1);
}

/// The name of a metric, or "loss".
std::string read_measure(const ModelContext& context, const DocumentNode& node) {
  const std::string& text = require_text(node, "what 'keep' compares");
  const std::vector<std::string> names = measure_names(context);
  if (std::ranges::find(names, text) == names.end())
    throw error_at(node.span, "there is no metric '" + text + "'").set_hint(did_you_mean(text, names));
  return text;
}

void read_keep(ModelContext& context, const DocumentNode& node, TrainSetting& train) {
  require_validation(context, node.span, "'keep' compares validations");
  if (node.kind == DocumentNode::Kind::scalar) {
    if (node.text != "best")
      throw error_at(node.span, "'keep' is best, and this is '" + node.text + "'")
          .set_hint("keep: best, {lowest: loss} or {highest: accuracy}");
    train.keep = KeepSetting{"loss", false};
    return;
  }
  const Fields fields(node, "'keep'", {"lowest", "highest"});
  if (node.entries.size() != 1)
    throw error_at(node.span, "'keep' compares by one measure").set_hint("keep: {highest: accuracy}");
  train.keep =
      KeepSetting{read_measure(context, node.entries[0].value), node.entries[0].key.text == "highest"};
}

/// The planned steps: `steps:`, or `epochs:` times what one has.
std::int64_t read_steps(ModelContext& context, const Fields& fields) {
  const DocumentNode *steps = fields.find("steps"), *epochs = fields.find("epochs");
  if (epochs == nullptr)
    return read_integer(context, fields.require("steps"), ModelScope::kEverything, "'steps'", 0);
  if (steps != nullptr)
    throw error_at(fields.key("epochs").span,
                   "'train' has steps and epochs; one of both says how long it takes");
  const std::int64_t passes = read_integer(context, *epochs, ModelScope::kEverything, "'epochs'", 0);
  const std::int64_t each = context.model.examples ? context.model.examples->steps_per_epoch() : 1;
  constexpr std::int64_t kMostSteps = std::int64_t{1} << 53;
  if (passes > kMostSteps / each) throw error_at(epochs->span, "'epochs' is too large");
  return passes * each;
}

void read_stop(ModelContext& context, const DocumentNode& node, TrainSetting& train) {
  const Fields fields(node, "'stop'", {"gradient", "loss", "patience"});
  if (const DocumentNode* gradient = fields.find("gradient")) {
    train.stop_gradient = read_number(context, *gradient, ModelScope::kEverything, "'gradient'");
    if (!(*train.stop_gradient >= 0)) throw error_at(gradient->span, "'gradient' is at least 0");
  }
  if (const DocumentNode* loss = fields.find("loss"))
    train.stop_loss = read_number(context, *loss, ModelScope::kEverything, "'loss'");
  if (const DocumentNode* patience = fields.find("patience")) {
    require_validation(context, patience->span, "'patience' counts validations");
    train.patience = read_integer(context, *patience, ModelScope::kEverything, "'patience'", 1);
  }
}

void read_clip(ModelContext& context, const DocumentNode& node, TrainSetting& train) {
  const Fields fields(node, "'clip'", {"norm", "value"});
  train.clip.span = node.span;
  const auto read = [&](const char* name) -> std::optional<double> {
    const DocumentNode* field = fields.find(name);
    if (field == nullptr) return std::nullopt;
    const std::string what = "'" + std::string(name) + "'";
    const double limit = read_number(context, *field, ModelScope::kEverything, what);
    if (!(limit > 0)) throw error_at(field->span, what + " is more than 0");
    return limit;
  };
  train.clip.norm = read("norm");
  train.clip.value = read("value");
  if (train.clip.norm && train.clip.value)
    throw error_at(fields.key("value").span,
                   "'clip' has a norm and a value; one of both limits the gradient");
  if (!train.clip.norm && !train.clip.value)
    throw error_at(node.span, "'clip' limits nothing").set_hint("clip: {norm: 1.0}, or clip: {value: 0.5}");
}

void read_log(ModelContext& context, const DocumentNode& node, TrainSetting& train) {
  for (const DocumentEntry& entry : require_mapping(node, "'log'").entries) {
    if (entry.key.text == "every")
      train.log_every = read_integer(context, entry.value, ModelScope::kEverything, "'every'", 1);
    else
      train.log.push_back(read_named_expression(context, entry, "'log'"));
  }
}

/// A name that is logged too stands once in the last line, so it is of the same expression there.
void read_report(ModelContext& context, const DocumentNode& node, const std::vector<DocumentEntry>& logged,
                 TrainSetting& train) {
  for (const DocumentEntry& entry : require_mapping(node, "'report'").entries) {
    const auto same = std::ranges::find(
        logged, entry.key.text, [](const DocumentEntry& other) -> const auto& { return other.key.text; });
    if (same != logged.end() && same->value.text != entry.value.text)
      throw error_at(entry.key.span, "'" + entry.key.text + "' is logged already, as another value")
          .note("'log' has it on " + line_of(same->key.span));
    train.report.push_back(read_named_expression(context, entry, "'report'"));
  }
}

Fields train_fields(const DocumentNode& node) {
  return Fields(node, "'train'",
                {"minimize", "optimizer", "clip", "steps", "epochs", "batch", "shuffle", "validate", "keep",
                 "log", "report", "stop"});
}

}  // namespace

void prepare_minimize(ModelContext& context, const DocumentNode* train) {
  if (train == nullptr) return;
  const DocumentNode* minimize = train_fields(*train).find("minimize");
  if (minimize != nullptr) context.minimize = parse_expression(*minimize);
}

const DocumentNode* find_batch(const DocumentNode* train) {
  return train == nullptr ? nullptr : train_fields(*train).find("batch");
}

void read_metrics(ModelContext& context, const DocumentNode* section) {
  if (section == nullptr) return;
  if (!context.model.examples)
    throw error_at(section->span, "metrics are means over the examples of a split, and there is none")
        .set_hint("split: {train: 0.8, validation: 0.2}");
  for (const DocumentEntry& entry : section->entries) {
    NamedExpression metric = read_named_expression(context, entry, "'metrics'");
    const Shape& shape = context.graph()[metric.value].shape;
    if (shape.rank() != 0)
      throw error_at(entry.value.span, "metric '" + metric.name +
                                           "' is a number, the mean over the examples of " +
                                           "a batch, and this is " + to_string(shape))
          .set_hint("mean(...) of it is a number");
    context.model.metrics.push_back(std::move(metric));
  }
}

void read_train(ModelContext& context, const DocumentNode* section) {
  if (section == nullptr) return;
  const Fields fields = train_fields(*section);
  TrainSetting train;
  train.span = section->span;
  const DocumentNode& minimize = fields.require("minimize");
  train.minimize_name = require_text(minimize, "'minimize'");
  train.minimize = minimized(context, minimize.span).id();
  if (context.options.optimizer)
    read_given_optimizer(context, *context.options.optimizer, train);
  else if (const DocumentNode* optimizer = fields.find("optimizer"))
    read_optimizer_with_groups(context, *optimizer, train);
  else if (!context.model.parameters.empty() && context.options.mode == Mode::training)
    static_cast<void>(fields.require("optimizer"));
  if (const DocumentNode* clip = fields.find("clip")) read_clip(context, *clip, train);
  train.steps = read_steps(context, fields);
  if (context.options.steps) train.steps = *context.options.steps;
  if (const DocumentNode* shuffle = fields.find("shuffle")) {
    ModelScope scope(context, ModelScope::kEverything);
    train.shuffle = read_flag(context.graph(), scope, *shuffle, "'shuffle'");
  }
  if (const DocumentNode* validate = fields.find("validate")) read_validate(context, *validate, train);
  if (const DocumentNode* keep = fields.find("keep")) read_keep(context, *keep, train);
  const DocumentNode* log = fields.find("log");
  if (log != nullptr) read_log(context, *log, train);
  if (const DocumentNode* report = fields.find("report"))
    read_report(context, *report, log == nullptr ? std::vector<DocumentEntry>() : log->entries, train);
  if (const DocumentNode* stop = fields.find("stop")) read_stop(context, *stop, train);
  context.model.train = std::move(train);
}

void read_sweep(ModelContext& context, const DocumentNode* section) {
  if (section == nullptr) return;
  const Fields fields(*section, "'sweep'", {"grid", "restarts"});
  SweepSetting sweep;
  if (const DocumentNode* restarts = fields.find("restarts"))
    sweep.restarts = read_integer(context, *restarts, ModelScope::kEverything, "'restarts'", 1);
  std::vector<std::string> names;
  for (const auto& [name, value] : context.model.lets) names.push_back(name);
  const DocumentNode* grid = fields.find("grid");
  if (grid != nullptr) require_mapping(*grid, "'grid'");
  for (std::size_t i = 0; grid != nullptr && i < grid->entries.size(); ++i) {
    const DocumentEntry& entry = grid->entries[i];
    const auto index = context.names.find(entry.key.text);
    if (!index || context.names[*index].section != Section::let)
      throw error_at(entry.key.span, "the model has no '" + entry.key.text + "' in 'let:'")
          .set_hint(did_you_mean(entry.key.text, names));
    std::vector<std::string> texts;
    for (const DocumentNode& item :
         require_sequence(entry.value, "the grid of '" + entry.key.text + "'").items) {
      static_cast<void>(read_number(context, item, *index, "a value of '" + entry.key.text + "'"));
      texts.push_back(item.text);
    }
    if (texts.empty()) throw error_at(entry.value.span, "the grid of '" + entry.key.text + "' is empty");
    sweep.grid.emplace_back(entry.key.text, std::move(texts));
  }
  context.model.sweep = std::move(sweep);
}

}  // namespace talweg
