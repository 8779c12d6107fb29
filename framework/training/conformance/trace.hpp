#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "training/conformance/subject.hpp"

namespace talweg::conformance {

/// A trace of an update: gradients, and where x is after each. Lines of a text file:
///
///   # what it is and where it comes from
///   set alpha 0.1            a hyperparameter that is not the default; any number of them
///   tolerance 1e-9           |difference| <= tolerance max(1, |x|); 1e-10 where it is not given
///   x 1 -2                   where it starts
///   step 0.5 0.25 -> 0.95 -2.025    gradient, and x afterwards; one line a step
struct Trace {
  std::vector<std::pair<std::string, std::string>> settings;
  double tolerance = 1e-10;
  std::vector<double> start;
  std::vector<std::vector<double>> gradients, x;  ///< by step
};

/// Throws Error{data} with a place in the file.
[[nodiscard]] Trace read_trace(const std::filesystem::path& path);

[[nodiscard]] Verdict check_trace(const Subject& subject, const Trace& trace);

}  // namespace talweg::conformance
