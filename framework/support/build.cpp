#include "support/build.hpp"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <fstream>
#include <string_view>

namespace talweg {
namespace {

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 0xFU];
  }
  return text;
}

/// The id among the notes of a segment (System V ABI, "Note Section"; type NT_GNU_BUILD_ID of "GNU").
std::string find_id(const unsigned char* notes, std::size_t size) {
  constexpr std::size_t kAlignment = 4;
  const auto padded = [](std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  std::size_t at = 0;
  while (at + sizeof(ElfW(Nhdr)) <= size) {
    const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(notes + at);
    const std::size_t name = at + sizeof *note, content = name + padded(note->n_namesz);
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU" &&
        std::string_view(reinterpret_cast<const char*>(notes + name), sizeof "GNU" - 1) == "GNU")
      return hexadecimal(notes + content, note->n_descsz);
    at = content + padded(note->n_descsz);
  }
  return "";
}

struct Search {
  ElfW(Addr) code;
  std::string id;
};

/// Called for each loaded file; ends with the one that holds `code`.
int visit(dl_phdr_info* file, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  bool holds_code = false;
  for (int i = 0; i < file->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = file->dlpi_phdr[i];
    const ElfW(Addr) begin = file->dlpi_addr + segment.p_vaddr;
    holds_code |= segment.p_type == PT_LOAD && search.code >= begin && search.code < begin + segment.p_memsz;
  }
  if (!holds_code) return 0;
  for (int i = 0; i < file->dlpi_phnum && search.id.empty(); ++i) {
    const ElfW(Phdr)& segment = file->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const ElfW(Addr) begin = file->dlpi_addr + segment.p_vaddr;
    search.id =
        find_id(reinterpret_cast<const unsigned char*>(begin), segment.p_memsz);  // NOLINT: an address
  }
  return 1;
}

}  // namespace

std::string build_id() {
  Search search{reinterpret_cast<ElfW(Addr)>(&build_id), ""};
  dl_iterate_phdr(visit, &search);
  return search.id;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  constexpr std::string_view kName = "model name";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kName)) continue;
    const std::size_t colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return "";
}

}  // namespace talweg
