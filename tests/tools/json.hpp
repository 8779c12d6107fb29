#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/program.hpp"

namespace talweg {

using Json = nlohmann::json;

/// Every line of a text as JSON; one that is none fails the test.
inline std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> objects;
  for (const std::string& line : lines_of(text)) {
    objects.push_back(Json::parse(line, nullptr, false));
    EXPECT_TRUE(objects.back().is_object()) << line;
  }
  return objects;
}

/// Those of one event.
inline std::vector<Json> events(const std::vector<Json>& lines, const std::string& event) {
  std::vector<Json> chosen;
  for (const Json& line : lines)
    if (line.value("event", "") == event) chosen.push_back(line);
  return chosen;
}

/// The elements of nested lists of numbers, by row.
inline std::vector<double> elements_of(const Json& tensor) {
  if (!tensor.is_array()) return {tensor.get<double>()};
  std::vector<double> elements;
  for (const Json& part : tensor)
    for (double element : elements_of(part)) elements.push_back(element);
  return elements;
}

}  // namespace talweg
