#include "training/json_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace talweg {
namespace {

std::string json_text(std::string_view text) {
  // A name with bytes that are no UTF-8 keeps its place rather than spoil the line.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string number(double value, DType dtype = DType::float64) {
  if (dtype == DType::boolean) return value != 0 ? "true" : "false";
  return std::isfinite(value) ? fmt::format("{:.17g}", value) : "null";
}

void append_tensor(std::string& text, const NamedTensor& tensor, int axis, const double*& next) {
  if (axis == tensor.shape.rank()) {
    text += number(*next++, tensor.dtype);
    return;
  }
  text += '[';
  for (std::int64_t i = 0; i < tensor.shape[axis]; ++i) {
    if (i > 0) text += ',';
    append_tensor(text, tensor, axis + 1, next);
  }
  text += ']';
}

void append_key(std::string& line, std::string_view name) {
  line += (line.size() > 1 ? "," : "") + json_text(name) + ":";
}

void append(std::string& line, std::string_view name, const std::string& value) {
  append_key(line, name);
  line += value;
}

void append(std::string& line, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) {
    append_key(line, tensor.name);
    const double* next = tensor.values.data();
    append_tensor(line, tensor, 0, next);
  }
}

/// [{"name":"biases","optimizer":"my_rule","parameters":["h/b"]},...]
std::string json_groups(const std::vector<GroupRecord>& groups) {
  std::string text;
  for (const GroupRecord& group : groups) {
    std::string line = "{", names;
    append(line, "name", json_text(group.name));
    append(line, "optimizer", json_text(group.optimizer));
    for (const std::string& name : group.parameters) names += (names.empty() ? "" : ",") + json_text(name);
    append(line, "parameters", "[" + names + "]");
    text += (text.empty() ? "" : ",") + line + "}";
  }
  return "[" + text + "]";
}

void append_validation(std::string& line, const ValidationRecord& record) {
  append(line, "step", std::to_string(record.step));
  append(line, "epoch", number(record.epoch));
  append(line, record.values);
}

}  // namespace

std::string to_json_line(const StartRecord& record) {
  std::string line = "{";
  append(line, "event", json_text("start"));
  append(line, "name", json_text(record.name));
  append(line, "seed", std::to_string(record.seed));
  append(line, "dtype", json_text(to_string(record.dtype)));
  append(line, "parameters", std::to_string(record.parameters));
  append(line, "optimizer", json_text(record.optimizer));
  append(line, "steps", std::to_string(record.steps));
  append(line, "first_step", std::to_string(record.first_step));
  append(line, "threads", std::to_string(record.threads));
  if (!record.groups.empty()) append(line, "groups", json_groups(record.groups));
  return line + "}";
}

std::string to_json_line(const LogRecord& record) {
  std::string line = "{";
  append(line, "event", json_text("log"));
  append(line, "step", std::to_string(record.step));
  append(line, record.values);
  return line + "}";
}

std::string to_json_line(const ValidationRecord& record) {
  std::string line = "{";
  append(line, "event", json_text("validation"));
  append_validation(line, record);
  return line + "}";
}

std::string to_json_line(const EndRecord& record) {
  std::string line = "{";
  append(line, "event", json_text("end"));
  append(line, "steps", std::to_string(record.steps));
  append(line, "seconds", number(record.seconds));
  append(line, "reason", json_text(to_string(record.reason)));
  if (!record.message.empty()) append(line, "message", json_text(record.message));
  if (record.evaluations) append(line, "evaluations", std::to_string(*record.evaluations));
  // A name that is logged and reported stands once.
  std::vector<NamedTensor> values = record.values;
  std::erase_if(values, [&](const NamedTensor& value) {
    return std::ranges::find(record.report, value.name, &NamedTensor::name) != record.report.end();
  });
  append(line, values);
  append(line, record.report);
  if (record.validation) {
    std::string validation = "{";
    append_validation(validation, *record.validation);
    append(line, "validation", validation + "}");
  }
  return line + "}";
}

}  // namespace talweg
