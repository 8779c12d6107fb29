#include "training/validation.hpp"

#include <algorithm>
#include <cmath>

namespace talweg {

Validation::Validation(TrainingState& state)
    : state_(state),
      train_(*state.model().train),
      every_(train_.validate.every > 0 ? train_.validate.every : state.batches->examples().steps_per_epoch()),
      evaluation_(state, *state.batches->examples().find(Examples::kValidation), train_.validate.rows) {}

bool Validation::is_due() const { return state_.step > state_.validated_step && state_.step % every_ == 0; }

bool Validation::is_done() const { return state_.step == state_.validated_step && !state_.measures.empty(); }

std::optional<ValidationRecord> Validation::run() {
  const bool due = is_due();
  const std::optional<std::vector<double>> measures = evaluation_.run();
  if (!measures) return std::nullopt;
  if (due) {
    state_.set_validated(state_.step, *measures);
    if (train_.keep || train_.patience) compare(*measures);
  } else if (train_.keep) {
    state_.better_step = is_better(*measures) ? std::optional(state_.step) : std::nullopt;
  }
  last_ = record(state_.step, *measures);
  return last_;
}

bool Validation::is_out_of_patience() const {
  return train_.patience && state_.best && state_.best->validations >= *train_.patience;
}

std::optional<ValidationRecord> Validation::result() {
  if (const BestValues* kept = state_.kept()) return record(kept->step, kept->measures);
  if (last_ && last_->step == state_.step) return last_;
  const std::optional<std::vector<double>> measures = evaluation_.run();
  return measures ? std::optional(record(state_.step, *measures)) : std::nullopt;
}

void Validation::keep_best() {
  if (const BestValues* kept = state_.kept()) state_.values.restore(kept->values);
}

ValidationRecord Validation::record(std::int64_t step, const std::vector<double>& measures) const {
  const auto each = static_cast<double>(state_.batches->examples().steps_per_epoch());
  return {step, static_cast<double>(step) / each, evaluation_.named(measures)};
}

bool Validation::is_better(const std::vector<double>& measures) const {
  if (!state_.best) return true;
  const KeepSetting by = train_.keep.value_or(KeepSetting{"loss", false});
  const auto place = static_cast<std::size_t>(std::ranges::find(evaluation_.names(), by.measure) -
                                              evaluation_.names().begin());
  const double before = state_.best->measures[place], now = measures[place];
  return std::isnan(before) || (by.highest ? now > before : now < before);
}

void Validation::compare(const std::vector<double>& measures) {
  std::optional<BestValues>& best = state_.best;
  if (!is_better(measures)) {
    ++best->validations;
    return;
  }
  if (best)
    state_.values.save_to(best->values);
  else
    best.emplace(BestValues{{}, 0, 0, state_.values.snapshot()});
  best->measures = measures;
  best->step = state_.step;
  best->validations = 0;
}

}  // namespace talweg
