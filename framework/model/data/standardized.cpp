#include "model/data/standardized.hpp"

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>
#include <utility>
#include <vector>

#include "model/data/description.hpp"

namespace talweg {
namespace {

/// Values that are gathered at once.
constexpr std::int64_t kPiece = std::int64_t{1} << 16;

/// Mean and variance of values that come one by one (Welford 1962).
struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;  ///< the sum of squared distances from the mean

  void add(double value) {
    if (std::isnan(value)) return;
    const double distance = value - mean;
    mean += distance / static_cast<double>(++count);
    squares += distance * (value - mean);
  }
  [[nodiscard]] double deviation() const {
    const double result = count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
    return result == 0 ? 1 : result;
  }
};

std::vector<Moments> moments_of(const DataColumn& column, std::int64_t count,
                                const std::function<std::int64_t(std::int64_t)>& row_at) {
  const std::int64_t features = column.row_elements();
  const std::int64_t piece = std::max<std::int64_t>(1, kPiece / features);
  std::vector<Moments> moments(static_cast<std::size_t>(features));
  std::vector<std::int64_t> rows;
  std::vector<double> values(static_cast<std::size_t>(piece * features));
  for (std::int64_t first = 0; first < count; first += piece) {
    rows.clear();
    for (std::int64_t i = first; i < std::min(first + piece, count); ++i) rows.push_back(row_at(i));
    column.gather(rows, values.data());
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t j = 0; j < moments.size(); ++j) moments[j].add(values[i * moments.size() + j]);
  }
  return moments;
}

}  // namespace

std::shared_ptr<const DataColumn> standardized(const DataColumn& column, std::int64_t count,
                                               const std::function<std::int64_t(std::int64_t)>& row_at) {
  const std::vector<Moments> moments = moments_of(column, count, row_at);
  const std::vector<double>&own_scales = column.conversion().scale, &own_offsets = column.conversion().offset;
  std::vector<double> scale, offset;
  for (std::size_t j = 0; j < moments.size(); ++j) {
    if (!std::isfinite(moments[j].mean) || !std::isfinite(moments[j].deviation()))
      throw Error(Status::data, "feature " + std::to_string(j) +
                                    " cannot be standardized: its mean or deviation is not finite");
    const double own_scale = own_scales.empty() ? 1 : own_scales[j % own_scales.size()];
    const double own_offset = own_offsets.empty() ? 0 : own_offsets[j % own_offsets.size()];
    scale.push_back(own_scale / moments[j].deviation());
    offset.push_back((own_offset - moments[j].mean) / moments[j].deviation());
  }
  return with_scale(column, std::move(scale), std::move(offset));
}

}  // namespace talweg
