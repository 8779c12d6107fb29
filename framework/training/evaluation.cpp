#include "training/evaluation.hpp"

#include <algorithm>

namespace talweg {

Evaluation::Evaluation(TrainingState& state, const Split& split, std::optional<std::int64_t> rows)
    : state_(state),
      split_(split),
      examples_(std::min(split.count, rows.value_or(split.count))),
      batch_(std::min(examples_, state.batches->examples().batch)) {
  if (state.model().train) names_.emplace_back("loss");
  for (const NamedExpression& metric : state.model().metrics) names_.push_back(metric.name);
  whole_ = make_part(batch_);
  if (examples_ % batch_ != 0) rest_ = make_part(examples_ % batch_);
}

Evaluation::Part Evaluation::make_part(std::int64_t rows) const {
  Part part{Instance(instantiate(state_.model(), Mode::evaluation, rows), nullptr), {}, nullptr};
  part.instance.bind(state_.values);
  const CheckedModel& model = part.instance.model;
  if (model.train) part.nodes.push_back(model.train->minimize);
  for (const NamedExpression& metric : model.metrics) part.nodes.push_back(metric.value);
  part.program = state_.compile(part.instance, {}, part.nodes);
  return part;
}

std::optional<std::vector<double>> Evaluation::run() {
  std::vector<double> sums(names_.size(), 0);
  for (std::int64_t first = 0; first < examples_; first += batch_) {
    if (state_.stop_requested.load(std::memory_order_relaxed)) return std::nullopt;
    const std::int64_t count = std::min(batch_, examples_ - first);
    Part& part = count == batch_ ? *whole_ : *rest_;
    rows_.clear();
    for (std::int64_t i = first; i < first + count; ++i)
      rows_.push_back(state_.batches->row_of_split(split_, spread(i)));
    part.instance.load(rows_);
    part.program->run();
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] += state_.read_scalar(*part.program, part.nodes[i]) * static_cast<double>(count);
  }
  for (double& sum : sums) sum /= static_cast<double>(examples_);
  return sums;
}

std::vector<NamedTensor> Evaluation::named(const std::vector<double>& values) const {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < names_.size(); ++i)
    tensors.push_back({names_[i], {}, DType::float64, {values[i]}});
  return tensors;
}

std::int64_t Evaluation::spread(std::int64_t example) const {
  // example * split_.count / examples_, without a product that is too large.
  const std::int64_t each = split_.count / examples_, rest = split_.count % examples_;
  return example * each + static_cast<std::int64_t>(static_cast<double>(example) * static_cast<double>(rest) /
                                                    static_cast<double>(examples_));
}

}  // namespace talweg
