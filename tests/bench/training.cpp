#include "bench/training.hpp"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <talweg/error.hpp>

#include "support/numbers.hpp"
#include "tools/program.hpp"
#include "training/npy.hpp"

namespace talweg::speed {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kImages = 128, kPixels = 784, kDigits = 10;
constexpr std::int64_t kTexts = 16, kWindow = 65, kCharacters = 65;

void write_array(const fs::path& file, DType dtype, const Shape& shape, const std::vector<double>& values) {
  write_text(file, npy_header(dtype, shape) + npy_elements(dtype, values));
}

std::vector<double> integers_below(std::int64_t end, std::int64_t count, std::mt19937& generator) {
  std::uniform_int_distribution<std::int64_t> uniform(0, end - 1);
  std::vector<double> values(static_cast<std::size_t>(count));
  std::ranges::generate(values, [&] { return static_cast<double>(uniform(generator)); });
  return values;
}

[[noreturn]] void fail(const std::vector<std::string>& command, const Finished& finished) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  throw Error(Status::internal, text + ": exit status " + std::to_string(finished.status))
      .note(finished.errors);
}

}  // namespace

BenchData::BenchData() {
  std::string name = (fs::temp_directory_path() / "talweg_bench_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw Error(Status::files, name + ": cannot be made");
  path_ = name;
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<double> pixels(kImages * kPixels);
  std::ranges::generate(pixels, [&] { return uniform(generator); });
  write_array(path_ / "images.npy", DType::float32, {kImages, kPixels}, pixels);
  write_array(path_ / "labels.npy", DType::int64, {kImages}, integers_below(kDigits, kImages, generator));
  write_array(path_ / "text.npy", DType::int64, {kTexts, kWindow},
              integers_below(kCharacters, kTexts * kWindow, generator));
}

BenchData::~BenchData() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path bench_model(const std::string& name) {
  return repository() / "tests" / "bench" / "models" / (name + ".yaml");
}

std::vector<std::string> talweg_command(const std::string& command, const Training& training) {
  std::vector<std::string> words = {(program_directory() / "talweg").string(), command,
                                    training.model.string()};
  words.insert(words.end(), training.arguments.begin(), training.arguments.end());
  return words;
}

double seconds_of_step(const Training& training, int steps_between, int intervals) {
  const int steps = steps_between * (intervals + 1);
  std::vector<std::string> command = talweg_command("train", training);
  for (const std::string& word :
       {std::string("--json"), std::string("--quiet"), std::string("--steps"), std::to_string(steps + 1),
        std::string("--set"), "steps_between=" + std::to_string(steps_between)})
    command.push_back(word);
  Process process(command);
  double best = std::numeric_limits<double>::infinity();
  Clock::time_point before;
  for (int step = steps_between; step <= steps; step += steps_between) {
    process.wait_for("\"step\":" + std::to_string(step) + ",");
    const Clock::time_point now = Clock::now();
    if (step > steps_between) best = std::min(best, std::chrono::duration<double>(now - before).count());
    before = now;
  }
  const Finished finished = process.finish();
  if (finished.status != 0) fail(command, finished);
  return best / steps_between;
}

double seconds_of_training(const Training& training) {
  std::vector<std::string> command = talweg_command("train", training);
  command.emplace_back("--json");
  command.emplace_back("--quiet");
  const Finished finished = run(command);
  constexpr std::string_view kMark = "\"seconds\":";
  const std::size_t begin = finished.out.find(kMark);
  if (finished.status != 0 || begin == std::string::npos) fail(command, finished);
  const std::size_t number = begin + kMark.size();
  return parse_number(finished.out.substr(number, finished.out.find(',', number) - number)).value();
}

}  // namespace talweg::speed
