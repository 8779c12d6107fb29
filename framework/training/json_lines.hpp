#pragma once

#include <string>

#include "training/records.hpp"

namespace talweg {

// Records as JSON, one object a line, without the line's end: what `--json` prints and metrics.jsonl holds.
// Numbers have 17 significant digits, which read back as the same double; infinities and NaN, which JSON
// lacks, are null. Tensors are nested lists, by row.

/// {"event":"start","name":...,"seed":...,"dtype":...,"parameters":...,"optimizer":...,"steps":...,
///  "first_step":...,"threads":...}; with groups of parameters also "groups":[{"name":...,"optimizer":...,
///  "parameters":[...]},...], the one of no group last and with the name ""
[[nodiscard]] std::string to_json_line(const StartRecord& record);
/// {"event":"log","step":0,"loss":...,"Error":...}
[[nodiscard]] std::string to_json_line(const LogRecord& record);
/// {"event":"validation","step":...,"epoch":...,"loss":...,"accuracy":...}
[[nodiscard]] std::string to_json_line(const ValidationRecord& record);
/// {"event":"end","steps":...,"seconds":...,"reason":"steps","loss":...,"Error":...}, then what is reported.
/// A minimizer adds "evaluations", and "message" where it ended the training; a validation split adds
/// "validation":{"step":...,"epoch":...,"loss":...,"accuracy":...}.
[[nodiscard]] std::string to_json_line(const EndRecord& record);

}  // namespace talweg
