// What the program says to wrong and right command lines.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

struct Usage {
  const char* arguments;
  int status;
  const char* errors;  ///< all that is written to standard error
};

class WrongUsage : public testing::TestWithParam<Usage> {};

TEST_P(WrongUsage, IsToldInOneErrorAndNothingElse) {
  const Finished finished = run_line(GetParam().arguments);
  EXPECT_EQ(finished.status, GetParam().status);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(finished.errors, std::string(GetParam().errors) + "\n");
}

const Usage kWrongUsages[] = {
    {"trian", 2, "error: talweg has no command 'trian'\nhint: did you mean 'train'?"},
    {"frobnicate", 2, "error: talweg has no command 'frobnicate'\nhint: talweg --help shows what there is"},
    {"--verison", 2, "error: talweg has no option '--verison'\nhint: did you mean '--version'?"},
    {"train", 2, "error: talweg train needs an argument: MODEL\nhint: talweg train --help"},
    {"check", 2, "error: talweg check needs an argument: MODEL\nhint: talweg check --help"},
    {"train nowhere.yaml", 2, "nowhere.yaml: error: there is no such file"},
    {"train graphs", 2, "graphs: error: it is a directory, not a model file"},
    {"train x.yaml --sead 1", 2, "error: talweg train has no option '--sead'\nhint: did you mean '--seed'?"},
    {"train x.yaml --sead=1", 2, "error: talweg train has no option '--sead'\nhint: did you mean '--seed'?"},
    {"train x.yaml -q", 2, "error: talweg train has no option '-q'"},
    {"train x.yaml y.yaml", 2, "error: talweg train takes no further argument, and there is 'y.yaml'"},
    {"train -- --json", 2, "--json: error: there is no such file"},
    {"train x.yaml --steps", 2, "error: --steps needs a value: N"},
    {"train /dev/zero", 2, "/dev/zero: error: it is a pipe or a device, not a model file"},
    {"train x.yaml --out=", 2, "error: --out needs a value: DIR"},
    {"train x.yaml --steps --json", 2, "error: --steps needs a value: N"},
    {"train x.yaml --steps many", 2, "error: --steps is a whole number, and this is 'many'"},
    {"train x.yaml --steps 1.5", 2, "error: --steps is a whole number, and this is '1.5'"},
    {"train x.yaml --steps -1", 2, "error: --steps is at least 0, and this is -1"},
    {"train x.yaml --steps 1 --steps 2", 2, "error: --steps is given 2 times"},
    {"train x.yaml --seed 4294967296", 2, "error: --seed is at most 4294967295, and this is 4294967296"},
    {"train x.yaml --threads 0", 2, "error: --threads is at least 1, and this is 0"},
    {"train x.yaml --set alpha", 2, "error: --set takes NAME=VALUE, and this is 'alpha'"},
    {"train x.yaml --set =1", 2, "error: --set takes NAME=VALUE, and this is '=1'"},
    {"train x.yaml --set alpha=", 2, "error: --set takes NAME=VALUE, and this is 'alpha='"},
    {"train x.yaml --json=yes", 2, "error: --json takes no value"},
    {"train x.yaml --resume", 2,
     "error: --resume needs --out DIR, the directory of the training to go on with"},
    {"train graphs/tutorial/three_layer.yaml --executor refrence", 2,
     "error: --executor is program or reference, and this is 'refrence'\nhint: did you mean 'reference'?"},
    {"train x.yaml --data nowhere", 3, "error: --data: 'nowhere' is not a directory"},
    {"train x.yaml --plugins nowhere", 6, "error: --plugins: 'nowhere' is not a directory"},
    {"sweep x.yaml --grid alpha", 2, "x.yaml: error: there is no such file"},
    {"sweep graphs/tutorial/three_layer.yaml", 2,
     "error: nothing is varied: the model has no `sweep:`\nhint: --grid NAME=VALUE,VALUE or --restarts N"},
    {"sweep graphs/tutorial/three_layer.yaml --grid alpha", 2,
     "error: --grid takes NAME=VALUE, and this is 'alpha'"},
    {"sweep graphs/tutorial/three_layer.yaml --grid alpha=1,,2", 2,
     "error: --grid takes NAME=VALUE,VALUE,..., and this is 'alpha=1,,2'"},
    {"sweep graphs/tutorial/three_layer.yaml --grid alpha=1 --grid alpha=2", 2,
     "error: --grid names 'alpha' twice"},
    {"sweep graphs/tutorial/three_layer.yaml --grid alhpa=1,2", 2,
     "error: --grid varies 'alhpa', which is no number of the model's `let:`\nhint: did you mean 'alpha'?"},
    {"sweep graphs/tutorial/three_layer.yaml --grid alpha=1,2 --set alpha=3", 2,
     "error: --grid varies 'alpha', and --set gives it one value\nhint: give one of both"},
    {"show graphs/tutorial/three_layer.yaml --program --dot", 2,
     "error: --program shows something else than --dot\nhint: give one of both"},
    {"sweep graphs/tutorial/three_layer.yaml --restarts 0", 2,
     "error: --restarts is at least 1, and this is 0"},
    {"sweep graphs/tutorial/three_layer.yaml --restarts 1000000", 2,
     "error: the sweep has more than 100000 runs"},
    {"show x.yaml --json", 2, "error: talweg show has no option '--json'"},
    {"plugins", 2,
     "error: talweg plugins needs one of list, describe, new, build and test\nhint: talweg plugins --help"},
    {"plugins lits", 2, "error: talweg plugins cannot 'lits'\nhint: did you mean 'list'?"},
    {"plugins describe", 2,
     "error: talweg plugins describe needs an argument: NAME\nhint: talweg plugins describe --help"},
    {"plugins describe ../gd", 6,
     "error: '../gd' is not the name of a plugin: those are made of a-z, 0-9 and _, a letter first"},
};

