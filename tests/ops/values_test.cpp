// Values of expressions are NumPy's, and PyTorch's where NumPy has no such function, in both types. The
// records are made by tests/golden/values.py, which says how they are written.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "graph/op.hpp"
#include "model/model.hpp"
#include "program/executor.hpp"

namespace talweg {
namespace {

const std::string kGolden = std::string(TALWEG_TESTS_DIR) + "/golden/";
constexpr const char* kPython = "/usr/bin/python3";
constexpr std::size_t kRandomExpressions = 400;

/// Relative errors: of a few rounded steps; of sums also absolute, in units of terms of size 1.
constexpr double kTolerance64 = 1e-13, kTolerance32 = 2e-6;
constexpr double kSumTolerance64 = 1e-11, kSumTolerance32 = 5e-4;

struct Tensor {
  std::string name, type;
  Integers shape;
  std::vector<double> values;
};

struct Record {
  std::string dtype, expression;
  bool is_sum = false;
  std::vector<Tensor> variables;
  Tensor result;
};

Tensor read_tensor(const std::string& line) {
  std::istringstream words(line);
  Tensor tensor;
  std::string shape, word;
  words >> tensor.name >> tensor.type >> shape;
  std::istringstream sizes(shape == "-" ? "" : shape);
  while (std::getline(sizes, word, ',')) tensor.shape.push_back(std::stoll(word));
  while (words >> word) tensor.values.push_back(std::strtod(word.c_str(), nullptr));
  return tensor;
}

std::vector<Record> read_records(std::istream& text) {
  std::vector<Record> records;
  for (std::string line; std::getline(text, line);) {
    if (line[0] == '>' || line[0] == '~') {
      Record& record = records.emplace_back();
      record.is_sum = line[0] == '~';
      record.dtype = line.substr(2, 7);
      record.expression = line.substr(10);
    } else if (line[0] == '=') {
      records.back().result = read_tensor(line);
    } else {
      records.back().variables.push_back(read_tensor(line));
    }
  }
  return records;
}

/// The tensor as nested lists of a model file.
std::string written(const Tensor& tensor, std::size_t axis, std::size_t& next) {
  if (axis == tensor.shape.size()) {
    std::ostringstream text;
    text.precision(17);
    text << tensor.values[next++];
    const bool whole = text.str().find_first_not_of("-0123456789") == std::string::npos;
    return text.str() + (whole && tensor.type == "floating" ? ".0" : "");
  }
  std::string text = "[";
  for (std::int64_t i = 0; i < tensor.shape[axis]; ++i)
    text += (i == 0 ? "" : ", ") + written(tensor, axis + 1, next);
  return text + "]";
}

std::string model_text(const Record& record) {
  std::string text = "talweg: 1\ndtype: " + record.dtype + "\n";
  if (!record.variables.empty()) text += "data:\n";
  for (const Tensor& variable : record.variables) {
    std::size_t next = 0;
    text += "  " + variable.name + ": " + written(variable, 0, next) + "\n";
  }
  return text + "graph:\n  result: \"" + record.expression + "\"\n";
}

std::unique_ptr<Executor> make_program(const Graph& graph, const Task& task) {
  return compile_program(graph, task);
}

using Make = std::unique_ptr<Executor> (*)(const Graph&, const Task&);

/// What an executor computes for the model's `result`.
template <class T>
Tensor run(const CheckedModel& model, Make make) {
  std::vector<std::vector<T>> memory;
  Task task;
  for (const DataEntry& entry : model.data) {
    const std::vector<double> values = entry.column->values();
    task.bindings.push_back({entry.node, memory.emplace_back(values.begin(), values.end()).data()});
  }
  const NodeId result = model.named.back().second;
  task.fetches = {result};
  const Node& node = (*model.graph)[result];
  const auto executor = make(*model.graph, task);
  executor->run();
  const T* values = static_cast<const T*>(executor->value(result));
  return {"=",
          is_floating(node.dtype) ? "floating" : std::string(to_string(node.dtype)),
          {node.shape.begin(), node.shape.end()},
          {values, values + node.shape.elements()}};
}

/// NumPy leaves open which of two zeros a maximum or a sum is.
bool has_signed_zeros(const Record& record) {
  for (const char* open : {"max", "min", "clip"})
    if (record.expression.find(open) != std::string::npos) return false;
  return !record.is_sum;
}

bool agrees(const Record& record, double found, double expected) {
  if (std::isnan(expected) || std::isinf(expected))
    return std::isnan(expected) ? std::isnan(found) : found == expected;
  if (expected == 0 && found == 0 && has_signed_zeros(record))
    return std::signbit(expected) == std::signbit(found);
  const bool wide = record.dtype == "float64";
  const double smallest =
      wide ? std::numeric_limits<double>::min() : static_cast<double>(std::numeric_limits<float>::min());
  const double bound = record.is_sum
                           ? (wide ? kSumTolerance64 : kSumTolerance32) * (1 + std::abs(expected))
                           : (wide ? kTolerance64 : kTolerance32) * std::abs(expected) + 100 * smallest;
  return std::abs(found - expected) <= bound;
}

/// What differs from the record, or "".
std::string check(const Record& record, Make make) {
  Tensor found;
  try {
    const CheckedModel model = load_model_text(model_text(record), "record");
    found = record.dtype == "float32" ? run<float>(model, make) : run<double>(model, make);
  } catch (const Error& error) {
    return error.what();
  }
  if (found.type != record.result.type) return "is " + found.type + " and not " + record.result.type;
  if (found.shape != record.result.shape) return "has shape " + testing::PrintToString(found.shape);
  for (std::size_t i = 0; i < found.values.size(); ++i)
    if (!agrees(record, found.values[i], record.result.values[i]))
      return "element " + std::to_string(i) + " is " + testing::PrintToString(found.values[i]) + " and not " +
             testing::PrintToString(record.result.values[i]);
  return "";
}

/// By the reference executor and by the program.
std::string check(const Record& record) {
  const std::string reference = check(record, make_reference_executor);
  if (!reference.empty()) return "reference: " + reference;
  const std::string program = check(record, make_program);
  return program.empty() ? "" : "program: " + program;
}

void check_all(std::istream& text, std::size_t at_least) {
  const std::vector<Record> records = read_records(text);
  EXPECT_GE(records.size(), at_least);
  for (const Record& record : records)
    EXPECT_EQ(check(record), "") << record.dtype << " " << record.expression;
}

TEST(Values, OfTheTableAreNumPys) {
  std::ifstream text(kGolden + "values.txt");
  check_all(text, 600);
}

TEST(Values, OfFrozenRandomExpressionsAreNumPys) {
  std::ifstream text(kGolden + "random_values.txt");
  check_all(text, 300);
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  char buffer[4096];
  while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe.get()) != nullptr) output += buffer;
  return output;
}

TEST(Values, OfNewRandomExpressionsAreNumPys) {
  if (!std::filesystem::exists(kPython) ||
      output_of(std::string(kPython) + " -c 'import numpy; print(1)' 2>/dev/null") != "1\n")
    GTEST_SKIP() << "there is no NumPy to compare with";
  std::istringstream text(output_of(std::string(kPython) + " '" + kGolden + "values.py' random 20240229 " +
                                    std::to_string(kRandomExpressions)));
  check_all(text, 2 * kRandomExpressions);
}

TEST(Values, ThatDifferAreFound) {
  Record record{"float64",
                "exp(x)",
                false,
                {{"x", "floating", {2}, {0, 1}}},
                {"=", "floating", {2}, {1, 2.7182818284590451}}};
  EXPECT_EQ(check(record), "");
  record.result.values[1] += 1e-12;
  EXPECT_NE(check(record), "");
  record.result.type = "int64";
  EXPECT_NE(check(record), "");
  record.expression = "x * 0";
  record.variables[0].values = {-1, 1};
  record.result = {"=", "floating", {2}, {0.0, 0.0}};
  EXPECT_NE(check(record), "") << "-0 and 0 are told apart";
}

}  // namespace
}  // namespace talweg
