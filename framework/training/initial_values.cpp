#include "training/initial_values.hpp"

#include <algorithm>
#include <cmath>

namespace talweg {
namespace {

void fill_uniform(LegacyGenerator& generator, double low, double high, std::span<double> values) {
  for (double& value : values) value = generator.uniform(low, high);
}

void fill_normal(LegacyGenerator& generator, double mean, double deviation, std::span<double> values) {
  for (double& value : values) value = mean + deviation * generator.normal();
}

}  // namespace

Fans fans_of(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  if (shape.rank() == 2) return {static_cast<double>(shape[0]), static_cast<double>(shape[1])};
  double field = 1;
  for (int axis = 2; axis < shape.rank(); ++axis) field *= static_cast<double>(shape[axis]);
  return {static_cast<double>(shape[1]) * field, static_cast<double>(shape[0]) * field};
}

void draw_initial_values(const Initializer& initializer, const Shape& shape, LegacyGenerator& generator,
                         std::int64_t first, std::span<double> values) {
  const Fans fans = fans_of(shape);
  const double gain = initializer.first;
  switch (initializer.kind) {
    case Initializer::Kind::uniform:
      return fill_uniform(generator, initializer.first, initializer.second, values);
    case Initializer::Kind::normal:
      return fill_normal(generator, initializer.first, initializer.second, values);
    case Initializer::Kind::constant:
      std::ranges::fill(values, initializer.first);
      return;
    case Initializer::Kind::glorot_uniform: {
      const double limit = gain * std::sqrt(6 / (fans.in + fans.out));
      return fill_uniform(generator, -limit, limit, values);
    }
    case Initializer::Kind::glorot_normal:
      return fill_normal(generator, 0, gain * std::sqrt(2 / (fans.in + fans.out)), values);
    case Initializer::Kind::he_uniform: {
      const double limit = gain * std::sqrt(6 / fans.in);
      return fill_uniform(generator, -limit, limit, values);
    }
    case Initializer::Kind::he_normal:
      return fill_normal(generator, 0, gain * std::sqrt(2 / fans.in), values);
    case Initializer::Kind::array:
      std::copy_n(initializer.values.begin() + first, values.size(), values.begin());
      return;
  }
}

}  // namespace talweg