INSTANTIATE_TEST_SUITE_P(Tools, WrongUsage, testing::ValuesIn(kWrongUsages));

TEST(WrongUsages, OfUnknownNamesSuggestTheNearest) {
  const std::string model = "graphs/tutorial/three_layer.yaml";
  for (const auto& [arguments, hint] :
       {std::pair{"train " + model + " --set alhpa=1", "did you mean 'alpha'?"},
        std::pair{"sweep " + model + " --grid hiden=1,2", "did you mean 'hidden'?"},
        std::pair{std::string("plugins describe momentun"), "did you mean 'momentum'?"},
        std::pair{"train " + model + " --set-optimizer momentun", "did you mean 'momentum'?"}}) {
    const Finished finished = run_line(arguments);
    EXPECT_NE(finished.errors.find(std::string("hint: ") + hint), std::string::npos) << arguments << "\n"
                                                                                     << finished.errors;
    EXPECT_NE(finished.status, 0);
  }
}

TEST(InstructionSet, ThatTheMachineLacksIsRefusedRatherThanReplaced) {
  const Finished finished = run_line("show graphs/tutorial/three_layer.yaml --program",
                                     {.environment = {{"TALWEG_INSTRUCTION_SET", "x86-64-v9"}}});
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_TRUE(
      finished.errors.starts_with("error: TALWEG_INSTRUCTION_SET is 'x86-64-v9', for which there are "
                                  "no kernels on this machine; the best are for "))
      << finished.errors;
}

TEST(WrongUsages, OfAFileThatIsNoModelByItsSizeReadNoMoreOfIt) {
  const TemporaryDirectory directory;
  constexpr std::size_t kMost = 1 << 20;
  const std::string model = "talweg: 1\ngraph: {loss: 1.0}\n#";
  for (const std::size_t size : {kMost, kMost + 1, 100 * kMost}) {
    write_text(directory.path() / "large.yaml", model + std::string(size - model.size(), 'x'));
    const Finished finished = run_line("show large.yaml", {.directory = directory.path()});
    if (size == kMost) {
      EXPECT_EQ(finished.status, 0) << finished.errors;
      continue;
    }
    EXPECT_EQ(finished.status, 2);
    EXPECT_TRUE(finished.errors.starts_with(
        "large.yaml:1:1: error: the file has more than 1048576 bytes, the most that a model file may have\n"))
        << finished.errors;
  }
}

