#include <algorithm>

#include "bench/contest.hpp"
#include "bench/families.hpp"
#include "bench/kernel_timing.hpp"
#include "bench/python.hpp"

namespace talweg::speed {

Rows kernel_rows(const Settings& settings) {
  const Python torch(settings, "torch");
  const double seconds = settings.quick ? 0.01 : 0.3;
  constexpr int kRoundsOfOurs = 3;  // the script too measures several times
  Rows rows;
  for (const char* function : {"exp", "tanh", "sigmoid", "gelu"}) {
    const auto measured =
        contest(settings.rounds,
                {[&] {
                   std::optional<double> fastest;
                   for (int round = 0; round < kRoundsOfOurs; ++round)
                     if (const auto found = seconds_of_kernel(function, seconds / kRoundsOfOurs))
                       fastest = fastest ? std::min(*fastest, *found) : found;
                   return fastest;
                 },
                 [&]() -> std::optional<double> {
                   if (!torch.is_there()) return std::nullopt;
                   return number_of(torch.command("functions_torch.py", {std::to_string(seconds), function},
                                                  {{"OMP_NUM_THREADS", "1"}}));
                 }});
    std::string note = torch.is_there() ? "" : torch.what_is_missing();
    if (measured[0].empty()) note = "libbenchmark-dev is not installed";
    rows.push_back(compared(std::string(function) + " of 1,000,000 float32, one thread", "PyTorch",
                            measured[0], measured[1], {Bar::Kind::faster, 1}, note));
  }
  return rows;
}

}  // namespace talweg::speed
