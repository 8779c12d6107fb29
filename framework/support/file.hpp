#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace talweg {

/// An open file. What goes wrong is an Error{files} that names the file and the system's reason.
class File {
 public:
  /// Empty, in place of what was there.
  [[nodiscard]] static File create(const std::filesystem::path& path);
  /// At its end; made where there is none.
  [[nodiscard]] static File append(const std::filesystem::path& path);
  [[nodiscard]] static File read(const std::filesystem::path& path);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  /// Closes without a look at what the system says; whoever has written calls close().
  ~File();

  void write(std::string_view text);
  [[nodiscard]] std::string read_to_end();
  /// Returns once what was written is on the disk.
  void sync();
  void close();
  /// Keeps other processes from locking the file as long as this one is open; false where one has done so.
  [[nodiscard]] bool try_lock();

 private:
  File(std::filesystem::path path, int flags, const char* verb);
  [[noreturn]] void refuse(const char* verb) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// Puts `text` in place of the file at `path`. Whatever happens on the way (a full disk, a kill, a power
/// cut), the file holds afterwards either all of the old or all of the new. What was written is read again
/// before it takes the place. A symbolic link stays, and the file it leads to is replaced; into a device, a
/// pipe or what a process holds open (/dev/stdout) `text` is written as it comes. Throws Error{files}.
/// REQUIRES: nobody else writes the same file; the file's path + ".partial" is free for use.
void write_whole_file(const std::filesystem::path& path, std::string_view text);
/// The same, and the old file is at `previous` afterwards. At every moment at least one of them is there.
/// REQUIRES: `previous` is in the same directory; `previous` + ".partial" is free for use, too.
void write_whole_file(const std::filesystem::path& path, std::string_view text,
                      const std::filesystem::path& previous);

/// A file that comes piece by piece. It takes the place of the one at its path when it is finished; until
/// then, and where it never is, that one stays as it was. Links, devices and pipes as in write_whole_file().
class FileInPieces {
 public:
  /// REQUIRES: as write_whole_file().
  explicit FileInPieces(const std::filesystem::path& path);
  ~FileInPieces();
  FileInPieces(const FileInPieces&) = delete;
  FileInPieces& operator=(const FileInPieces&) = delete;

  void write(std::string_view text) { file_.write(text); }
  void finish();

 private:
  std::optional<std::filesystem::path> place_;  ///< behind links; nothing for a stream
  File file_;
  bool finished_ = false;
};

/// Throws Error{files}.
[[nodiscard]] std::string read_whole_file(const std::filesystem::path& path);

}  // namespace talweg
