#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <talweg/error.hpp>

#include "plugin/library_file.hpp"
#include "plugin/test_plugins.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// The message of the error by which a plugin is refused, or "" where it loads.
std::string refusal(const std::string& name, const PluginPath& search) {
  try {
    (void)load_optimizer(name, search);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::plugin) << error.what();
    EXPECT_EQ(error.message().find('\n'), std::string::npos) << error.message();
    return error.message();
  }
  return "";
}

std::string hint_of(const std::string& name, const PluginPath& search) {
  try {
    (void)load_optimizer(name, search);
  } catch (const Error& error) {
    return error.hint();
  }
  return "";
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

const std::string& gd_bytes() {
  static const std::string bytes = read_file(installed_plugin_directory() / "gd.so");
  return bytes;
}

struct BadTable {
  const char* name;
  const char* reason;
};

class BadTables : public testing::TestWithParam<BadTable> {};

TEST_P(BadTables, AreRefusedByFileAndReason) {
  const std::string path = (test_plugin_directory() / GetParam().name).string() + ".so";
  EXPECT_EQ(refusal(GetParam().name, test_plugin_path()), "plugin " + path + ": " + GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Plugin, BadTables,
    testing::Values(
        BadTable{"wrong_magic", "its table does not start with the magic number of a Talweg plugin"},
        BadTable{"older_version", "was built for plugin API version 0, this Talweg has version 1"},
        BadTable{"newer_version", "was built for plugin API version 2, this Talweg has version 1"},
        BadTable{"small_table", "its table has 40 bytes, fewer than the 72 of plugin API version 1"},
        BadTable{"large_table", "its symbol talweg_plugin is smaller than it says"},
        BadTable{"unknown_kind", "is a plugin of kind 7, which this Talweg does not know"},
        BadTable{"needs_objective",
                 "needs to evaluate the objective itself, which this Talweg does not offer"},
        BadTable{"needs_unknown", "needs something unknown (bits 64), which this Talweg does not offer"},
        BadTable{"other_name", "calls itself 'gd', unlike its file: give the two one name"},
        BadTable{"null_name", "its name is a null pointer"},
        BadTable{"null_summary", "its summary is a null pointer"},
        BadTable{"no_update", "has no function `update`"},
        BadTable{"null_hyperparameters", "its table of hyperparameters is a null pointer"},
        BadTable{"many_hyperparameters", "has 100000 hyperparameters, more than 256"},
        BadTable{"small_entries", "its hyperparameters are 8 bytes apart, which does not fit entries of 48"},
        BadTable{"entry_without_name", "hyperparameter 1: its name is a null pointer"},
        BadTable{"entry_without_doc", "hyperparameter 'alpha': its description is a null pointer"},
        BadTable{"entry_name",
                 "hyperparameter 1: the name 'Step Size' is not made of a-z, 0-9 and _, a letter first"},
        BadTable{"entry_twice", "hyperparameter 'beta' is there twice"},
        BadTable{"entry_kind", "hyperparameter 1 is of the unknown kind 9"},
        BadTable{"entry_range", "hyperparameter 'alpha': its range goes from 1 to 0"},
        BadTable{"entry_default", "hyperparameter 'alpha': its default -1 is outside its range (>= 0)"},
        BadTable{"entry_default_nan", "hyperparameter 'alpha': its default nan is outside its range (>= 0)"},
        BadTable{"missing_symbol", "is not a Talweg plugin: it does not define the symbol talweg_plugin"},
        BadTable{"function_symbol", "its symbol talweg_plugin is not constant data"},
        BadTable{"computed_table", "its symbol talweg_plugin is not constant data"},
        BadTable{"missing_function", "cannot be loaded: undefined symbol: a_function_that_no_library_has"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(PluginFiles, WithTheTableThatTheBadOnesVaryLoad) {
  EXPECT_EQ(refusal("right_table", test_plugin_path()), "");
}

TEST(PluginFiles, ThatAreNoLibrariesAreRefused) {
  const TemporaryDirectory directory;
  const PluginPath search({directory.path()});
  const auto expect = [&](const std::string& name, const std::string& reason) {
    EXPECT_EQ(refusal(name, search), "plugin " + directory.path().string() + "/" + name + ".so: " + reason);
  };
  write_file(directory.path() / "text.so", "this is no library\n");
  expect("text", "is not a shared library");
  write_file(directory.path() / "empty.so", "");
  expect("empty", "is empty, not a shared library");
  fs::create_directory(directory.path() / "directory.so");
  expect("directory", "is a directory, not a shared library");
  ASSERT_EQ(mkfifo((directory.path() / "pipe.so").c_str(), 0600), 0);
  expect("pipe", "is not a regular file");
  fs::create_symlink("nowhere", directory.path() / "dangling.so");
  expect("dangling", "cannot be read: No such file or directory");
  fs::create_symlink("/proc/self/exe", directory.path() / "program.so");
  EXPECT_NE(refusal("program", search), "");
}

/// Root may read every file; the user nobody may not.
class NotRoot {
 public:
  NotRoot() {
    constexpr uid_t kNobody = 65534;
    if (user_ == 0) succeeded_ = seteuid(kNobody) == 0;
  }
  ~NotRoot() { EXPECT_EQ(seteuid(user_), 0); }
  NotRoot(const NotRoot&) = delete;
  NotRoot& operator=(const NotRoot&) = delete;

  /// Not where there is one user alone, as in some containers.
  [[nodiscard]] bool succeeded() const { return succeeded_; }

 private:
  uid_t user_ = geteuid();
  bool succeeded_ = true;
};

TEST(PluginFiles, ThatMayNotBeReadAreRefused) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "gd.so", gd_bytes());
  fs::permissions(directory.path() / "gd.so", fs::perms::none);
  // Who is in root's group is met by the permissions of the group.
  fs::permissions(directory.path(), fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
  const NotRoot user;
  std::error_code hidden;
  if (!user.succeeded() || !fs::exists(directory.path() / "gd.so", hidden))
    GTEST_SKIP() << "nobody but root may see the directory, and root may read every file";
  EXPECT_EQ(refusal("gd", PluginPath({directory.path()})),
            "plugin " + directory.path().string() + "/gd.so: cannot be read: Permission denied");
}

TEST(PluginFiles, ForAnotherMachineAreRefused) {
  struct Case {
    std::size_t offset;
    char value;
    std::string start;
  };
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "gd.so";
  // Offsets of e_ident[EI_CLASS], e_ident[EI_DATA], e_machine and e_type in an ELF file.
  for (const Case& c :
       {Case{4, 1, "is not a 64-bit library"}, Case{5, 2, "is built for a machine of the other byte order"},
        Case{18, 8, "is built for another machine (ELF machine 8; this one is "},
        Case{16, 1, "is an object file or a program, not a shared library"}}) {
    std::string bytes = gd_bytes();
    bytes[c.offset] = c.value;
    write_file(file, bytes);
    const std::string message = refusal("gd", PluginPath({directory.path()}));
    EXPECT_TRUE(message.starts_with("plugin " + file.string() + ": " + c.start)) << message;
  }
}

TEST(PluginFiles, CutAnywhereAreRefusedBeforeTheyAreLoaded) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "gd.so";
  constexpr std::size_t kStride = 61, kEnds = 70;
  std::size_t cuts = 0;
  for (std::size_t length = 1; length < gd_bytes().size(); ++length) {
    if (length > kEnds && length + kEnds < gd_bytes().size() && length % kStride != 0) continue;
    ++cuts;
    write_file(file, gd_bytes().substr(0, length));
    const std::string message = refusal("gd", PluginPath({directory.path()}));
    EXPECT_TRUE(
        message.starts_with("plugin " + file.string() + (length < 4 ? ": is not a" : ": is truncated")))
        << length << ": " << message;
  }
  EXPECT_GT(cuts, 200U);
  write_file(file, gd_bytes());
  EXPECT_EQ(refusal("gd", PluginPath({directory.path()})), "");
}

TEST(PluginFiles, WithDamagedTablesNeverCrashTheReader) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "gd.so";
  std::mt19937 random(1);
  int refused = 0;
  constexpr int kFiles = 1000, kBytesChanged = 4;
  for (int i = 0; i < kFiles; ++i) {
    std::string bytes = gd_bytes();
    // The ELF header and the program headers at the start, or the section headers at the end.
    for (int change = 0; change < kBytesChanged; ++change) {
      const std::size_t place = random() % 600;
      bytes[i % 2 == 0 ? place : bytes.size() - 1 - 4 * place] = static_cast<char>(random());
    }
    write_file(file, bytes);
    try {
      (void)read_library_header(file);
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::plugin);
      ++refused;
    }
  }
  EXPECT_GT(refused, kFiles / 4);
}

TEST(PluginNames, ThatNobodyHasListTheDirectoriesAndTheNearestName) {
  const TemporaryDirectory directory;
  const PluginPath search({installed_plugin_directory(), directory.path()});
  EXPECT_EQ(refusal("momentun", search), "there is no plugin 'momentun' in " +
                                             installed_plugin_directory().string() + ", " +
                                             directory.path().string());
  EXPECT_EQ(hint_of("momentun", search), "did you mean 'momentum'?");
}

TEST(PluginNames, CannotBePaths) {
  for (const char* name : {"", "../gd", "/etc/passwd", "gd.so", "GD", "g d", "1gd", "_gd", "gd\n", "ä",
                           "a234567890123456789012345678901234567890123456789012345678901234x"}) {
    const std::string message = refusal(name, PluginPath::standard());
    EXPECT_NE(message.find("is not the name of a plugin"), std::string::npos) << message;
  }
}

TEST(PluginPaths, NeverLookInTheCurrentDirectory) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "elsewhere.so", gd_bytes());
  const fs::path before = fs::current_path();
  fs::current_path(directory.path());
  setenv("TALWEG_PLUGIN_PATH", "::", 1);
  EXPECT_NE(refusal("elsewhere", PluginPath::standard()).find("there is no plugin"), std::string::npos);
  setenv("TALWEG_PLUGIN_PATH", ".", 1);
  EXPECT_THROW((void)PluginPath::standard(), Error);
  unsetenv("TALWEG_PLUGIN_PATH");
  fs::current_path(before);
}

