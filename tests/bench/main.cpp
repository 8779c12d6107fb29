// The program `talweg-bench`: measures Talweg beside what it is compared with, and says which bars hold.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <talweg/error.hpp>

#include "bench/command_line.hpp"
#include "bench/families.hpp"
#include "ops/registry.hpp"
#include "program/processor.hpp"

namespace talweg::speed {
namespace {

struct Family {
  const char* name;
  const char* summary;
  Rows (*measure)(const Settings&);
};

constexpr Family kFamilies[] = {
    {"tutorial", "the tutorial's network: a loop by hand, NumPy, PyTorch", tutorial_rows},
    {"networks", "training steps of networks: their products alone, PyTorch", network_rows},
    {"programs", "`talweg sweep` and `talweg train` from start to exit", program_rows},
    {"adam", "the update of 10,000,000 numbers: a copy loop", adam_rows},
    {"kernels", "exp, tanh, sigmoid and gelu of 1,000,000 numbers: PyTorch", kernel_rows},
    {"memory", "of a training step of LeNet: its tensors at the worst moment", memory_rows},
    {"growth", "steps by width, depth, batch and parameters; compilation by nodes", growth_rows},
};

std::string help() {
  std::string text =
      "talweg-bench measures how fast Talweg is. What it is compared with runs beside it, taking turns; of "
      "each\n"
      "the best time counts.\n\n"
      "usage: talweg-bench [FAMILY]... [OPTION]...\n\n";
  for (const Family& family : kFamilies) {
    const std::string name = family.name;
    text += "  " + name + std::string(12 - name.size(), ' ') + family.summary + "\n";
  }
  return text +
         "\n"
         "Without FAMILY all of them are measured, which takes some minutes.\n\n"
         "  --rounds N     the sides take turns until in so many rounds nobody has become faster by more\n"
         "                 than 1 %, or five times as often; 3 if not given\n"
         "  --threads N    of Talweg and of the products that it is compared with; 2 if not given\n"
         "  --python PATH  the interpreter that has NumPy and PyTorch; python3 if not given\n"
         "  --svg FILE     the picture of growth\n"
         "  --json         a JSON object a row\n"
         "  --quick        measures next to nothing: whether all of it runs\n"
         "  --help         this text\n\n"
         "What is not installed is left out, and the row says so: python3-numpy, python3-torch,\n"
         "libbenchmark-dev (when talweg-bench is built).\n"
         "Times can be compared within a run; between two, other work of the machine is in them.\n\n"
         "examples:\n"
         "  talweg-bench\n"
         "  talweg-bench networks --rounds 5\n"
         "  talweg-bench growth --svg growth.svg\n";
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

int run(const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) names.emplace_back(family.name);
  const std::optional<Settings> settings = read_command_line(arguments, names);
  if (!settings) {
    print(help());
    return 0;
  }
  register_ops();
  Rows rows;
  for (const Family& family : kFamilies) {
    const std::vector<std::string>& asked = settings->families;
    if (!asked.empty() && std::ranges::find(asked, family.name) == asked.end()) continue;
    if (!settings->json) std::fprintf(stderr, "measuring %s\n", family.name);
    const Rows measured = family.measure(*settings);
    if (settings->json) print(to_json_lines(measured));
    rows.insert(rows.end(), measured.begin(), measured.end());
  }
  if (!settings->json)
    print(processor() + ", " + std::to_string(settings->threads) + " threads\n\n" + to_table(rows));
  return 0;
}

}  // namespace
}  // namespace talweg::speed

int main(int count, char** arguments) {
  try {
    return talweg::speed::run({arguments + 1, arguments + count});
  } catch (const talweg::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.status());
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "error: %s\n", exception.what());
    return 1;
  }
}
