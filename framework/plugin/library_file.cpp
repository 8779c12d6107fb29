#include "plugin/library_file.hpp"

#include <elf.h>
#include <talweg/plugin.h>

#include <bit>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <talweg/error.hpp>
#include <type_traits>
#include <vector>

#include "support/numbers.hpp"

namespace talweg {
namespace {

static_assert(sizeof(LibraryHeader) == offsetof(talweg_plugin_table, name) &&
              offsetof(talweg_plugin_table, api_version) == 8 &&
              offsetof(talweg_plugin_table, struct_size) == 12 && offsetof(talweg_plugin_table, kind) == 16 &&
              offsetof(talweg_plugin_table, needs) == 20);

/// Of the first plugins of this API version, which had an update and nothing after it.
constexpr std::size_t kSmallestTable = offsetof(talweg_plugin_table, minimize);

[[noreturn]] void refuse(const std::string& reason) { throw Error(Status::plugin, reason); }

/// The bytes of a file; reading beyond its end is an error that names what was looked for.
class Bytes {
 public:
  explicit Bytes(const std::filesystem::path& path) {
    std::error_code problem;
    const std::filesystem::file_status status = std::filesystem::status(path, problem);
    if (problem) refuse("cannot be read: " + problem.message());
    if (std::filesystem::is_directory(status)) refuse("is a directory, not a shared library");
    if (!std::filesystem::is_regular_file(status)) refuse("is not a regular file");
    file_.open(path, std::ios::binary);
    if (!file_) refuse("cannot be read: " + std::generic_category().message(errno));
    file_.seekg(0, std::ios::end);
    size_ = static_cast<std::uint64_t>(file_.tellg());
    if (size_ == 0) refuse("is empty, not a shared library");
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }

  void require(std::uint64_t offset, std::uint64_t size, std::string_view what) const {
    if (offset > size_ || size > size_ - offset)
      refuse("is truncated: its " + std::string(what) + " does not end within the file's " +
             count(static_cast<std::int64_t>(size_), "byte"));
  }

  void read(std::uint64_t offset, std::uint64_t size, void* destination, std::string_view what) {
    require(offset, size, what);
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(static_cast<char*>(destination), static_cast<std::streamsize>(size));
    if (!file_) refuse("cannot be read: its " + std::string(what) + " is not there");
  }

  template <class T>
  T one(std::uint64_t offset, std::string_view what) {
    static_assert(std::is_trivially_copyable_v<T>);
    T result;
    read(offset, sizeof result, &result, what);
    return result;
  }

  template <class T>
  std::vector<T> list(std::uint64_t offset, std::uint64_t number, std::string_view what) {
    static_assert(std::is_trivially_copyable_v<T>);
    require(offset, number > size_ ? size_ + 1 : number * sizeof(T), what);
    std::vector<T> result(number);
    read(offset, number * sizeof(T), result.data(), what);
    return result;
  }

 private:
  std::ifstream file_;
  std::uint64_t size_ = 0;
};

/// The machine that this process runs on, as ELF numbers it.
std::uint16_t own_machine() { return Bytes("/proc/self/exe").one<Elf64_Ehdr>(0, "header").e_machine; }

Elf64_Ehdr read_elf_header(Bytes& bytes) {
  char start[EI_NIDENT] = {};
  bytes.read(0, std::min<std::uint64_t>(bytes.size(), sizeof start), start, "start");
  if (std::memcmp(start, ELFMAG, SELFMAG) != 0) refuse("is not a shared library");
  const auto header = bytes.one<Elf64_Ehdr>(0, "ELF header");
  if (header.e_ident[EI_CLASS] != ELFCLASS64) refuse("is not a 64-bit library");
  constexpr int kByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (header.e_ident[EI_DATA] != kByteOrder) refuse("is built for a machine of the other byte order");
  if (header.e_machine != own_machine())
    refuse("is built for another machine (ELF machine " + std::to_string(header.e_machine) +
           "; this one is " + std::to_string(own_machine()) + ")");
  if (header.e_type != ET_DYN) refuse("is an object file or a program, not a shared library");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_shentsize != sizeof(Elf64_Shdr))
    refuse("is damaged: its tables have entries of an unknown size");
  return header;
}

struct Library {
  std::vector<Elf64_Phdr> segments;
  std::vector<Elf64_Shdr> sections;
};

/// The tables of segments and sections, everything of which lies within the file.
Library read_library(Bytes& bytes) {
  const Elf64_Ehdr header = read_elf_header(bytes);
  Library library;
  library.segments = bytes.list<Elf64_Phdr>(header.e_phoff, header.e_phnum, "table of segments");
  library.sections = bytes.list<Elf64_Shdr>(header.e_shoff, header.e_shnum, "table of sections");
  for (const Elf64_Phdr& segment : library.segments) {
    bytes.require(segment.p_offset, segment.p_filesz, "contents");
    if (segment.p_type == PT_LOAD && segment.p_memsz < segment.p_filesz)
      refuse("is damaged: a segment is larger in the file than in memory");
  }
  for (const Elf64_Shdr& section : library.sections)
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL)
      bytes.require(section.sh_offset, section.sh_size, "contents");
  return library;
}

