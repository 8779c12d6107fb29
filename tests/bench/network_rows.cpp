#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "bench/contest.hpp"
#include "bench/families.hpp"
#include "bench/python.hpp"
#include "bench/training.hpp"

namespace talweg::speed {
namespace {

struct Network {
  const char* model;
  const char* rule;
  const char* work;
  std::vector<std::string> products;  ///< batch and widths of its dense layers; none: not compared with them
  double bar_of_products;
  double bar_of_torch;
  int steps_between;  ///< about a fifth of a second
};

std::vector<Network> networks() {
  const std::vector<std::string> small = {"128", "784", "256", "10"},
                                 large = {"128", "784", "1024", "1024", "10"};
  return {{"small", "gd", "784-256-10, batch 128, gd", small, 1.2, 1.7, 250},
          {"small", "adam", "784-256-10, batch 128, adam", small, 1.2, 1.7, 250},
          {"large", "gd", "784-1024-1024-10, batch 128, gd", large, 1.15, 1.7, 20},
          {"large", "adam", "784-1024-1024-10, batch 128, adam", large, 1.3, 1.7, 20},
          {"lenet", "gd", "LeNet, batch 128, gd", {}, 0, 1.5, 25},
          {"lenet", "adam", "LeNet, batch 128, adam", {}, 0, 1.5, 25},
          {"gpt", "adamw", "shakespeare_gpt step, adamw", {}, 0, 1.7, 12}};
}

std::string torch_name(const Network& network) { return std::string(network.model) + "-" + network.rule; }

/// By network, the settings of PyTorch's threads that are best for it.
std::map<std::string, TorchThreads> best_torch_threads(const Python& torch, const std::vector<Network>& all,
                                                       double seconds) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Network& network : all) names.push_back(torch_name(network));
  std::map<std::string, TorchThreads> best;
  std::map<std::string, double> least;
  for (const TorchThreads& threads : all_torch_threads())
    for (const auto& [name, measured] : numbers_of(torch_networks_command(torch, threads, seconds, names)))
      if (!least.contains(name) || measured < least[name]) {
        least[name] = measured;
        best[name] = threads;
      }
  return best;
}

Contestant products(const Network& network, const std::string& library, const Settings& settings) {
  const std::string threads = std::to_string(settings.threads);
  const std::optional<std::string> program = peer_program("products_" + library);
  if (network.products.empty() || !program) return [] { return std::nullopt; };
  std::vector<std::string> command =
      with_environment({{"OPENBLAS_NUM_THREADS", threads}, {"OMP_NUM_THREADS", threads}});
  command.push_back(*program);
  command.emplace_back(settings.quick ? "1" : "7");
  command.insert(command.end(), network.products.begin(), network.products.end());
  return [command] { return std::optional(number_of(command)); };
}

Contestant multiply_adds(const Network& network, const Settings& settings) {
  const std::optional<std::string> program = peer_program("multiply_adds");
  if (network.products.empty() || !program) return [] { return std::nullopt; };
  std::vector<std::string> command = {*program, std::to_string(settings.threads)};
  command.insert(command.end(), network.products.begin(), network.products.end());
  return [command] { return std::optional(number_of(command)); };
}

}  // namespace

Rows network_rows(const Settings& settings) {
  const BenchData data;
  const Python torch(settings, "torch");
  const std::vector<Network> all = networks();
  const double seconds = settings.quick ? 0.01 : 2.0;
  std::map<std::string, TorchThreads> torch_threads;
  if (torch.is_there() && !settings.quick) torch_threads = best_torch_threads(torch, all, seconds);

  Rows rows;
  for (const Network& network : all) {
    const Training training{bench_model(network.model),
                            {"--data", data.path().string(), "--threads", std::to_string(settings.threads),
                             "--set-optimizer", network.rule}};
    const TorchThreads threads = torch_threads[torch_name(network)];
    const auto best =
        contest(settings.rounds,
                {[&] {
                   return std::optional(seconds_of_step(training, settings.quick ? 1 : network.steps_between,
                                                        settings.quick ? 1 : 10));
                 },
                 products(network, "openblas", settings), products(network, "onednn", settings),
                 [&]() -> std::optional<double> {
                   if (!torch.is_there()) return std::nullopt;
                   return number_of(torch_networks_command(torch, threads, seconds, {torch_name(network)}));
                 },
                 multiply_adds(network, settings)});
    if (!network.products.empty()) {
      const bool onednn = best[2] && *best[2] < *best[1];
      rows.push_back({network.work,
                      onednn ? "its products by oneDNN" : "its products by OpenBLAS",
                      Unit::seconds,
                      best[0],
                      onednn ? best[2] : best[1],
                      {Bar::Kind::ratio, network.bar_of_products}});
      rows.push_back({network.work, "its multiply-adds alone", Unit::seconds, best[0], best[4]});
    }
    rows.push_back({network.work,
                    "PyTorch",
                    Unit::seconds,
                    best[0],
                    best[3],
                    {Bar::Kind::faster, network.bar_of_torch},
                    torch.is_there() ? "PyTorch with " + to_string(threads) : torch.what_is_missing()});
  }
  return rows;
}

}  // namespace talweg::speed
