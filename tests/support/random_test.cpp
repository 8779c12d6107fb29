// Draws are NumPy's to the last bit. The numbers are those of NumPy 1.24.

#include "support/random.hpp"

#include <gtest/gtest.h>

namespace talweg {
namespace {

struct Seeded {
  std::uint32_t seed;
  std::array<double, 3> uniform;  ///< 2 * numpy.random.random(3) - 1
  std::array<double, 3> normal;   ///< then numpy.random.randn(3)
  double late;                    ///< numpy.random.random(1300)[-1], after several refills of the state
};

constexpr Seeded kSeeds[] = {
    {0,
     {0x1.8fe1565f12a80p-4, 0x1.b8b533d821cccp-2, 0x1.a4eb35b744a58p-3},
     {-0x1.2258941855050p+1, 0x1.55633ae9cc424p+0, -0x1.af7986f57fa88p-1},
     0x1.9a8e607b3c808p-4},
    {1,
     {-0x1.53e0bc0170fe8p-3, 0x1.c3397ceebc144p-2, -0x1.ffe2046f999e4p-1},
     {-0x1.9ab665f778871p-1, -0x1.cba69fc03e5b1p-2, -0x1.1b1e8fa6f47a2p+0},
     0x1.9a8fa420ddf18p-4},
    {2,
     {-0x1.062a35a13cec0p-3, -0x1.e5739808c344ep-1, 0x1.96d5c3ca79e40p-4},
     {-0x1.f42c0063af102p+0, -0x1.963de0f1881c9p+0, -0x1.130f8450bc782p+0},
     0x1.33cce214fca60p-6},
    {42,
     {-0x1.00f11c3415c28p-2, 0x1.cd880d177aca8p-1, 0x1.db1fa3c799d44p-2},
     {-0x1.1ca42ce8158a6p+0, 0x1.468e4b5774960p-2, 0x1.1dbd0020eec47p-2},
     0x1.69b72fb95bb09p-1},
    {4294967295,
     {-0x1.9c065971b6df8p-1, 0x1.a647b04806562p-1, 0x1.27f8dec35e7f2p-1},
     {0x1.4d051339bc741p-4, 0x1.a3847f39c09c9p-2, 0x1.438a83ff956b5p-2},
     0x1.0bd783b32efa2p-2},
};

TEST(LegacyGenerator, DrawsWhatNumPyDraws) {
  for (const Seeded& expected : kSeeds) {
    SCOPED_TRACE("seed " + std::to_string(expected.seed));
    LegacyGenerator generator(expected.seed);
    for (double value : expected.uniform) EXPECT_EQ(generator.uniform(-1, 1), value);
    for (double value : expected.normal) EXPECT_EQ(generator.normal(), value);
  }
}

TEST(LegacyGenerator, GoesOnAsNumPyDoes) {
  for (const Seeded& expected : kSeeds) {
    LegacyGenerator generator(expected.seed);
    double value = 0;
    for (int i = 0; i < 1300; ++i) value = generator.uniform();
    EXPECT_EQ(value, expected.late) << "seed " << expected.seed;
  }
}

TEST(LegacyGenerator, StretchesAsTwiceTheSampleLessOne) {
  LegacyGenerator stretched(3), plain(3);
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(stretched.uniform(-1, 1), 2 * plain.uniform() - 1);
}

TEST(Philox, GivesThePublishedValues) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  constexpr std::uint32_t kOnes = 0xFFFFFFFF;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(philox({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
            (Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Draw, DependsOnSeedNodeStepAndBlock) {
  const auto first = draw(1, 2, 3, 4);
  EXPECT_EQ(draw(1, 2, 3, 4), first);
  EXPECT_NE(draw(2, 2, 3, 4), first);
  EXPECT_NE(draw(1, 3, 3, 4), first);
  EXPECT_NE(draw(1, 2, 4, 4), first);
  EXPECT_NE(draw(1, 2, 3, 5), first);
  EXPECT_NE(draw(1, 2, std::uint64_t{1} << 32U, 4), draw(1, 2, 0, 4));
}

}  // namespace
}  // namespace talweg
