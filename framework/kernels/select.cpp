// Chooses among the builds of the kernels.

#include <cstdlib>
#include <iterator>
#include <string_view>

#include "kernels/kernels.hpp"

namespace talweg::kernels {

#define TALWEG_DECLARE_BUILD(name)    \
  namespace name {                    \
  template <class T>                  \
  void add_elementwise(Table<T>&);    \
  template <class T>                  \
  void add_compositions(Table<T>&);   \
  template <class T>                  \
  void add_reductions(Table<T>&);     \
  template <class T>                  \
  void add_products(Table<T>&);       \
  template <class T>                  \
  void add_panels(Table<T>&);         \
  template <class T>                  \
  void add_sparse(Table<T>&);         \
  template <class T>                  \
  void add_windows(Table<T>&);        \
  template <class T>                  \
  static void fill(Table<T>& table) { \
    add_elementwise(table);           \
    add_compositions(table);          \
    add_reductions(table);            \
    add_products(table);              \
    add_panels(table);                \
    add_sparse(table);                \
    add_windows(table);               \
  }                                   \
  }

#if defined(__x86_64__)
TALWEG_DECLARE_BUILD(v2)
TALWEG_DECLARE_BUILD(v3)
TALWEG_DECLARE_BUILD(v4)
#else
TALWEG_DECLARE_BUILD(baseline)
#endif

namespace {

struct Build {
  std::string_view name;
  std::size_t vector_bytes;
  bool (*supported)();
  void (*fill_float32)(Table<float>&);
  void (*fill_float64)(Table<double>&);
};

#if defined(__x86_64__)

bool has_v2() { return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("popcnt") != 0; }

bool has_v3() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
}

bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512cd") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0;
}

/// The least first.
constexpr Build kBuilds[] = {{"x86-64-v2", 16, has_v2, v2::fill<float>, v2::fill<double>},
                             {"x86-64-v3", 32, has_v3, v3::fill<float>, v3::fill<double>},
                             {"x86-64-v4", kVectorBytes, has_v4, v4::fill<float>, v4::fill<double>}};

#else

constexpr Build kBuilds[] = {
    {"baseline", kVectorBytes, [] { return true; }, baseline::fill<float>, baseline::fill<double>}};

#endif

std::string_view asked() {
  const char* name = std::getenv("TALWEG_INSTRUCTION_SET");  // NOLINT(concurrency-mt-unsafe): never set here
  return name == nullptr ? "" : name;
}

const Build& choose() {
  const Build* best = std::begin(kBuilds);
  for (const Build& build : kBuilds) {
    if (!build.supported()) continue;
    best = &build;
    if (build.name == asked()) break;
  }
  return *best;
}

const Build& build() {
  static const Build& chosen = choose();
  return chosen;
}

/// The kernels of a build. REQUIRES: the machine has its instruction set.
template <class T>
Table<T> filled(const Build& from) {
  Table<T> table{};
  if constexpr (sizeof(T) == sizeof(float))
    from.fill_float32(table);
  else
    from.fill_float64(table);
  return table;
}

/// Below the one with the longest vectors comes one that rounds alike; those below that one do not.
const Build& narrower() {
  const Build& chosen = build();
  return chosen.vector_bytes == kVectorBytes && &chosen != std::begin(kBuilds) ? *(&chosen - 1) : chosen;
}

template <class T>
const Table<T>& table_of_best() {
  static const Table<T> kTable = filled<T>(build());
  return kTable;
}

template <class T>
const Table<T>& table_of_narrower() {
  static const Table<T> kTable = filled<T>(narrower());
  return kTable;
}

}  // namespace

template <>
const Table<float>& table() {
  return table_of_best<float>();
}

template <>
const Table<double>& table() {
  return table_of_best<double>();
}

template <>
const Table<float>& table_for(std::size_t n) {
  return n * sizeof(float) <= narrower().vector_bytes ? table_of_narrower<float>() : table_of_best<float>();
}

template <>
const Table<double>& table_for(std::size_t n) {
  return n * sizeof(double) <= narrower().vector_bytes ? table_of_narrower<double>()
                                                       : table_of_best<double>();
}

std::string_view instruction_set() { return build().name; }

std::string_view lacking_instruction_set() { return asked() == build().name ? "" : asked(); }

}  // namespace talweg::kernels
