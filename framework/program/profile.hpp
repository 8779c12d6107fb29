#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace talweg {

/// What the runs of programs took, by instruction. A program that is compiled with one adds its instructions
/// and then counts; one at a time.
struct Profile {
  struct Entry {
    std::string text;       ///< what the instruction does
    std::string names;      ///< what the model file calls the values that it computes
    std::string line;       ///< of the model file, or ""
    double operations = 0;  ///< of all runs: additions, multiplications and function values
    double bytes = 0;       ///< of a run: read and written, each element of memory once
    std::int64_t runs = 0;  ///< in which it was needed
    double seconds = 0;
  };
  struct Event {
    std::size_t entry = 0;
    double begin = 0;  ///< seconds since the first event
    double seconds = 0;
    double operations = 0;
  };

  std::int64_t runs = 0;  ///< of whole programs
  std::vector<Entry> entries;
  std::vector<Event> events;  ///< the first ones: see kMaximumEvents
  double origin = 0;          ///< of the events' times, on the steady clock

  static constexpr std::size_t kMaximumEvents = 20'000;
};

/// For people: a line an instruction that ran, the longest first, and a line for all of them.
[[nodiscard]] std::string to_table(const Profile& profile);
/// For chrome://tracing, Perfetto and their like: JSON of the trace event format.
[[nodiscard]] std::string to_chrome_trace(const Profile& profile);

}  // namespace talweg
