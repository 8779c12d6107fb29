#include "support/installation.hpp"

#include <dlfcn.h>
#include <sys/auxv.h>

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// The file that holds this code: the program itself, or the shared library that Talweg was linked into.
fs::path own_file() {
  Dl_info here{}, program{};
  std::error_code problem;
  const bool in_library =
      dladdr(reinterpret_cast<const void*>(&own_file), &here) != 0 &&
      dladdr(reinterpret_cast<const void*>(getauxval(AT_PHDR)), &program) != 0 &&  // NOLINT: an address
      here.dli_fbase != program.dli_fbase;
  if (in_library) {
    fs::path library = fs::canonical(here.dli_fname, problem);
    if (!problem) return library;
  }
  return fs::read_symlink("/proc/self/exe", problem);
}

bool directory_exists(const fs::path& path) {
  std::error_code problem;
  return fs::is_directory(path, problem);
}

}  // namespace

fs::path library_directory() {
  const fs::path beside = own_file().parent_path();
  fs::path from_program = (beside / TALWEG_LIBRARIES_FROM_BIN).lexically_normal();
  // The build tree has its libraries in lib, whatever the name is that an installation gives to them.
  for (const fs::path& directory :
       {from_program, (beside / "../lib/talweg").lexically_normal(), beside / "talweg"})
    if (directory_exists(directory)) return directory;
  return from_program;
}

fs::path data_directory() {
  const fs::path beside = own_file().parent_path();
  fs::path from_program = (beside / TALWEG_DATA_FROM_BIN).lexically_normal();
  for (const fs::path& directory : {from_program, (beside / TALWEG_DATA_FROM_LIB).lexically_normal(),
                                    (beside / "../share/talweg").lexically_normal()})
    if (directory_exists(directory)) return directory;
  return from_program;
}

fs::path header_directory() {
  const fs::path beside = own_file().parent_path();
  fs::path from_program = (beside / TALWEG_HEADERS_FROM_BIN).lexically_normal();
  const fs::path from_library = (beside / "../include").lexically_normal();
  return directory_exists(from_program / "talweg") ? from_program : from_library;
}

}  // namespace talweg
