// tools/get-data, with a program in place of curl, so that nothing is downloaded.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

class GetData : public testing::Test {
 protected:
  GetData() {
    // curl ... --output FILE ADDRESS
    write_text(curl_.path() / "curl",
               "#!/bin/sh\necho \"$*\" >> \"$(dirname \"$0\")/calls\"\n"
               "while [ \"$1\" != --output ]; do shift; done\ncp \"$SERVED\" \"$2\"\n");
    fs::permissions(curl_.path() / "curl", fs::perms::owner_all);
    write_text(curl_.path() / "wrong", "not the file that it was\n");
  }

  [[nodiscard]] Finished get(const std::string& arguments, const std::string& served = "wrong") const {
    const std::string path = curl_.path().string();
    return run({"sh", "-c", (repository() / "tools" / "get-data").string() + " " + arguments},
               {.environment = {{"PATH", path + ":" + std::getenv("PATH")}, {"SERVED", path + "/" + served}},
                .directory = target_.path()});
  }
  [[nodiscard]] bool has_called() const { return fs::exists(curl_.path() / "calls"); }
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(target_.path()))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  }

  TemporaryDirectory curl_, target_;
};

TEST_F(GetData, NamesTheSetsThereAre) {
  for (const char* arguments : {"", "mnits", "--to"}) {
    const Finished finished = get(arguments);
    EXPECT_EQ(finished.status, 2) << arguments;
    EXPECT_FALSE(has_called());
  }
  EXPECT_EQ(get("mnits").errors,
            "tools/get-data: there is no set 'mnits'; there are mnist, mnist10k, fashion_mnist, "
            "tiny_shakespeare, iris\n");
}

TEST_F(GetData, KeepsNothingOfAFileThatIsNotTheOneDue) {
  for (const char* set : {"mnist", "mnist10k", "fashion_mnist", "tiny_shakespeare", "iris"}) {
    const Finished finished = get(std::string("--to here ") + set);
    EXPECT_EQ(finished.status, 3) << set;
    EXPECT_NE(finished.errors.find("is another file than it was"), std::string::npos) << finished.errors;
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(GetData, SaysWhatCannotBeDownloaded) {
  const Finished finished = get("--to here iris", "missing");
  EXPECT_EQ(finished.status, 3);
  EXPECT_NE(finished.errors.find("iris/iris.data cannot be downloaded"), std::string::npos)
      << finished.errors;
  EXPECT_EQ(files(), 0U);
}

TEST_F(GetData, TakesARightFileAndDownloadsItOnce) {
  const char* directory = std::getenv("TALWEG_DATA");
  fs::path text = repository() / ".." / "shared" / "data" / "tinyshakespeare" / "input.txt";
  if (directory != nullptr) text = fs::path(directory) / "tinyshakespeare" / "input.txt";
  if (!fs::exists(text)) GTEST_SKIP() << "there is no " << text;
  fs::copy(text, curl_.path() / "text");
  const Finished first = get("--to here tiny_shakespeare", "text");
  EXPECT_EQ(first.status, 0) << first.errors;
  EXPECT_EQ(first.out, "here/tinyshakespeare/input.txt\n");
  EXPECT_TRUE(has_called());
  fs::remove(curl_.path() / "calls");
  const Finished second = get("--to here tiny_shakespeare", "text");
  EXPECT_EQ(second.out, "here/tinyshakespeare/input.txt is there\n");
  EXPECT_FALSE(has_called());
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace talweg
