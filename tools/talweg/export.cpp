// talweg export PATH

#include <talweg/error.hpp>

#include "command_line.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "support/file.hpp"
#include "training/npz.hpp"
#include "training/safetensors.hpp"
#include "training/weights.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "Writes parameters and states under their names: W, or layer/W for a module's.\n\n"
    "  talweg export run1 --npz weights.npz           numpy.load(\"weights.npz\")[\"W\"]\n"
    "  talweg export run1 --safetensors w.safetensors for whoever reads that format\n";

struct Options {
  std::string path;
  std::optional<std::string> npz, safetensors;
};

int write(const Options& options) {
  if (!options.npz && !options.safetensors)
    throw Error(Status::model, "what is to be written? --npz FILE or --safetensors FILE is missing");
  const Weights weights = read_weights(options.path);
  if (options.npz) write_whole_file(*options.npz, encode_npz(weights.tensors));
  if (options.safetensors) write_whole_file(*options.safetensors, encode_safetensors({weights.tensors, {}}));
  return 0;
}

}  // namespace

int run_export(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("export", "Writes the weights of a training for other programs.");
  line.argument("PATH", "the directory that `talweg train --out` has made, or a file of weights in it",
                options.path);
  line.option("--npz", "FILE", "an archive of NumPy's arrays", options.npz);
  line.option("--safetensors", "FILE", "without what Talweg adds to it", options.safetensors);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  return write(options);
}

}  // namespace talweg
