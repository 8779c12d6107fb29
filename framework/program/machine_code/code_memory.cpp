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
    const int file = memfd_create("talweg-code", MFD_CLOEXEC);
    if (file < 0) return;
    if (ftruncate(file, static_cast<off_t>(bytes)) == 0) {
      writable_ = map(file, PROT_READ | PROT_WRITE);
      executable_ = map(file, PROT_READ | PROT_EXEC);
    }
    close(file);
  }
  ~CodeBlock() {
    for (std::uint8_t* mapped : {writable_, executable_})
      if (mapped != nullptr) munmap(mapped, bytes_);
  }
  CodeBlock(const CodeBlock&) = delete;
  CodeBlock& operator=(const CodeBlock&) = delete;

  /// After a fork both processes would write to the same memory.
  [[nodiscard]] bool takes(std::size_t bytes) const {
    return process_ == getpid() && writable_ != nullptr && executable_ != nullptr && used_ + bytes <= bytes_;
  }

  const void* add(std::span<const std::uint8_t> code) {
    constexpr std::size_t kAlignment = 64;
    std::ranges::copy(code, writable_ + used_);
    const void* copy = executable_ + used_;
    used_ = std::min(bytes_, (used_ + code.size() + kAlignment - 1) / kAlignment * kAlignment);
    return copy;
  }

 private:
  std::uint8_t* map(int file, int protection) const {
    void* mapped = mmap(nullptr, bytes_, protection, MAP_SHARED, file, 0);
    return mapped == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(mapped);
  }

  std::size_t bytes_, used_ = 0;
  pid_t process_;
  std::uint8_t *writable_ = nullptr, *executable_ = nullptr;
};

}  // namespace

std::shared_ptr<const void> executable_copy(std::span<const std::uint8_t> code) {
  constexpr std::size_t kBlock = 1 << 20;
  static std::mutex mutex;
  static std::shared_ptr<CodeBlock> block;
  const std::lock_guard lock(mutex);
  if (block == nullptr || !block->takes(code.size()))
    block = std::make_shared<CodeBlock>(std::max(kBlock, code.size()));
  if (!block->takes(code.size())) return nullptr;
  return {block, block->add(code)};
}

}  // namespace talweg
