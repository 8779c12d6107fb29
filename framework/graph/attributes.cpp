#include "graph/attributes.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <talweg/error.hpp>

#include "support/numbers.hpp"

namespace talweg {
namespace {

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool same(const Attribute& a, const Attribute& b) {
  if (a.index() != b.index()) return false;
  if (const auto* number = std::get_if<double>(&a)) return same_bits(*number, std::get<double>(b));
  if (const auto* numbers = std::get_if<Numbers>(&a))
    return std::ranges::equal(*numbers, std::get<Numbers>(b), same_bits);
  return a == b;
}

std::size_t mix(std::size_t seed, std::size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6U) + (seed >> 2U));
}

template <class Values, class Show>
std::string show_list(const Values& values, Show show_one) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 8 && values.size() > 10) return text + ", ... (" + std::to_string(values.size()) + ")]";
    text += (i == 0 ? "" : ", ") + show_one(values[i]);
  }
  return text + "]";
}

}  // namespace

Attributes& Attributes::set(std::string name, Attribute value) {
  for (auto& [key, old] : entries_)
    if (key == name) {
      old = std::move(value);
      return *this;
    }
  entries_.emplace_back(std::move(name), std::move(value));
  return *this;
}

const Attribute* Attributes::find(std::string_view name) const {
  for (const auto& [key, value] : entries_)
    if (key == name) return &value;
  return nullptr;
}

namespace {
template <class T>
const T& require(const Attributes& attributes, std::string_view name) {
  const Attribute* value = attributes.find(name);
  if (value == nullptr || !std::holds_alternative<T>(*value))
    throw Error(Status::internal, "attribute '" + std::string(name) + "' is missing or has another type");
  return std::get<T>(*value);
}
}  // namespace

std::int64_t Attributes::integer(std::string_view name) const { return require<std::int64_t>(*this, name); }
double Attributes::number(std::string_view name) const { return require<double>(*this, name); }
bool Attributes::flag(std::string_view name) const { return require<bool>(*this, name); }
const std::string& Attributes::text(std::string_view name) const { return require<std::string>(*this, name); }
const Integers& Attributes::integers(std::string_view name) const { return require<Integers>(*this, name); }
const Numbers& Attributes::numbers(std::string_view name) const { return require<Numbers>(*this, name); }

bool operator==(const Attributes& a, const Attributes& b) {
  return std::ranges::equal(a.entries_, b.entries_, [](const auto& left, const auto& right) {
    return left.first == right.first && same(left.second, right.second);
  });
}

std::size_t Attributes::hash() const {
  std::size_t seed = entries_.size();
  for (const auto& [name, value] : entries_) {
    seed = mix(seed, std::hash<std::string>{}(name));
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      seed = mix(seed, static_cast<std::size_t>(*integer));
    if (const auto* number = std::get_if<double>(&value))
      seed = mix(seed, std::bit_cast<std::uint64_t>(*number));
    if (const auto* flag = std::get_if<bool>(&value)) seed = mix(seed, *flag ? 1 : 2);
    if (const auto* text = std::get_if<std::string>(&value))
      seed = mix(seed, std::hash<std::string>{}(*text));
    if (const auto* integers = std::get_if<Integers>(&value))
      for (std::int64_t element : *integers) seed = mix(seed, static_cast<std::size_t>(element));
    if (const auto* numbers = std::get_if<Numbers>(&value))
      for (double element : *numbers) seed = mix(seed, std::bit_cast<std::uint64_t>(element));
  }
  return seed;
}

std::string to_string(const Attributes& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes.entries()) {
    if (!text.empty()) text += ", ";
    text += name + "=";
    if (const auto* integer = std::get_if<std::int64_t>(&value)) text += std::to_string(*integer);
    if (const auto* number = std::get_if<double>(&value)) text += format_number(*number);
    if (const auto* flag = std::get_if<bool>(&value)) text += *flag ? "true" : "false";
    if (const auto* string = std::get_if<std::string>(&value)) text += "'" + *string + "'";
    if (const auto* integers = std::get_if<Integers>(&value))
      text += show_list(*integers, [](std::int64_t element) { return std::to_string(element); });
    if (const auto* numbers = std::get_if<Numbers>(&value)) text += show_list(*numbers, format_number);
  }
  return text;
}

}  // namespace talweg
