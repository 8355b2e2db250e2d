#include "isa.hpp"

#include <stdexcept>

#include "int8.hpp"

namespace elman {

#ifdef ELMAN_HAS_baseline
extern const Table table_baseline;
#endif
#ifdef ELMAN_HAS_neon
extern const Table table_neon;
#endif
#ifdef ELMAN_HAS_avx2
extern const Table table_avx2;
#endif
#ifdef ELMAN_HAS_avx512
extern const Table table_avx512;
#endif

const Table* chosen = nullptr;

bool has_int8() {
#ifdef ELMAN_HAS_int8
  return __builtin_cpu_supports("avx512vnni") && std::string(chosen->name) == "avx512";
#else
  return false;
#endif
}

std::vector<const Table*> runnable() {
  std::vector<const Table*> sets;
#ifdef ELMAN_HAS_baseline
  sets.push_back(&table_baseline);
#endif
#ifdef ELMAN_HAS_neon
  sets.push_back(&table_neon);
#endif
#ifdef ELMAN_HAS_avx2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&table_avx2);
#endif
#ifdef ELMAN_HAS_avx512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    sets.push_back(&table_avx512);
#endif
  return sets;
}

void set_isa(const std::string& name) {
  for (const Table* table : runnable())
    if (name == table->name) {
      chosen = table;
      return;
    }
  throw std::invalid_argument("no instruction set " + name);
}

}  // namespace elman
