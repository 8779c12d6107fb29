#pragma once

#include <string>

#include "bench_tables.hpp"

namespace talweg {

/// The comparison as a page of HTML that needs nothing from elsewhere: tables, performance profiles, how
/// sensitive each optimizer is to its step size, and paths over the contours of functions of two variables.
[[nodiscard]] std::string bench_page(const BenchReport& report);

}  // namespace talweg