TEST(Help, OfTheProgramSaysWhatItDoesWithExamplesAndEveryExitStatus) {
  for (const char* arguments : {"", "--help", "-h", "help"}) {
    const Finished finished = run_line(arguments);
    EXPECT_EQ(finished.status, 0);
    EXPECT_EQ(finished.errors, "");
    for (const char* word : {"train", "check", "sweep", "show", "plugins", "--version", "examples:", "  0  ",
                             "  1  ", "  2  ", "  3  ", "  4  ", "  5  ", "  6  ", "130, 143"})
      EXPECT_NE(finished.out.find(word), std::string::npos) << word;
  }
}

TEST(Help, OfEachCommandNamesEveryOption) {
  const std::vector<std::string> model = {"MODEL",           "--set NAME=VALUE", "--seed N",   "--steps N",
                                          "--set-optimizer", "--plugins DIR",    "--data DIR", "--help"};
  const std::vector<std::string> training = {"--out DIR", "--threads N", "--executor", "--json"};
  std::vector<std::string> train = model, sweep = model;
  train.insert(train.end(), training.begin(), training.end());
  sweep.insert(sweep.end(), training.begin(), training.end());
  for (const char* option : {"--resume", "--quiet"}) train.emplace_back(option);
  for (const char* option : {"--grid", "--restarts N", "--jobs N", "exit status"}) sweep.emplace_back(option);
  const std::vector<std::pair<std::string, std::vector<std::string>>> helps = {
      {"train", train},
      {"sweep", sweep},
      {"check", {"MODEL", "--elements N", "--json", "exit status"}},
      {"show", {"MODEL", "--dot", "--gradients", "--update", "--program"}},
      {"plugins", {"list", "describe NAME", "new NAME", "build NAME.cpp", "test NAME"}},
      {"plugins test",
       {"NAME", "--set NAME=VALUE", "--trace FILE", "--plugins DIR", "--json", "state round trip"}},
      {"bench",
       {"[NAME...]", "--mode MODE", "--trials N", "--problem NAME", "--tier TIER", "--with FILE",
        "--html FILE", "--json"}},
      {"plugins list", {"--plugins DIR", "--json", "TALWEG_PLUGIN_PATH"}},
      {"plugins describe", {"NAME", "--plugins DIR", "--json"}},
  };
  for (const auto& [command, options] : helps) {
    const Finished finished = run_line(command + " --help");
    EXPECT_EQ(finished.status, 0) << command;
    for (const std::string& option : options)
      EXPECT_NE(finished.out.find(option), std::string::npos) << command << ": " << option;
    for (const std::string& line : lines_of(finished.out)) EXPECT_LE(line.size(), 110U) << line;
  }
}

TEST(Version, IsPrinted) {
  const Finished finished = run_line("--version");
  EXPECT_EQ(finished.status, 0);
  EXPECT_TRUE(finished.out.starts_with("talweg ")) << finished.out;
}

TEST(Output, ThatCannotBeWrittenIsAnErrorOfFiles) {
  for (const char* arguments : {"--help", "plugins list", "show graphs/tutorial/three_layer.yaml",
                                "train graphs/tutorial/three_layer.yaml --steps 10",
                                "sweep graphs/tutorial/three_layer.yaml --steps 10 --restarts 2"}) {
    Finished finished = run_line(arguments, {.out_path = "/dev/full"});
    EXPECT_EQ(finished.status, 5) << arguments;
    EXPECT_EQ(finished.errors, "error: standard output: No space left on device\n");
    finished = run_line(arguments, {.close_out = true});
    EXPECT_EQ(finished.status, 5) << arguments;
    EXPECT_EQ(finished.errors, "error: standard output: Bad file descriptor\n");
  }
}