TEST(PluginPaths, AreTheInstalledOneThenTheGivenThenTheEnvironmentsThenTheUsers) {
  const TemporaryDirectory first, second, third, data;
  setenv("XDG_DATA_HOME", data.path().c_str(), 1);
  setenv("TALWEG_PLUGIN_PATH", (second.path().string() + ":" + third.path().string()).c_str(), 1);
  const std::vector<fs::path> given = {first.path()};
  const PluginPath search = PluginPath::standard(given);
  unsetenv("TALWEG_PLUGIN_PATH");
  unsetenv("XDG_DATA_HOME");
  const std::vector<fs::path> expected = {installed_plugin_directory(), first.path(), second.path(),
                                          third.path(), data.path() / "talweg/plugins"};
  EXPECT_EQ(search.directories(), expected);
}

TEST(PluginPaths, ThatAreGivenHaveToExist) {
  const std::vector<fs::path> given = {"/no/such/directory"};
  EXPECT_THROW((void)PluginPath::standard(given), Error);
}

TEST(PluginLists, ShowEveryFileOrWhatIsWrongWithIt) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "text.so", "text");
  write_file(directory.path() / "momentum.so", gd_bytes());
  write_file(directory.path() / "notes.txt", "text");
  const std::vector<ListedPlugin> list =
      list_plugins(PluginPath({installed_plugin_directory(), directory.path()}));
  const auto at = [&](const fs::path& path) {
    const auto found = std::ranges::find(list, path, &ListedPlugin::path);
    return found == list.end() ? ListedPlugin{} : *found;
  };
  const fs::path momentum = installed_plugin_directory() / "momentum.so", text = directory.path() / "text.so",
                 hidden = directory.path() / "momentum.so";
  ASSERT_TRUE(at(momentum).description);
  EXPECT_EQ(at(momentum).description->summary, "Heavy-ball momentum");
  EXPECT_EQ(at(text).error, "plugin " + text.string() + ": is not a shared library");
  EXPECT_EQ(at(hidden).error, "plugin " + hidden.string() + ": is hidden by " + momentum.string());
  EXPECT_TRUE(at(directory.path() / "notes.txt").path.empty());
}

}  // namespace
}  // namespace talweg
