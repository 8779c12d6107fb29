#include "support/machine_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace talweg {

std::size_t machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || size <= 0) return 0;
  std::size_t bytes = static_cast<std::size_t>(pages) * static_cast<std::size_t>(size);
  // Of the second version of control groups, and of the first. A group without a limit says "max", or more
  // than there is.
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    if (std::size_t limit = 0; file >> limit) bytes = std::min(bytes, limit);
  }
  return bytes;
}

}  // namespace talweg
