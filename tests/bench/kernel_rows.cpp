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
    const auto best =
        contest(settings.rounds,
                {[&] {
                   std::optional<double> least;
                   for (int round = 0; round < kRoundsOfOurs; ++round)
                     if (const auto measured = seconds_of_kernel(function, seconds / kRoundsOfOurs))
                       least = least ? std::min(*least, *measured) : measured;
                   return least;
                 },
                 [&]() -> std::optional<double> {
                   if (!torch.is_there()) return std::nullopt;
                   return number_of(torch.command("functions_torch.py", {std::to_string(seconds), function},
                                                  {{"OMP_NUM_THREADS", "1"}}));
                 }});
    std::string note = torch.is_there() ? "" : torch.what_is_missing();
    if (!best[0]) note = "libbenchmark-dev is not installed";
    rows.push_back({std::string(function) + " of 1,000,000 float32, one thread",
                    "PyTorch",
                    Unit::seconds,
                    best[0],
                    best[1],
                    {Bar::Kind::faster, 1},
                    note});
  }
  return rows;
}

}  // namespace talweg::speed