/// The exported symbol of that name, if there is one.
std::optional<Elf64_Sym> find_symbol(Bytes& bytes, const Library& library, std::string_view name) {
  for (const Elf64_Shdr& section : library.sections) {
    if (section.sh_type != SHT_DYNSYM || section.sh_link >= library.sections.size()) continue;
    const Elf64_Shdr& text_section = library.sections[section.sh_link];
    const auto texts = bytes.list<char>(text_section.sh_offset, text_section.sh_size, "table of names");
    const std::string_view names(texts.data(), texts.size());
    for (const Elf64_Sym& symbol :
         bytes.list<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym), "table of symbols")) {
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= names.size()) continue;
      const std::string_view from = names.substr(symbol.st_name);
      if (from.substr(0, from.find('\0')) == name) return symbol;
    }
  }
  return std::nullopt;
}

/// Where in the file the bytes are that are loaded at `address`; nothing if they are not there.
std::optional<std::uint64_t> offset_of(const Library& library, std::uint64_t address, std::uint64_t size) {
  for (const Elf64_Phdr& segment : library.segments)
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr <= segment.p_filesz &&
        size <= segment.p_filesz - (address - segment.p_vaddr))
      return segment.p_offset + (address - segment.p_vaddr);
  return std::nullopt;
}

void check(const LibraryHeader& header) {
  if (header.magic != TALWEG_PLUGIN_MAGIC)
    refuse("its table does not start with the magic number of a Talweg plugin");
  if (header.api_version != TALWEG_PLUGIN_API_VERSION)
    refuse("was built for plugin API version " + std::to_string(header.api_version) +
           ", this Talweg has version " + std::to_string(TALWEG_PLUGIN_API_VERSION));
  if (header.struct_size < kSmallestTable)
    refuse("its table has " + count(header.struct_size, "byte") + ", fewer than the " +
           std::to_string(kSmallestTable) + " of plugin API version " +
           std::to_string(TALWEG_PLUGIN_API_VERSION));
  if (header.kind != TALWEG_UPDATE_RULE && header.kind != TALWEG_MINIMIZER)
    refuse("is a plugin of kind " + std::to_string(header.kind) + ", which this Talweg does not know");
}

}  // namespace

LibraryHeader read_library_header(const std::filesystem::path& path) {
  Bytes bytes(path);
  const Library library = read_library(bytes);
  const std::optional<Elf64_Sym> symbol = find_symbol(bytes, library, TALWEG_PLUGIN_SYMBOL);
  if (!symbol) refuse("is not a Talweg plugin: it does not define the symbol " TALWEG_PLUGIN_SYMBOL);
  const std::optional<std::uint64_t> offset = offset_of(library, symbol->st_value, sizeof(LibraryHeader));
  if (!offset || ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT)
    refuse("its symbol " TALWEG_PLUGIN_SYMBOL " is not constant data");
  const auto header = bytes.one<LibraryHeader>(*offset, "plugin table");
  check(header);
  if (!offset_of(library, symbol->st_value, header.struct_size))
    refuse("its symbol " TALWEG_PLUGIN_SYMBOL " is smaller than it says");
  return header;
}

}  // namespace talweg
