// talweg plugins new NAME

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <talweg/error.hpp>

#include "command_line.hpp"
#include "output.hpp"
#include "plugin/plugin_path.hpp"
#include "plugin_commands.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// NAME and TYPE stand for the plugin's name and its struct.
constexpr std::string_view kUpdateRule = R"(#include <talweg/optimizer.hpp>

// An optimizer of one's own. Build it, train with it:
//
//   talweg plugins build NAME.cpp
//   talweg plugins test NAME
//   talweg train MODEL.yaml --set-optimizer NAME
//
// `update` computes nothing: it says once, as nodes of a graph, what a step does. Talweg compiles them together
// with the model, runs them on whole tensors in float32 and float64, and keeps, saves and restores the states.
// One that evaluates the objective itself, such as a line search, is another kind: talweg plugins new --minimizer.

/// Heavy-ball momentum, to start from:  v <- mu v - alpha g;   x <- x + v
struct TYPE : talweg::UpdateRule {
  // A model sets them: `optimizer: {NAME: {alpha: 0.1, mu: 0.8}}`. Name, default, range, meaning. Other ranges:
  // any, non_negative, between(0, 1), whole(1, 9).
  // talweg::Flag{"nesterov", false, "..."} is an option for `if (nesterov)`.
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper mu{"mu", 0.9, talweg::in(0, 1), "share of the last step kept"};

  void update(talweg::Parameter x) const {
    auto g = x.gradient();          // of what the model minimizes; x.step() is the number of updates made before
    auto v = x.state("velocity");   // zeros of x's shape at first; lasts from step to step
    v = mu * v - alpha * g;         // from here on v means the new value
    x = x + v;                      // sqrt, exp, abs, maximum, where, sum, matmul, ...; whatever else expressions know is
                                    // there as talweg::call("floor", {v})
  }
};
TALWEG_OPTIMIZER(TYPE, "NAME", "Heavy-ball momentum, to start from")
)";

constexpr std::string_view kMinimizer = R"(#include <talweg/minimizer.hpp>

// A minimizer of one's own: an optimizer that evaluates what it minimizes as often as it likes. Build it, train with it:
//
//   talweg plugins build NAME.cpp
//   talweg plugins test NAME
//   talweg train MODEL.yaml --set-optimizer NAME
//
// `step` computes with vectors of doubles; x is that of all parameters laid end to end. Within a step what is minimized
// stays the same: the same examples, the same random draws. What has to last from step to step is a state, which Talweg
// keeps, saves and restores: f.number("name") is a number, f.state("name", f.size()) as many as x has.

/// Steepest descent with backtracking (Armijo 1966), to start from:  x <- x - t g
/// t is the first of 2 t', t', t' / 2, ..., where t' is that of the last step, by which f falls by more than c t |g|^2.
struct TYPE : talweg::Minimizer {
  // A model sets them: `optimizer: {NAME: {alpha: 0.1}}`. Name, default, range, meaning.
  // `static constexpr bool kSecondDerivatives = true;` gives f.hessian_vector(x, v).
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "t in the first step"};
  talweg::Hyper c{"c", 1e-4, talweg::in(0, 1), "share of the slope by which f has to fall"};

  void step(talweg::Objective& f) const {
    const talweg::Point now = f.point();  // x, value and gradient, which belong together
    const double slope = talweg::dot(now.gradient, now.gradient);
    if (slope == 0) return f.stop("the gradient is zero");
    double& t = f.number("step_size", f[alpha] / 2);
    for (double tried = 2 * t; tried > 1e-20; tried /= 2) {
      const talweg::Point next = f.at(now.x - tried * now.gradient);
      if (next.value < now.value - f[c] * tried * slope) {
        t = tried;
        return f.move_to(next);
      }
    }
    f.stop("no shorter step leads down");  // x stays where it was
  }
};
TALWEG_MINIMIZER_PLUGIN(TYPE, "NAME", "Steepest descent with backtracking, to start from")
)";

/// "my_rule" is the struct MyRule.
std::string type_name(const std::string& name) {
  std::string type;
  bool starts_word = true;
  for (char c : name) {
    if (c != '_') type += starts_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    starts_word = c == '_';
  }
  return type;
}

std::string fill(std::string_view pattern, const std::string& name) {
  std::string text(pattern);
  for (const auto& [word, value] :
       {std::pair<std::string, std::string>{"NAME", name}, {"TYPE", type_name(name)}})
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size())
      text.replace(at, word.size(), value);
  return text;
}

/// A file that is there stays as it is, whoever made it and however late.
void write_new_file(const fs::path& path, std::string_view text) {
  const auto refuse = [&](int reason) {
    throw Error(Status::files,
                path.string() + " cannot be written: " + std::generic_category().message(reason));
  };
  constexpr mode_t kMode = 0666;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);  // NOLINT
  if (file < 0 && errno == EEXIST)
    throw Error(Status::files, path.string() + " is there already, and is left as it is")
        .set_hint("choose another name, or delete the file");
  if (file < 0) refuse(errno);
  const ssize_t written = write(file, text.data(), text.size());
  const int problem = written < 0 ? errno : written != static_cast<ssize_t>(text.size()) ? ENOSPC : 0;
  const int closing = close(file) != 0 ? errno : 0;
  if (problem == 0 && closing == 0) return;
  unlink(path.c_str());
  refuse(problem != 0 ? problem : closing);
}

}  // namespace

int run_plugins_new(std::span<const std::string> arguments) {
  std::string name;
  bool minimizer = false;
  CommandLine line("plugins new", "Writes NAME.cpp, an optimizer that works, to make another one of.");
  line.argument("NAME", "of the optimizer: a-z, 0-9 and _, a letter first", name);
  line.flag("--minimizer", "one that evaluates the objective itself, as line searches do", minimizer);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  if (!is_plugin_name(name) || type_name(name).empty()) {
    std::string near;
    for (char c : name)
      near += std::isalnum(static_cast<unsigned char>(c)) != 0
                  ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                  : '_';
    Error error(
        Status::model,
        "'" + name + "' is not the name of a plugin: those are made of a-z, 0-9 and _, a letter first");
    throw error.set_hint(is_plugin_name(near) ? "talweg plugins new " + near : "");
  }
  const PluginPath search = PluginPath::standard();
  const fs::path known = search.find(name);
  if (!known.empty() && known.parent_path() != user_plugin_directory())
    throw Error(Status::model,
                "there is a plugin '" + name + "', which would be taken in place of yours: " + known.string())
        .set_hint("choose another name: talweg plugins new my_" + name);
  write_new_file(name + ".cpp", fill(minimizer ? kMinimizer : kUpdateRule, name));
  write_output("wrote " + name + ".cpp\nnext: talweg plugins build " + name + ".cpp\n");
  return 0;
}

}  // namespace talweg
