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
  void add_reductions(Table<T>&);     \
  template <class T>                  \
  void add_products(Table<T>&);       \
  template <class T>                  \
  static void fill(Table<T>& table) { \
    add_elementwise(table);           \
    add_reductions(table);            \
    add_products(table);              \
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
constexpr Build kBuilds[] = {{"x86-64-v2", has_v2, v2::fill<float>, v2::fill<double>},
                             {"x86-64-v3", has_v3, v3::fill<float>, v3::fill<double>},
                             {"x86-64-v4", has_v4, v4::fill<float>, v4::fill<double>}};

#else

constexpr Build kBuilds[] = {
    {"baseline", [] { return true; }, baseline::fill<float>, baseline::fill<double>}};

#endif

const Build& choose() {
  const char* asked = std::getenv("TALWEG_INSTRUCTION_SET");  // NOLINT(concurrency-mt-unsafe): never set here
  const Build* best = std::begin(kBuilds);
  for (const Build& build : kBuilds) {
    if (!build.supported()) continue;
    best = &build;
    if (asked != nullptr && build.name == asked) break;
  }
  return *best;
}

const Build& build() {
  static const Build& chosen = choose();
  return chosen;
}

}  // namespace

template <>
const Table<float>& table() {
  static const Table<float> kTable = [] {
    Table<float> table{};
    build().fill_float32(table);
    return table;
  }();
  return kTable;
}

template <>
const Table<double>& table() {
  static const Table<double> kTable = [] {
    Table<double> table{};
    build().fill_float64(table);
    return table;
  }();
  return kTable;
}

std::string_view instruction_set() { return build().name; }

}  // namespace talweg::kernels
