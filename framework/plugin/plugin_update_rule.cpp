#include "plugin/plugin_update_rule.hpp"

#include <cmath>
#include <map>
#include <optional>
#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "plugin/function_call.hpp"
#include "plugin/plugin_path.hpp"
#include "plugin/text.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

// One emission. The plugin holds nodes as positions in `values`, so that it can name none but those it got.
struct talweg_update {
  struct State {
    std::optional<double> initial;  // nothing for a copy of x
    bool of_examples;
    talweg_node node;
    std::optional<talweg::Value> next = {};
  };

  talweg::UpdateSite& site;
  const std::vector<talweg::Hyperparameter>& hyperparameters;
  talweg::Graph& graph;
  bool all_parameters, swaps_weights, draws_examples;
  std::vector<talweg::Value> values = {};
  std::map<std::string, State> states = {};
  std::optional<talweg::Value> next_parameter = {};
  std::string evaluated = {};  // the copy that the model is evaluated with
  std::string drawn_by = {};   // the state that examples are drawn by
  std::optional<talweg::Error> failure = {};
};

namespace talweg {
namespace {

constexpr std::size_t kMaximumNodes = 100'000;
constexpr std::size_t kMaximumArguments = 1'000;

[[noreturn]] void refuse(const std::string& reason) { throw Error(Status::plugin, reason); }

/// Runs `body`, unless the emission has failed already; what it throws becomes the emission's failure, since
/// no exception may pass through a plugin.
template <class Result, class Body>
Result guarded(talweg_update* update, Result otherwise, Body body) noexcept {
  if (update == nullptr || update->failure) return otherwise;
  try {
    return body(*update);
  } catch (const Error& error) {
    update->failure = error;
  } catch (const std::exception& exception) {
    update->failure = Error(Status::plugin, one_line(exception.what()));
  } catch (...) {
    update->failure = Error(Status::internal, "an exception that is no std::exception");
  }
  return otherwise;
}

talweg_node hand_out(talweg_update& update, Value value) {
  if (update.values.size() >= kMaximumNodes) refuse("more than " + std::to_string(kMaximumNodes) + " nodes");
  update.values.push_back(value);
  return static_cast<talweg_node>(update.values.size() - 1);
}

Value value_of(const talweg_update& update, talweg_node node) {
  if (node >= update.values.size()) refuse("node " + std::to_string(node) + " does not exist");
  return update.values[node];
}

std::string find_hyperparameter(const talweg_update& update, const char* text, Hyperparameter::Kind kind) {
  std::string name = text_from_plugin(text, "the name of a hyperparameter");
  const std::string wanted = kind == Hyperparameter::Kind::flag ? "flag" : "hyperparameter";
  std::vector<std::string> names;
  for (const Hyperparameter& hyperparameter : update.hyperparameters) {
    if (hyperparameter.kind != kind) continue;
    if (hyperparameter.name == name) return name;
    names.push_back(hyperparameter.name);
  }
  throw Error(Status::plugin, "there is no " + wanted + " '" + name + "'")
      .set_hint(did_you_mean(name, names));
}

Attribute read_attribute(const talweg_attribute& attribute, const std::string& name) {
  switch (attribute.kind) {
    case TALWEG_INTEGER:
      return attribute.value.integer;
    case TALWEG_REAL:
      return attribute.value.real;
    case TALWEG_BOOLEAN:
      return attribute.value.integer != 0;
    case TALWEG_TEXT:
      return text_from_plugin(attribute.value.text, "the attribute '" + name + "'");
    case TALWEG_INTEGERS:
    case TALWEG_REALS:
      break;
    default:
      refuse("the attribute '" + name + "' is of the unknown kind " + std::to_string(attribute.kind));
  }
  if (attribute.count > kMaximumArguments)
    refuse("the attribute '" + name + "' has more than " + std::to_string(kMaximumArguments) + " elements");
  if (attribute.count > 0 && attribute.value.integers == nullptr)
    refuse("the attribute '" + name + "' is a null pointer");
  if (attribute.kind == TALWEG_INTEGERS)
    return Integers(attribute.value.integers, attribute.value.integers + attribute.count);
  return Numbers(attribute.value.reals, attribute.value.reals + attribute.count);
}

/// A rule with a node that mixes elements gives something else over all parameters laid end to end: asking
/// for the shape has it emitted for each parameter.
void require_own_site_unless_elementwise(talweg_update& update, std::size_t first) {
  if (update.all_parameters) return;
  for (std::size_t id = first; id < update.graph.size(); ++id) {
    const Node& node = update.graph[static_cast<NodeId>(id)];
    if (!node.inputs.empty() && !node.op->elementwise) {
      static_cast<void>(update.site.shape());
      return;
    }
  }
}

/// `value` in that shape.
Value fit(const talweg_update& update, talweg_node node, const Shape& shape, const std::string& what) {
  const Value value = value_of(update, node);
  if (!is_floating(value.dtype()))
    refuse(what + " is assigned a value of type " + std::string(to_string(value.dtype())));
  const std::optional<Shape> both = broadcast(value.shape(), shape);
  if (!both || !(*both == shape))
    refuse(what + " has shape " + to_string(shape) + ", its new value " + to_string(value.shape()));
  return broadcast_to(value, shape);
}

talweg_node parameter(talweg_update* update) {
  return guarded(update, TALWEG_NO_NODE, [](talweg_update& u) { return hand_out(u, u.site.parameter()); });
}

talweg_node gradient(talweg_update* update) {
  return guarded(update, TALWEG_NO_NODE, [](talweg_update& u) { return hand_out(u, u.site.gradient()); });
}

talweg_node step(talweg_update* update) {
  return guarded(update, TALWEG_NO_NODE, [](talweg_update& u) { return hand_out(u, u.site.step()); });
}

talweg_node hyperparameter(talweg_update* update, const char* name) {
  return guarded(update, TALWEG_NO_NODE, [&](talweg_update& u) {
    return hand_out(u, u.site.hyperparameter(find_hyperparameter(u, name, Hyperparameter::Kind::number)));
  });
}

int flag(talweg_update* update, const char* name) {
  return guarded(update, 0, [&](talweg_update& u) {
    return u.site.flag(find_hyperparameter(u, name, Hyperparameter::Kind::flag)) ? 1 : 0;
  });
}

Value add_state(UpdateSite& site, const std::string& name, const talweg_update::State& state) {
  if (!state.initial) return site.copy(name);
  return state.of_examples ? site.example_state(name, *state.initial) : site.state(name, *state.initial);
}

/// A state that starts as a number, or as a copy of x.
talweg_node find_or_add_state(talweg_update& update, const char* text, std::optional<double> initial,
                              bool of_examples = false) {
  const std::string name = text_from_plugin(text, "the name of a state");
  if (!is_plugin_name(name))
    refuse("the name '" + name + "' of a state is not made of a-z, 0-9 and _, a letter first");
  const auto describe = [](std::optional<double> start) { return start ? format_number(*start) : "x"; };
  if (initial && !std::isfinite(*initial)) refuse("state '" + name + "' starts as " + describe(initial));
  if (const auto known = update.states.find(name); known != update.states.end()) {
    if (known->second.initial != initial)
      refuse("state '" + name + "' starts as " + describe(known->second.initial) + " and as " +
             describe(initial));
    if (known->second.of_examples != of_examples) refuse("state '" + name + "' is of x and of the examples");
    return known->second.node;
  }
  talweg_update::State state{initial, of_examples, TALWEG_NO_NODE};
  state.node = hand_out(update, add_state(update.site, name, state));
  update.states.emplace(name, state);
  return state.node;
}

talweg_node state(talweg_update* update, const char* text, double initial) {
  return guarded(update, TALWEG_NO_NODE,
                 [&](talweg_update& u) { return find_or_add_state(u, text, initial); });
}

talweg_node copy(talweg_update* update, const char* text) {
  return guarded(update, TALWEG_NO_NODE,
                 [&](talweg_update& u) { return find_or_add_state(u, text, std::nullopt); });
}

void evaluate_with(talweg_update* update, const char* text) {
  guarded(update, false, [&](talweg_update& u) {
    const std::string name = text_from_plugin(text, "the name of a state");
    const auto found = u.states.find(name);
    if (!u.swaps_weights)
      refuse("evaluate_with: it does not declare that it needs other weights for evaluation");
    if (found == u.states.end() || found->second.initial)
      refuse("evaluate_with: '" + name + "' is not a copy of x");
    u.evaluated = name;
    return true;
  });
}

void require_draws(const talweg_update& update, const std::string& function) {
  if (!update.draws_examples) refuse(function + ": it does not declare that it needs to draw the examples");
}

talweg_node example_state(talweg_update* update, const char* text, double initial) {
  return guarded(update, TALWEG_NO_NODE, [&](talweg_update& u) {
    require_draws(u, "example_state");
    return find_or_add_state(u, text, initial, true);
  });
}

talweg_node drawn(talweg_update* update) {
  return guarded(update, TALWEG_NO_NODE, [](talweg_update& u) {
    require_draws(u, "drawn");
    return hand_out(u, u.site.drawn());
  });
}

void draw_by(talweg_update* update, const char* text) {
  guarded(update, false, [&](talweg_update& u) {
    require_draws(u, "draw_by");
    const std::string name = text_from_plugin(text, "the name of a state");
    const auto found = u.states.find(name);
    if (found == u.states.end() || !found->second.of_examples)
      refuse("draw_by: '" + name + "' is not a state of the examples");
    u.drawn_by = name;
    return true;
  });
}

talweg_node constant_node(talweg_update* update, double value) {
  return guarded(update, TALWEG_NO_NODE,
                 [&](talweg_update& u) { return hand_out(u, constant(u.graph, value)); });
}

talweg_node emit_function(talweg_update* update, const char* function, const talweg_node* inputs,
                          size_t input_count, const talweg_attribute* attributes, size_t attribute_count) {
  return guarded(update, TALWEG_NO_NODE, [&](talweg_update& u) {
    const std::string name = text_from_plugin(function, "the name of a function");
    if (input_count > kMaximumArguments || attribute_count > kMaximumArguments)
      refuse(name + ": more than " + std::to_string(kMaximumArguments) + " arguments");
    if ((inputs == nullptr && input_count > 0) || (attributes == nullptr && attribute_count > 0))
      refuse(name + ": its arguments are a null pointer");
    std::vector<Value> values;
    for (std::size_t i = 0; i < input_count; ++i)
      values.push_back(inputs[i] == TALWEG_NO_NODE ? Value() : value_of(u, inputs[i]));
    std::vector<std::pair<std::string, Attribute>> named;
    for (std::size_t i = 0; i < attribute_count; ++i) {
      std::string key = text_from_plugin(attributes[i].name, name + ": the name of an attribute");
      Attribute value = read_attribute(attributes[i], key);
      named.emplace_back(std::move(key), std::move(value));
    }
    const std::size_t first = u.graph.size();
    const Value value = call_function(u.graph, name, values, named);
    // transpose() of a vector is the vector: what needs no node for this shape may need one for another.
    if (u.graph.size() == first) static_cast<void>(u.site.shape());
    require_own_site_unless_elementwise(u, first);
    return hand_out(u, value);
  });
}

talweg_node gradient_at(talweg_update* update, talweg_node point) {
  return guarded(update, TALWEG_NO_NODE, [&](talweg_update& u) {
    if (!u.all_parameters) refuse("gradient_at: it does not declare that it needs all parameters together");
    return hand_out(u,
                    u.site.gradient_at(fit(u, point, u.site.parameter().shape(), "gradient_at: the point")));
  });
}

void assign_parameter(talweg_update* update, talweg_node value) {
  guarded(update, false, [&](talweg_update& u) {
    u.next_parameter = fit(u, value, u.site.parameter().shape(), "the parameter");
    return true;
  });
}

void assign_state(talweg_update* update, const char* text, talweg_node value) {
  guarded(update, false, [&](talweg_update& u) {
    const std::string name = text_from_plugin(text, "the name of a state");
    const auto found = u.states.find(name);
    if (found == u.states.end()) refuse("state '" + name + "' is assigned but was never asked for");
    found->second.next = fit(u, value, u.values[found->second.node].shape(), "state '" + name + "'");
    return true;
  });
}

int rank(talweg_update* update) {
  return guarded(update, 0, [](talweg_update& u) { return u.site.shape().rank(); });
}

int64_t size(talweg_update* update, int axis) {
  return guarded(update, std::int64_t{0}, [&](talweg_update& u) {
    const Shape& shape = u.site.shape();
    if (axis < 0 || axis >= shape.rank())
      refuse("a parameter of shape " + to_string(shape) + " has no axis " + std::to_string(axis));
    return shape[axis];
  });
}

void fail(talweg_update* update, const char* message) {
  guarded(update, false, [&](talweg_update&) -> bool {
    refuse(message == nullptr ? "fails without a message" : one_line(message));
  });
}

constexpr talweg_update_api kApi = {sizeof(talweg_update_api),
                                    parameter,
                                    gradient,
                                    step,
                                    hyperparameter,
                                    flag,
                                    state,
                                    constant_node,
                                    emit_function,
                                    assign_parameter,
                                    assign_state,
                                    rank,
                                    size,
                                    fail,
                                    gradient_at,
                                    copy,
                                    evaluate_with,
                                    example_state,
                                    drawn,
                                    draw_by};

class PluginUpdateRule final : public UpdateRule {
 public:
  explicit PluginUpdateRule(LoadedPlugin plugin) : plugin_(std::move(plugin)) {}

