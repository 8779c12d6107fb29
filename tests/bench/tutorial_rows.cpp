#include "bench/contest.hpp"
#include "bench/families.hpp"
#include "bench/python.hpp"
#include "bench/training.hpp"
#include "tools/program.hpp"

namespace talweg::speed {
namespace {

constexpr int kSteps = 60'000;

/// Seconds of 60,000 steps by a script that makes a part of them.
Contestant script(const Python& python, const std::string& name, const std::string& hidden, int steps) {
  if (!python.is_there()) return [] { return std::nullopt; };
  return [command = python.command(name, {hidden, std::to_string(steps)}, {{"OMP_NUM_THREADS", "1"}}),
          steps] { return std::optional(number_of(command) * kSteps / steps); };
}

}  // namespace

Rows tutorial_rows(const Settings& settings) {
  const Python numpy(settings, "numpy"), torch(settings, "torch");
  Rows rows;
  for (const char* hidden : {"4", "32"}) {
    const Training training{repository() / "graphs" / "tutorial" / "three_layer.yaml",
                            {"--set", "alpha=1", "--set", std::string("hidden=") + hidden}};
    const int steps_of_scripts = settings.quick ? kSteps / 6000 : kSteps / 10;
    const auto best =
        contest(settings.rounds, {[&] { return std::optional(seconds_of_training(training)); },
                                  [&] {
                                    return std::optional(number_of(
                                        {*peer_program("handwritten"), hidden, settings.quick ? "1" : "5"}));
                                  },
                                  script(numpy, "tutorial_numpy.py", hidden, steps_of_scripts),
                                  script(torch, "tutorial_torch.py", hidden, steps_of_scripts)});
    const std::string work = std::string("tutorial, hidden ") + hidden + ", 60,000 steps";
    const bool tiny = std::string(hidden) == "4";
    rows.push_back(
        {work, "handwritten C++", Unit::seconds, best[0], best[1], {Bar::Kind::ratio, tiny ? 1.8 : 0.9}});
    rows.push_back({work,
                    "NumPy",
                    Unit::seconds,
                    best[0],
                    best[2],
                    {Bar::Kind::faster, 80},
                    numpy.is_there() ? "" : numpy.what_is_missing()});
    rows.push_back({work,
                    "PyTorch eager",
                    Unit::seconds,
                    best[0],
                    best[3],
                    {Bar::Kind::faster, 500},
                    torch.is_there() ? "" : torch.what_is_missing()});
  }
  return rows;
}

}  // namespace talweg::speed
