#include "bench/contest.hpp"
#include "bench/families.hpp"
#include "bench/training.hpp"
#include "tools/program.hpp"

namespace talweg::speed {

Rows program_rows(const Settings& settings) {
  const auto tutorial = repository() / "graphs" / "tutorial";
  const std::vector<std::string> sweep = talweg_command(
      "sweep", {tutorial / "alpha_sweep.yaml", {"--threads", std::to_string(settings.threads)}});
  const std::vector<std::string> ten_steps =
      talweg_command("train", {tutorial / "three_layer.yaml", {"--steps", "10"}});
  const auto best = contest(settings.rounds, {[&] { return std::optional(seconds_of_program(sweep)); },
                                              [&] { return std::optional(seconds_of_program(ten_steps)); }});
  return {{"alpha sweep, 14 runs, start to exit",
           "",
           Unit::seconds,
           best[0],
           std::nullopt,
           {Bar::Kind::under, 0.5}},
          {"`talweg train`, tiny model, 10 steps, start to exit",
           "",
           Unit::seconds,
           best[1],
           std::nullopt,
           {Bar::Kind::under, 0.02}}};
}

}  // namespace talweg::speed
