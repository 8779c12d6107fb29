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

std::optional<ValidationRecord> Validation::run() {
  const bool planned = is_due();
  const std::optional<std::vector<double>> measures = evaluation_.run();
  if (!measures) return std::nullopt;
  if (planned) state_.set_validated(state_.step, *measures);
  if (train_.keep || (train_.patience && planned)) compare(*measures, planned);
  last_ = record(state_.step, *measures);
  return last_;
}

bool Validation::is_out_of_patience() const {
  return train_.patience && state_.best && state_.best->validations >= *train_.patience;
}

std::optional<ValidationRecord> Validation::result() {
  if (train_.keep && state_.best) return record(state_.best->step, state_.best->measures);
  if (last_ && last_->step == state_.step) return last_;
  const std::optional<std::vector<double>> measures = evaluation_.run();
  return measures ? std::optional(record(state_.step, *measures)) : std::nullopt;
}

void Validation::keep_best() {
  if (train_.keep && state_.best) state_.values.restore(state_.best->values);
}

ValidationRecord Validation::record(std::int64_t step, const std::vector<double>& measures) const {
  const auto each = static_cast<double>(state_.batches->examples().steps_per_epoch());
  return {step, static_cast<double>(step) / each, evaluation_.named(measures)};
}

void Validation::compare(const std::vector<double>& measures, bool planned) {
  const KeepSetting by = train_.keep.value_or(KeepSetting{"loss", false});
  const auto place = static_cast<std::size_t>(std::ranges::find(evaluation_.names(), by.measure) -
                                              evaluation_.names().begin());
  std::optional<BestValues>& best = state_.best;
  if (best) {
    const double before = best->measures[place], now = measures[place];
    if (!std::isnan(before) && !(by.highest ? now > before : now < before)) {
      if (planned) ++best->validations;
      return;
    }
    state_.values.save_to(best->values);
  } else {
    best.emplace(BestValues{{}, 0, 0, state_.values.snapshot()});
  }
  best->measures = measures;
  best->step = state_.step;
  best->validations = 0;
}

}  // namespace talweg
