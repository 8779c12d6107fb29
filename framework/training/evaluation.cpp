#include "training/evaluation.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "support/numbers.hpp"

namespace talweg {

Evaluation::Evaluation(TrainingState& state, const Split& split, std::optional<std::int64_t> rows)
    : state_(state),
      split_(split),
      examples_(std::min(split.count, rows.value_or(split.count))),
      batch_(std::min(examples_, state.batches->examples().batch)) {
  if (state.model().train) names_.emplace_back("loss");
  for (const NamedExpression& metric : state.model().metrics) names_.push_back(metric.name);
  if (batch_ < examples_)
    divide();
  else
    for (std::size_t i = 0; i < names_.size(); ++i) at_once_.push_back(i);
  if (!at_once_.empty()) compile_at_once();
}

Evaluation::Part Evaluation::make_part(std::int64_t rows) const {
  Part part{rows, Instance(instantiate(state_.model(), Mode::evaluation, rows), nullptr), nullptr};
  part.instance.bind(state_.values);
  return part;
}

void Evaluation::divide() {
  batches_.push_back(make_part(batch_));
  if (examples_ % batch_ != 0) batches_.push_back(make_part(examples_ % batch_));
  std::vector<const CheckedModel*> instances;
  for (const Part& part : batches_) instances.push_back(&part.instance.model);
  totals_.emplace(state_.model(), examples_);
  for (std::size_t i = 0; i < names_.size(); ++i)
    (totals_->add(i, instances) ? by_batch_ : at_once_).push_back(i);
  totals_->compile();
  for (std::size_t i = 0; i < batches_.size(); ++i)
    batches_[i].program = state_.compile(batches_[i].instance, {}, totals_->parts(i));
}

void Evaluation::compile_at_once() {
  try {
    whole_ = make_part(examples_);
    std::vector<NodeId> nodes;
    for (const std::size_t i : at_once_) nodes.push_back(SplitTotals::measures_of(whole_->instance.model)[i]);
    whole_->program = state_.compile(whole_->instance, {}, nodes);
  } catch (Error& error) {
    throw error.note("'" + names_[at_once_.front()] + "' needs all " + count(examples_, "example") +
                     " of the split '" + split_.name + "' at once");
  }
}

std::vector<std::string> Evaluation::at_once() const {
  std::vector<std::string> names;
  for (const std::size_t i : at_once_)
    if (totals_) names.push_back(names_[i]);
  return names;
}

void Evaluation::run_part(Part& part, std::int64_t first) {
  rows_.clear();
  for (std::int64_t i = first; i < first + part.rows; ++i)
    rows_.push_back(state_.batches->row_of_split(split_, spread(i)));
  part.instance.load(rows_);
  part.program->run();
}

std::optional<std::vector<double>> Evaluation::run() {
  std::vector<double> measures(names_.size(), 0);
  if (!by_batch_.empty()) {
    totals_->begin();
    for (std::int64_t first = 0; first < examples_; first += batch_) {
      if (state_.stop_requested.load(std::memory_order_relaxed)) return std::nullopt;
      const std::size_t size = examples_ - first < batch_ ? 1 : 0;
      Part& part = batches_[size];
      run_part(part, first);
      totals_->take(size, *part.program, part.instance.model.graph->floating());
    }
    const std::vector<double> values = totals_->result();
    for (std::size_t i = 0; i < by_batch_.size(); ++i) measures[by_batch_[i]] = values[i];
  }
  if (whole_) {
    run_part(*whole_, 0);
    const std::vector<NodeId> nodes = SplitTotals::measures_of(whole_->instance.model);
    for (const std::size_t i : at_once_) measures[i] = state_.read_scalar(*whole_->program, nodes[i]);
  }
  return measures;
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