  [[nodiscard]] const std::string& name() const override { return plugin_.description.name; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> libraries() const override {
    return {{plugin_.description.name, plugin_.description.path.string()}};
  }
  [[nodiscard]] const std::vector<Hyperparameter>& hyperparameters() const override {
    return plugin_.description.hyperparameters;
  }

  [[nodiscard]] bool needs_all_parameters() const override {
    return needs(TALWEG_NEEDS_ALL_PARAMETERS | TALWEG_NEEDS_EXAMPLES);
  }
  [[nodiscard]] bool draws_examples() const override { return needs(TALWEG_NEEDS_EXAMPLES); }

  void emit(UpdateSite& site) const override {
    talweg_update update{site,
                         hyperparameters(),
                         site.parameter().graph(),
                         needs_all_parameters(),
                         needs(TALWEG_NEEDS_WEIGHT_SWAP),
                         draws_examples()};
    try {
      call(update);
    } catch (Error& error) {
      throw error.set_status(Status::plugin)
          .set_message("plugin " + plugin_.description.path.string() + ": update: " + error.message());
    }
    site.assign_parameter(*update.next_parameter);
    for (const auto& [name, state] : update.states)
      if (state.next) site.assign_state(name, *state.next);
    if (update.swaps_weights) site.evaluate_with(update.evaluated);
    if (update.draws_examples) site.draw_by(update.drawn_by);
  }

 private:
  /// One of them.
  [[nodiscard]] bool needs(std::uint32_t bits) const { return (plugin_.table->needs & bits) != 0; }

  void call(talweg_update& update) const {
    try {
      plugin_.table->update(&kApi, &update);
    } catch (const std::exception& exception) {
      if (!update.failure) refuse(one_line(exception.what()));
    } catch (...) {
      if (!update.failure) refuse("an exception that is no std::exception");
    }
    if (update.failure) throw Error(*update.failure);
    if (!update.next_parameter) refuse("the parameter is not assigned");
    if (update.draws_examples && update.drawn_by.empty())
      refuse("it does not say what the examples are drawn by");
    if (!update.swaps_weights) return;
    if (update.evaluated.empty()) refuse("it does not say what the model is evaluated with");
    if (!update.states.at(update.evaluated).next)
      refuse("state '" + update.evaluated + "', which the model is evaluated with, is not assigned");
  }

  LoadedPlugin plugin_;
};

}  // namespace

std::shared_ptr<const UpdateRule> make_update_rule(LoadedPlugin plugin) {
  return std::make_shared<PluginUpdateRule>(std::move(plugin));
}

}  // namespace talweg
