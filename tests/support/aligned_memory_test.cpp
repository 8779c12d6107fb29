#include "support/aligned_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace talweg {
namespace {

TEST(AlignedMemory, IsZeroAndAlignedWhateverItsSize) {
  constexpr std::size_t kMebibyte = std::size_t{1} << 20U;
  std::vector<AlignedMemory> all;
  for (std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{65}, kMebibyte / 2 - 1, kMebibyte / 2,
        2 * kMebibyte, 2 * kMebibyte + 1, 5 * kMebibyte}) {
    AlignedMemory memory = allocate_zeros(bytes);
    ASSERT_NE(memory, nullptr) << bytes;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % kMemoryAlignment, 0) << bytes;
    EXPECT_TRUE(std::all_of(memory.get(), memory.get() + bytes, [](std::byte b) {
      return b == std::byte{0};
    })) << bytes;
    std::fill_n(memory.get(), bytes, std::byte{1});
    all.push_back(std::move(memory));
  }
}

TEST(AlignedMemory, IsNullWhereNoSystemHasThatMuch) {
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (std::size_t bytes : {most, most - 1, most - (std::size_t{2} << 20U), most / 2})
    EXPECT_EQ(allocate_zeros(bytes), nullptr) << bytes;
}

}  // namespace
}  // namespace talweg
