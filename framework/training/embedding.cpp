// talweg/talweg.hpp over a Trainer.

#include <algorithm>
#include <talweg/talweg.hpp>

#include "plugin/plugin_path.hpp"
#include "support/file.hpp"
#include "training/trainer.hpp"
#include "training/weights.hpp"

namespace talweg {
namespace {

Array to_array(NamedTensor tensor) {
  return {{tensor.shape.begin(), tensor.shape.end()}, std::move(tensor.values)};
}

NamedArrays to_arrays(std::vector<NamedTensor> tensors) {
  NamedArrays arrays;
  for (NamedTensor& tensor : tensors) {
    std::string name = tensor.name;
    arrays.emplace_back(std::move(name), to_array(std::move(tensor)));
  }
  return arrays;
}

/// Takes what is minimized, which a record has first, from among its values.
double take_loss(NamedArrays& values) {
  if (values.empty()) return 0;
  const double loss = values.front().second.values.front();
  values.erase(values.begin());
  return loss;
}

class CallingObserver final : public TrainingObserver {
 public:
  explicit CallingObserver(const TrainingCallbacks& callbacks) : callbacks_(callbacks) {}

  void logged(const LogRecord& record) override {
    if (!callbacks_.log) return;
    TrainingLog log{record.step, 0, to_arrays(record.values)};
    log.loss = take_loss(log.values);
    callbacks_.log(log);
  }

  void progressed(const ProgressRecord& record) override {
    if (callbacks_.progress)
      callbacks_.progress(
          {record.step, record.steps, record.loss, record.steps_per_second, record.seconds_left});
  }

 private:
  const TrainingCallbacks& callbacks_;
};

ModelOptions model_options(const LoadOptions& options) {
  ModelOptions result;
  result.set = options.set;
  result.seed = options.seed;
  result.steps = options.steps;
  result.optimizer = options.optimizer;
  result.data_directories = options.data;
  return result;
}

}  // namespace

struct Model::Inside {
  Inside(CheckedModel model, std::shared_ptr<const Optimizer> optimizer, const LoadOptions& options)
      : trainer(std::move(model), std::move(optimizer), {options.reference_executor, options.threads}) {}

  Trainer trainer;

  static std::unique_ptr<Inside> make(CheckedModel model, const LoadOptions& options) {
    auto optimizer = find_optimizer(model, PluginPath::standard(options.plugins));
    return std::make_unique<Inside>(std::move(model), std::move(optimizer), options);
  }
};

Model Model::from_file(const std::filesystem::path& path, const LoadOptions& options) {
  return Model(Inside::make(load_model(path, model_options(options)), options));
}

Model Model::from_text(std::string text, const LoadOptions& options, std::string name) {
  return Model(
      Inside::make(load_model_text(std::move(text), std::move(name), model_options(options)), options));
}

Model::Model(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

TrainingResult Model::train(const TrainingCallbacks& callbacks) {
  CallingObserver observer(callbacks);
  EndRecord end = inside_->trainer.run(observer);
  TrainingResult result;
  result.steps = end.steps;
  result.seconds = end.seconds;
  result.reason = to_string(end.reason);
  result.values = to_arrays(std::move(end.values));
  result.loss = take_loss(result.values);
  result.report = to_arrays(std::move(end.report));
  return result;
}

void Model::request_stop() noexcept { inside_->trainer.request_stop(); }

std::int64_t Model::step() const { return inside_->trainer.step(); }

std::vector<std::string> Model::parameters() const {
  std::vector<std::string> names;
  for (const TensorDeclaration& parameter : inside_->trainer.model().parameters)
    names.push_back(parameter.name);
  return names;
}

std::vector<std::string> Model::names() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : inside_->trainer.model().named) names.push_back(name);
  return names;
}

Array Model::value(std::string_view name) const { return to_array(inside_->trainer.value(name)); }

Array Model::gradient(std::string_view parameter) const {
  return to_array(inside_->trainer.gradient(parameter));
}

void Model::set_value(std::string_view name, std::span<const double> values) {
  inside_->trainer.set_value(name, values);
}

void Model::save_weights(const std::filesystem::path& path) const {
  write_whole_file(path, encode_weights(inside_->trainer.weights()));
}

void Model::load_weights(const std::filesystem::path& path) {
  inside_->trainer.set_weights(read_weights(path));
}

NamedArrays Model::evaluate(std::string_view split) const {
  return to_arrays(inside_->trainer.evaluate(split));
}

}  // namespace talweg
