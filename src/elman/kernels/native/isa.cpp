#include "isa.hpp"

#include <stdexcept>

#include "cpu.hpp"
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
  return cpu().vnni && std::string(chosen->name) == "avx512";
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
  if (cpu().avx2) sets.push_back(&table_avx2);
#endif
#ifdef ELMAN_HAS_avx512
  if (cpu().avx512) sets.push_back(&table_avx512);
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
