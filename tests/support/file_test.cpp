// Files are written whole or not at all.

#include "support/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <talweg/error.hpp>
#include <thread>

#include "plugin/test_plugins.hpp"
#include "support/full_disk.hpp"

namespace talweg {
namespace {

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().filename().string());
  return names;
}

std::string refusal(const std::filesystem::path& path, std::string_view text) {
  try {
    write_whole_file(path, text);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::files);
    return error.message();
  }
  return "written";
}

TEST(WholeFile, IsWrittenAndReplaced) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  write_whole_file(path, "first");
  write_whole_file(path, "second");
  EXPECT_EQ(read_whole_file(path), "second");
  EXPECT_EQ(names_in(temporary.path()), std::vector<std::string>{"file"});
}

TEST(WholeFile, LeavesTheOneBeforeItUnderAnotherName) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file", previous = temporary.path() / "file.previous";
  write_whole_file(path, "first", previous);
  EXPECT_EQ(names_in(temporary.path()), std::vector<std::string>{"file"});
  for (const char* text : {"second", "third"}) {
    const std::string before = read_whole_file(path);
    write_whole_file(path, text, previous);
    EXPECT_EQ(read_whole_file(path), text);
    EXPECT_EQ(read_whole_file(previous), before);
  }
  EXPECT_EQ(names_in(temporary.path()).size(), 2U) << "and nothing else";
}

TEST(WholeFile, StaysAsItWasWhenTheDiskIsFull) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  write_whole_file(path, "old");
  std::string message;
  {
    const FullDisk disk(1000);
    message = refusal(path, std::string(100'000, 'x'));
  }
  EXPECT_EQ(message, path.string() + ".partial cannot be written: File too large");
  EXPECT_EQ(read_whole_file(path), "old");
  EXPECT_EQ(names_in(temporary.path()), std::vector<std::string>{"file"});
}

TEST(WholeFile, SaysWhatTheSystemSaysOfAFullDevice) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  std::filesystem::create_symlink("/dev/full", path.string() + ".partial");
  EXPECT_EQ(refusal(path, "text"), path.string() + ".partial cannot be written: No space left on device");
  EXPECT_TRUE(names_in(temporary.path()).empty());
}

TEST(WholeFile, ReplacesWhatALinkLeadsTo) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file", link = temporary.path() / "link";
  std::filesystem::create_symlink("file", link);
  std::filesystem::create_symlink(link, temporary.path() / "link of a link");
  write_whole_file(link, "by a link that leads nowhere");
  EXPECT_EQ(read_whole_file(path), "by a link that leads nowhere");
  write_whole_file(temporary.path() / "link of a link", "by two");
  EXPECT_EQ(read_whole_file(path), "by two");
  FileInPieces pieces(link);
  pieces.write("in pieces");
  pieces.finish();
  EXPECT_EQ(read_whole_file(path), "in pieces");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(names_in(temporary.path()).size(), 3U) << "and nothing else";
}

TEST(WholeFile, OfLinksInACircleIsRefused) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  std::filesystem::create_symlink("file", path);
  EXPECT_EQ(refusal(path, "text"), path.string() + " cannot be written: Too many levels of symbolic links");
}

TEST(WholeFile, GoesIntoAPipeThatStays) {
  const TemporaryDirectory temporary;
  const std::filesystem::path pipe = temporary.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto read_by_another = [&](const auto& write) {
    std::string text;
    {
      const std::jthread reader([&] { std::getline(std::ifstream(pipe), text, '\0'); });
      write();
    }
    return text;
  };
  EXPECT_EQ(read_by_another([&] { write_whole_file(pipe, "whole"); }), "whole");
  EXPECT_EQ(read_by_another([&] {
              FileInPieces file(pipe);
              file.write("in ");
              file.write("pieces");
              file.finish();
            }),
            "in pieces");
  EXPECT_EQ(read_by_another([&] { FileInPieces(pipe).write("unfinished"); }), "unfinished");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(names_in(temporary.path()), std::vector<std::string>{"pipe"});
}

TEST(WholeFile, GoesIntoWhatAProcessHoldsOpen) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  write_whole_file("/proc/self/fd/" + std::to_string(ends[1]), "by a pipe");
  char read[16] = {};
  EXPECT_EQ(::read(ends[0], read, sizeof read), 9);
  EXPECT_STREQ(read, "by a pipe");
  ::close(ends[0]);
  ::close(ends[1]);

  const int held = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(held, 0);
  ASSERT_EQ(::write(held, "before, ", 8), 8);
  write_whole_file("/proc/self/fd/" + std::to_string(held), "behind it");
  ::close(held);
  EXPECT_EQ(read_whole_file(path), "before, behind it");
  EXPECT_EQ(names_in(temporary.path()), std::vector<std::string>{"file"});
}

TEST(WholeFile, OfADirectoryIsRefusedBeforeAnythingIsWritten) {
  const TemporaryDirectory temporary;
  EXPECT_EQ(refusal(temporary.path(), "text"),
            temporary.path().string() + " cannot be written: Is a directory");
  EXPECT_THROW(FileInPieces{temporary.path()}, Error);
}

TEST(WholeFile, IsRefusedWhereThereIsNoDirectory) {
  EXPECT_EQ(refusal("/nowhere/file", "text"),
            "/nowhere/file.partial cannot be written: No such file or directory");
}

TEST(WholeFile, IsWholeAfterAKillAtAnyTime) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  constexpr std::size_t kSize = 1'000'000;
  write_whole_file(path, std::string(kSize, 'a'));
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (char letter = 'a';; letter = letter == 'a' ? 'b' : 'a')
        write_whole_file(path, std::string(kSize, letter));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + 700 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::string text = read_whole_file(path);
    ASSERT_EQ(text.size(), kSize);
    EXPECT_EQ(text.find_first_not_of(text[0]), std::string::npos) << "old and new are mixed";
  }
}

TEST(FileInPieces, TakesItsPlaceWhenItIsFinished) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  write_whole_file(path, "old");
  FileInPieces file(path);
  file.write("new, ");
  EXPECT_EQ(read_whole_file(path), "old");
  file.write("in pieces");
  file.finish();
  EXPECT_EQ(read_whole_file(path), "new, in pieces");
  EXPECT_EQ(names_in(temporary.path()), std::vector<std::string>{"file"});
}

TEST(FileInPieces, LeavesTheOneBeforeItWhereItIsNeverFinished) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "file";
  write_whole_file(path, "old");
  {
    FileInPieces file(path);
    file.write("new");
  }
  EXPECT_EQ(read_whole_file(path), "old");
  EXPECT_EQ(names_in(temporary.path()), std::vector<std::string>{"file"});
}

TEST(File, IsLockedOnce) {
  const TemporaryDirectory temporary;
  File first = File::append(temporary.path() / "lock"), second = File::append(temporary.path() / "lock");
  EXPECT_TRUE(first.try_lock());
  EXPECT_FALSE(second.try_lock());
  first.close();
  EXPECT_TRUE(second.try_lock());
}

TEST(File, AppendsAndSaysWhenItCannot) {
  const TemporaryDirectory temporary;
  File file = File::append(temporary.path() / "lines");
  file.write("one\n");
  const FullDisk disk(4);
  EXPECT_THROW(file.write("two\n"), Error);
}

}  // namespace
}  // namespace talweg
