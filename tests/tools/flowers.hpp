#pragma once

#include <string>

#include "plugin/test_plugins.hpp"
#include "tools/json.hpp"

namespace talweg {

/// A small classifier with a table of its own, which is trained into the directory "run".
class Flowers {
 public:
  static constexpr int kRows = 40;

  /// `more` are lines of the model file.
  explicit Flowers(const std::string& more = "") {
    std::string table = "length,width,species\n";
    for (int i = 0; i < kRows; ++i) table += measures(i) + "," + species(i) + "\n";
    write("flowers.csv", table);
    write("model.yaml",
          "talweg: 1\n"
          "seed: 3\n"
          "let: {units: 4, alpha: 0.1}\n"
          "data:\n"
          "  X: {csv: flowers.csv, columns: [length, width], standardize: True}\n"
          "  species: {csv: flowers.csv, columns: species, categories: True}\n"
          "split: {train: 0.7, validation: 0.3, shuffle: True}\n"
          "graph:\n"
          "  h: dense(X, units=units, activation=tanh)\n"
          "  scores: dense(h, units=3)\n"
          "  loss: cross_entropy(scores, species)\n"
          "metrics: {accuracy: 'mean(argmax(scores, axis=-1) == species)'}\n"
          "train: {minimize: loss, optimizer: {gd: {alpha: alpha}}, batch: 8, epochs: 20}\n" +
              more);
    trained_ = run("train model.yaml --set units=5 --out run --json");
    EXPECT_EQ(trained_.status, 0) << trained_.errors;
  }

  static std::string measures(int i) {
    return std::to_string(1 + i % 3 * 2 + i % 5 * 0.1) + "," + std::to_string(2 - i % 3 + i % 7 * 0.2);
  }
  static std::string species(int i) {
    return i % 3 == 0 ? "setosa" : i % 3 == 1 ? "\"iris, blue\"" : "virginica";
  }

  [[nodiscard]] Finished run(const std::string& line) const {
    return run_line(line, {.directory = directory_.path()});
  }
  /// Of arguments that hold blanks.
  [[nodiscard]] Finished run(std::vector<std::string> arguments) const {
    return run_talweg(std::move(arguments), {.directory = directory_.path()});
  }
  void write(const std::string& name, const std::string& text) const { write_text(path(name), text); }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] const Finished& trained() const { return trained_; }

 private:
  TemporaryDirectory directory_;
  Finished trained_;
};

/// The numbers of a table, by rows, without its head.
inline std::vector<double> numbers_of(const std::string& table) {
  std::vector<double> numbers;
  const std::vector<std::string> lines = lines_of(table);
  for (std::size_t i = 1; i < lines.size(); ++i)
    for (const double number : elements_of(Json::parse("[" + lines[i] + "]"))) numbers.push_back(number);
  return numbers;
}

}  // namespace talweg
