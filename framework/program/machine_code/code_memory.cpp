#include "program/machine_code/code_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

namespace talweg {
namespace {

/// Memory for the code of many programs. It is mapped twice, to be written at one address and executed at
/// another, so that adding code stops nobody who executes some.
class CodeBlock {
 public:
  explicit CodeBlock(std::size_t bytes) : bytes_(bytes), process_(getpid()) {
    void* first = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (first == MAP_FAILED) return;
    writable_ = static_cast<std::uint8_t*>(first);
    void* second = mremap(first, 0, bytes, MREMAP_MAYMOVE);  // of size 0: both stay
    if (second == MAP_FAILED) return;
    executable_ = static_cast<std::uint8_t*>(second);
    is_executable_ = mprotect(second, bytes, PROT_READ | PROT_EXEC) == 0;
  }
  ~CodeBlock() {
    for (std::uint8_t* mapped : {writable_, executable_})
      if (mapped != nullptr) munmap(mapped, bytes_);
  }
  CodeBlock(const CodeBlock&) = delete;
  CodeBlock& operator=(const CodeBlock&) = delete;

  /// After a fork both processes would write to the same memory.
  [[nodiscard]] bool takes(std::size_t bytes) const {
    return is_executable_ && process_ == getpid() && used_ + bytes <= bytes_;
  }

  const void* add(std::span<const std::uint8_t> code) {
    constexpr std::size_t kAlignment = 64;
    std::ranges::copy(code, writable_ + used_);
    const void* copy = executable_ + used_;
    used_ += (code.size() + kAlignment - 1) / kAlignment * kAlignment;
    return copy;
  }

 private:
  std::size_t bytes_, used_ = 0;
  pid_t process_;
  std::uint8_t *writable_ = nullptr, *executable_ = nullptr;
  bool is_executable_ = false;
};

}  // namespace

std::shared_ptr<const void> executable_copy(std::span<const std::uint8_t> code) {
  constexpr std::size_t kBlock = 1 << 20;
  static std::mutex mutex;
  static std::shared_ptr<CodeBlock> block;
  const std::lock_guard lock(mutex);
  if (block == nullptr || !block->takes(code.size())) block = std::make_shared<CodeBlock>(kBlock);
  if (!block->takes(code.size())) return nullptr;
  return {block, block->add(code)};
}

}  // namespace talweg
