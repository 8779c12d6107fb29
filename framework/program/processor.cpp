#include "program/processor.hpp"

#include <fstream>

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

}  // namespace talweg
