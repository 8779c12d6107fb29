// talweg plugins build FILE.cpp

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>
#include <talweg/error.hpp>

#include "command_line.hpp"
#include "output.hpp"
#include "plugin/loaded_plugin.hpp"
#include "plugin/plugin_path.hpp"
#include "plugin_commands.hpp"
#include "support/installation.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExplanation =
    "The compiler is $CXX, or else the first of c++, g++ and clang++ on the $PATH. The library goes to DIR, "
    "or\n"
    "else to $XDG_DATA_HOME/talweg/plugins or ~/.local/share/talweg/plugins, where every command finds it. "
    "It is\n"
    "checked before it takes the place of an older one.\n";

std::string environment(const char* name) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return text == nullptr ? "" : text;
}

bool is_on_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  std::istringstream directories(environment("PATH"));
  for (std::string directory; std::getline(directories, directory, ':');)
    if (access((fs::path(directory) / program).c_str(), X_OK) == 0) return true;
  return false;
}

/// The compiler and the arguments that it always gets: $CXX may be "ccache g++".
std::vector<std::string> find_compiler() {
  std::istringstream words(environment("CXX"));
  std::vector<std::string> chosen{std::istream_iterator<std::string>(words), {}};
  if (!chosen.empty() && !is_on_path(chosen[0]))
    throw Error(Status::plugin, "the compiler of $CXX cannot be run: '" + chosen[0] + "'");
  if (!chosen.empty()) return chosen;
  for (const char* name : {"c++", "g++", "clang++"})
    if (is_on_path(name)) return {name};
  throw Error(Status::plugin, "there is no C++ compiler: neither c++ nor g++ nor clang++ is on the $PATH")
      .set_hint("install one (on Debian: apt install g++), or set $CXX");
}

/// Runs a program with our standard error; its exit status.
int run_program(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: posix_spawnp does not write to them
  arguments.push_back(nullptr);
  pid_t process = 0;
  int status = posix_spawnp(&process, arguments[0], nullptr, nullptr, arguments.data(), environ);
  if (status != 0)
    throw Error(Status::plugin,
                "'" + command[0] + "' cannot be run: " + std::generic_category().message(status));
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// A directory within another, gone with everything in it at the end.
class BuildDirectory {
 public:
  explicit BuildDirectory(const fs::path& parent) {
    std::error_code problem;
    fs::create_directories(parent, problem);
    std::string name = (parent / ".build-XXXXXX").string();
    if (problem || mkdtemp(name.data()) == nullptr)
      throw Error(Status::files,
                  parent.string() + " cannot be written: " +
                      (problem ? problem : std::error_code(errno, std::generic_category())).message());
    path_ = name;
  }
  ~BuildDirectory() {
    std::error_code problem;
    fs::remove_all(path_, problem);
  }
  BuildDirectory(const BuildDirectory&) = delete;
  BuildDirectory& operator=(const BuildDirectory&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void require_source(const fs::path& source, const std::string& name) {
  std::error_code problem;
  if (!fs::is_regular_file(source, problem))
    throw Error(Status::model, "there is no file '" + source.string() + "'")
        .set_hint(is_plugin_name(name) && !source.has_extension() &&
                          fs::exists(source.string() + ".cpp", problem)
                      ? "talweg plugins build " + source.string() + ".cpp"
                      : "talweg plugins new my_rule writes one");
  if (!is_plugin_name(name))
    throw Error(Status::model, "'" + source.string() +
                                   "' names no plugin: the file is called NAME.cpp, and a NAME is made of "
                                   "a-z, 0-9 and _, a letter first");
  // Compilers hand anything else to the linker.
  static const std::set<std::string> kSources = {".cpp", ".cc", ".cxx", ".c++", ".C", ".c"};
  if (!kSources.contains(source.extension().string()))
    throw Error(Status::model, "'" + source.string() + "' is no source of C++: those end in .cpp");
}

fs::path compile(const fs::path& source, const std::string& name, const fs::path& directory) {
  const fs::path headers = header_directory();
  std::error_code problem;
  if (!fs::exists(headers / "talweg/plugin.h", problem))
    throw Error(Status::plugin,
                "Talweg's headers are not installed: there is no " + (headers / "talweg/plugin.h").string());
  fs::path library = directory / (name + ".so");
  std::vector<std::string> command = find_compiler();
  for (const std::string& argument : std::vector<std::string>{
           "-std=c++20", "-O2", "-Wall", "-Wextra", "-fPIC", "-fvisibility=hidden", "-shared", "-I",
           headers.string(), "-o", library.string(), fs::absolute(source).string()})
    command.push_back(argument);
  if (run_program(command) != 0)
    throw Error(Status::plugin, source.string() + " does not compile with " + command[0]);
  return library;
}

/// Compiles, checks, and only then puts the library in its place.
fs::path build(const fs::path& source, const fs::path& directory) {
  const std::string name = source.stem().string();
  require_source(source, name);
  const BuildDirectory building(directory);
  const fs::path built = compile(source, name, building.path());
  fs::path library = directory / built.filename();
  try {
    static_cast<void>(load_plugin(built));
  } catch (Error& error) {
    const std::string start = "plugin " + built.string() + ": ";
    if (error.message().starts_with(start))
      error.set_message(source.string() + ": " + error.message().substr(start.size()));
    throw;
  }
  std::error_code problem;
  fs::rename(built, library, problem);
  if (problem) throw Error(Status::files, library.string() + " cannot be written: " + problem.message());
  return library;
}

}  // namespace

int run_plugins_build(std::span<const std::string> arguments) {
  std::string source;
  std::optional<std::string> out;
  CommandLine line("plugins build", "Compiles the optimizer of NAME.cpp to the plugin NAME.");
  line.argument("NAME.cpp", "the source", source);
  line.option("--out", "DIR", "where the library goes, in place of the user's plugin directory", out);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  const fs::path directory = out ? fs::absolute(*out).lexically_normal() : user_plugin_directory();
  if (directory.empty())
    throw Error(Status::files, "neither $XDG_DATA_HOME nor $HOME says where your plugins are")
        .set_hint("--out DIR");
  const fs::path library = build(source, directory);
  std::string text = "built " + library.string() + "\n";
  const fs::path found = PluginPath::standard().find(library.stem().string());
  if (!out && found != library) text += "but " + found.string() + " is found before it\n";
  if (!out && found == library) {
    const std::string name = library.stem().string();
    text += "next: talweg train MODEL --set-optimizer " + name + "\n      talweg plugins test " + name + "\n";
  }
  write_output(text);
  return 0;
}

}  // namespace talweg
