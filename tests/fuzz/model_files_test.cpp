// Model files with random changes: whatever a file holds, it is read or refused in good time, and a file that
// is read can be trained. TALWEG_FUZZ_FILES=100000 tries that many for each seed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <talweg/error.hpp>
#include <vector>

#include "model/model.hpp"
#include "plugin/optimizers.hpp"
#include "training/trainer.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 8'192;  ///< of those that changes are made to: larger ones take long
constexpr auto kLongestReading = std::chrono::seconds(TALWEG_SANITIZED ? 30 : 5);
constexpr std::int64_t kMostElements = 20'000;  ///< in the graph of a model that is trained here
constexpr std::int64_t kMostNodes = 500;

const fs::path kTests = TALWEG_TESTS_DIR;
const fs::path kGraphs = kTests.parent_path() / "graphs";

std::vector<std::string> model_files(const fs::path& directory) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.path().extension() == ".yaml" && entry.file_size() <= kLargestFile)
      paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<std::string> texts;
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return texts;
}

/// For each seed.
int files_to_try() {
  const char* asked = std::getenv("TALWEG_FUZZ_FILES");
  if (asked != nullptr) return std::atoi(asked);
  return TALWEG_SANITIZED ? 1'000 : 5'000;
}

/// Changes that a slip of the hand or a bad disk makes, and some that an attacker would.
class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::string mutated() {
    std::string text = any(below(2) == 0 ? right_ : wrong_);
    const std::size_t changes = 1 + below(4);
    for (std::size_t i = 0; i < changes; ++i) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

  const std::string& any(std::span<const std::string> texts) { return texts[below(texts.size())]; }

  struct Range {
    std::size_t first, length;
  };

  static Range line_at(const std::string& text, std::size_t place) {
    const std::size_t before = place == 0 ? std::string::npos : text.rfind('\n', place - 1);
    const std::size_t first = before == std::string::npos ? 0 : before + 1;
    const std::size_t end = text.find('\n', place);
    return {first, (end == std::string::npos ? text.size() : end + 1) - first};
  }

  /// A name, a number or a single sign.
  static Range token_at(const std::string& text, std::size_t place) {
    const auto in_word = [&](std::size_t i) {
      return std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_' || text[i] == '.';
    };
    if (text.empty() || !in_word(place)) return {place, text.empty() ? std::size_t{0} : 1};
    std::size_t first = place, end = place;
    while (first > 0 && in_word(first - 1)) --first;
    while (end < text.size() && in_word(end)) ++end;
    return {first, end - first};
  }

  void change(std::string& text) {
    static const std::string kPieces[] = {"0",
                                          "-1",
                                          "1e308",
                                          "-1e-320",
                                          "nan",
                                          "inf",
                                          "99999999999999999999",
                                          "2147483648",
                                          "0.5",
                                          "None",
                                          "True",
                                          "''",
                                          "[]",
                                          "{}",
                                          "[1, [2]]",
                                          "*a",
                                          "&a",
                                          "!!x",
                                          "<<: *a",
                                          "- ",
                                          ": ",
                                          "# ",
                                          "\t",
                                          "\xff",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          "**",
                                          "//",
                                          "-",
                                          ", axis=-1",
                                          "[::-1]",
                                          "[None]",
                                          ".T",
                                          " @ ",
                                          "x",
                                          "step",
                                          "grad(loss, x)",
                                          "zeros((9999, 9999))"};
    const std::size_t place = below(text.size());
    switch (below(6)) {
      case 0:
        if (!text.empty()) text[place] = static_cast<char>(below(256));
        break;
      case 1: {
        const Range token = token_at(text, place);
        text.replace(token.first, token.length, any(kPieces));
        break;
      }
      case 2:
        text.insert(place, any(kPieces));
        break;
      case 3:
        text.erase(place, 1 + below(40));
        break;
      case 4: {
        const std::string& other = any(below(2) == 0 ? right_ : wrong_);
        const Range line = line_at(other, below(other.size()));
        text.insert(line_at(text, place).first, other, line.first, line.length);
        break;
      }
      default: {
        const Range one = token_at(text, place);
        const std::string copy = text.substr(one.first, one.length);
        const Range other = token_at(text, below(text.size()));
        text.replace(other.first, other.length, copy);
      }
    }
  }

  const std::vector<std::string> right_ = model_files(kGraphs);
  const std::vector<std::string> wrong_ = model_files(kTests / "model" / "wrong");
  std::mt19937 random_;
};

bool is_small(const CheckedModel& model) {
  const Graph& graph = *model.graph;
  std::int64_t elements = 0;
  for (NodeId id = 0; id < graph.size(); ++id) elements += graph[id].shape.elements();
  return elements <= kMostElements && static_cast<std::int64_t>(graph.size()) <= kMostNodes;
}

/// Reads the model and, where it is small, makes two steps.
void use(const std::string& text) {
  ModelOptions options;
  options.steps = 2;
  options.home = kGraphs / "tutorial";
  CheckedModel model = load_model_text(text, "changed.yaml", options);
  if (!model.train || !is_small(model)) return;
  const auto optimizer = find_optimizer(model, PluginPath::standard());
  Trainer trainer(std::move(model), optimizer, {});
  TrainingObserver nobody;
  static_cast<void>(trainer.run(nobody));
}

class ChangedModelFiles : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ChangedModelFiles, AreReadOrRefused) {
  Mutator mutator(GetParam());
  const int files = files_to_try();
  int accepted = 0;
  for (int i = 0; i < files; ++i) {
    const std::string text = mutator.mutated();
    SCOPED_TRACE(text);
    const auto start = std::chrono::steady_clock::now();
    try {
      use(text);
      ++accepted;
    } catch (const Error& error) {
      EXPECT_NE(error.status(), Status::internal) << error.what();
      EXPECT_NE(error.message(), "");
    } catch (const std::exception& error) {
      ADD_FAILURE() << "not an Error of ours: " << error.what();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, kLongestReading);
    if (HasFailure()) return;
  }
  EXPECT_GT(accepted, files / 20) << "changes that always spoil a file look no further than the parser";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChangedModelFiles, testing::Range(1U, 5U));

}  // namespace
}  // namespace talweg