TEST(Output, ThatNobodyReadsEndsTheProgramQuietly) {
  Process process({(program_directory() / "talweg").string(), "train", "graphs/tutorial/three_layer.yaml",
                   "--steps", "1000000000", "--json"});
  process.wait_for("\n");
  process.close_out();
  const Finished finished = process.finish();
  EXPECT_EQ(finished.status, 128 + 13);
  EXPECT_EQ(finished.errors, "");
}

TEST(Errors, HaveTheFormOfACompilers) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "wrong.yaml",
             "talweg: 1\nparameters:\n  w: {shape: [3, 2], init: zeros}\ngraph:\n  loss: sum(w @ w)\n");
  const Finished finished = run_line("train wrong.yaml", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(finished.errors,
            "wrong.yaml:5:13: error: matmul: (3, 2) @ (3, 2): inner sizes 2 and 3 differ\n"
            "    5 |   loss: sum(w @ w)\n"
            "      |             ^~~~~\n"
            "note: w is (3, 2) (line 3)\n");
}

TEST(Colors, AreForTerminalsThatWantThem) {
  const RunOptions plain{.environment = {{"TERM", "xterm"}, {"NO_COLOR", ""}}};
  EXPECT_EQ(run_line("train nowhere.yaml", plain).errors.find('\033'), std::string::npos);
  const auto on_terminal = [](const std::string& type, const std::string& no_color) {
    return run_line("train nowhere.yaml",
                    {.environment = {{"TERM", type}, {"NO_COLOR", no_color}}, .on_terminal = true})
        .out;
  };
  EXPECT_NE(on_terminal("xterm", "").find("\033[1;31merror:\033[0m"), std::string::npos);
  EXPECT_EQ(on_terminal("xterm", "1").find('\033'), std::string::npos);
  EXPECT_EQ(on_terminal("dumb", "").find('\033'), std::string::npos);
}

TEST(WrongFiles, ThatNobodyWritesToAreNotWaitedFor) {
  const TemporaryDirectory directory;
  ASSERT_EQ(mkfifo((directory.path() / "pipe").c_str(), S_IRUSR | S_IWUSR), 0);
  std::filesystem::create_directory(directory.path() / "run");
  ASSERT_EQ(mkfifo((directory.path() / "run/checkpoint.safetensors").c_str(), S_IRUSR | S_IWUSR), 0);
  const Finished model = run_line("train pipe", {.directory = directory.path()});
  EXPECT_EQ(model.status, 2);
  EXPECT_EQ(model.errors, "pipe: error: it is a pipe or a device, not a model file\n");
  const std::string file = (repository() / "graphs/tutorial/three_layer.yaml").string();
  const Finished resumed = run_line("train " + file + " --out run --resume", {.directory = directory.path()});
  EXPECT_EQ(resumed.status, 5);
  EXPECT_EQ(resumed.errors, "error: run/checkpoint.safetensors cannot be read: it is a pipe or a device\n");
}

TEST(WrongFiles, ThatGrowPastTheLimitOfTheUserAreAnErrorAndLeaveNothing) {
  const TemporaryDirectory directory;
  const std::string talweg = (program_directory() / "talweg").string(),
                    file = (repository() / "graphs/tutorial/three_layer.yaml").string();
  const Finished finished =
      run({"/bin/sh", "-c",
           "ulimit -f 0; exec '" + talweg + "' train '" + file + "' --out run --steps 5 --quiet"},
          {.directory = directory.path()});
  EXPECT_EQ(finished.status, 5);
  EXPECT_NE(finished.errors.find("cannot be written: File too large"), std::string::npos) << finished.errors;
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "run/model.yaml.partial"));
}

TEST(Help, OfACommandIsFoundInBothWays) {
  const Finished finished = run_line("help train");
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out, run_line("train --help").out);
  EXPECT_EQ(run_line("help trian").errors,
            "error: talweg has no command 'trian'\nhint: did you mean 'train'?\n");
}

}  // namespace
}  // namespace talweg
