#include "tools/stand_in_data.hpp"

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "model/data/files.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

// As MNIST's test set has them.
constexpr std::uint32_t kImages = 10'000, kSide = 28, kClasses = 10;
constexpr std::uint8_t kUnsignedByte = 0x08;

/// A digit k is a bright stripe of two rows, somewhere else for each k, in dark noise.
std::string images(std::minstd_rand& random) {
  constexpr unsigned kDark = 64, kBright = 192, kStripe = 2;
  std::string pixels;
  pixels.reserve(std::size_t{kImages} * kSide * kSide);
  for (std::uint32_t image = 0; image < kImages; ++image)
    for (std::uint32_t row = 0; row < kSide; ++row)
      for (std::uint32_t column = 0; column < kSide; ++column) {
        const bool bright = row / kStripe == image % kClasses;
        pixels += static_cast<char>(random() % kDark + (bright ? kBright : 0));
      }
  return pixels;
}

std::string labels() {
  std::string bytes;
  for (std::uint32_t image = 0; image < kImages; ++image) bytes += static_cast<char>(image % kClasses);
  return bytes;
}

/// Every character has a follower that it likes best.
std::string text(std::minstd_rand& random) {
  constexpr std::size_t kLength = 50'000;
  constexpr unsigned kSurprising = 4;
  const std::string characters = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string written = characters;
  while (written.size() < kLength) {
    const std::size_t last = characters.find(written.back());
    const std::size_t next = random() % kSurprising == 0 ? random() : last * 7 + 1;
    written += characters[next % characters.size()];
  }
  return written;
}

std::string flowers(std::minstd_rand& random) {
  constexpr int kOfEach = 50, kColumns = 4;
  constexpr unsigned kSpread = 10;
  std::string table;
  int size = 10;
  for (const char* species : {"Iris-setosa", "Iris-versicolor", "Iris-virginica"}) {
    for (int flower = 0; flower < kOfEach; ++flower) {
      for (int column = 0; column < kColumns; ++column)
        table += std::to_string(size / 10) + "." + std::to_string(random() % kSpread) + ",";
      table += species + std::string("\n");
    }
    size += 20;
  }
  return table + "\n";  // the real one ends so
}

}  // namespace

void write_stand_in_data(const fs::path& directory) {
  std::minstd_rand random(1);
  for (const char* set : {"mnist10k", "tinyshakespeare", "iris"}) fs::create_directories(directory / set);
  write_text(directory / "mnist10k/t10k-images-idx3-ubyte.gz",
             packed(idx_file(kUnsignedByte, {kImages, kSide, kSide}, images(random))));
  write_text(directory / "mnist10k/t10k-labels-idx1-ubyte.gz",
             packed(idx_file(kUnsignedByte, {kImages}, labels())));
  write_text(directory / "tinyshakespeare/input.txt", text(random));
  write_text(directory / "iris/iris.data", flowers(random));
}

fs::path real_data_directory() {
  const char* directory = std::getenv("TALWEG_DATA");
  return directory == nullptr ? repository().parent_path() / "shared/data" : fs::path(directory);
}

RunOptions with_data(const fs::path& stand_ins) {
  RunOptions options;
  options.environment["TALWEG_DATA"] = real_data_directory().string() + ":" + stand_ins.string();
  return options;
}

}  // namespace talweg
