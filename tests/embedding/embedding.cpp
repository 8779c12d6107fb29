// embedding MODEL [PLUGIN_DIRECTORY...]: trains a model and prints its parameters.

#include <cstdio>
#include <exception>
#include <talweg/talweg.hpp>

int main(int argc, char** argv) try {
  if (argc < 2) return 2;
  talweg::LoadOptions options;
  for (int i = 2; i < argc; ++i) options.plugins.emplace_back(argv[i]);
  talweg::Model model = talweg::Model::from_file(argv[1], options);
  const talweg::TrainingResult result = model.train({
      .log =
          [](const talweg::TrainingLog& line) {
            std::printf("step %lld: %.17g\n", static_cast<long long>(line.step), line.loss);
          },
  });
  std::printf("after %lld steps: %.17g\n", static_cast<long long>(result.steps), result.loss);
  for (const std::string& name : model.parameters()) {
    std::printf("%s =", name.c_str());
    for (double value : model.value(name).values) std::printf(" %.17g", value);
    std::printf("\n");
  }
  return 0;
} catch (const talweg::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.status());
} catch (const std::exception& exception) {
  std::fprintf(stderr, "%s\n", exception.what());
  return 1;
}
