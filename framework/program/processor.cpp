#include "program/processor.hpp"

#include <cstdlib>
#include <fstream>
#include <talweg/error.hpp>

#include "kernels/kernels.hpp"

namespace talweg {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  std::string name = "unknown";
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (!line.starts_with("model name") || colon == std::string::npos) continue;
    name = line.substr(colon + 2);
    break;
  }
  return name + ", " + std::string(kernels::instruction_set());
}

void require_instruction_set() {
  const char* asked = std::getenv("TALWEG_INSTRUCTION_SET");  // NOLINT(concurrency-mt-unsafe): never set here
  if (asked == nullptr || kernels::instruction_set() == asked) return;
  throw Error(Status::model, "TALWEG_INSTRUCTION_SET is '" + std::string(asked) +
                                 "', for which there are no kernels on this machine; the best are for " +
                                 std::string(kernels::instruction_set()));
}

}  // namespace talweg
