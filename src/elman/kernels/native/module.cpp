// The Python module elman.kernels._native: chooses the instruction set and binds the kernels and the classes.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "binding.hpp"
#include "int8.hpp"
#include "kernels.hpp"
#include "trees.hpp"

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
void bind_text(nb::module_& m);
void bind_lines(nb::module_& m);

bool has_int8() {
#ifdef ELMAN_HAS_int8
  return __builtin_cpu_supports("avx512vnni") && std::string(chosen->name) == "avx512";
#else
  return false;
#endif
}

namespace {

// The instruction sets that this processor supports, narrowest first.
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

#define KERNEL(name, signature, sizes)                                                                      \
  {#name, signature, sizes, codes_of(decltype(Functions<float>::name)()),                                   \
   [](const Slot* slots) { call_with(chosen->f32.name, slots); },                                           \
   [](const Slot* slots) { call_with(chosen->f64.name, slots); }},
#define KERNEL_PLAIN(name, signature, sizes) \
  {#name, signature, sizes, codes_of(name), [](const Slot* slots) { call_with(name, slots); }, nullptr},
#ifdef ELMAN_HAS_int8
#define KERNEL_INT8(name, signature, sizes) KERNEL_PLAIN(name, signature, sizes)
#else
#define KERNEL_INT8(name, signature, sizes)
#endif
#define PYTHON_OBJECT(name)

const Row ROWS[] = {
#include "../signatures.def"
};

}  // namespace
}  // namespace elman

NB_MODULE(_native, m) {
  using namespace elman;
#ifdef NDEBUG
  // Objects held by a daemon thread or a stored traceback at program exit are not leaks that the user could fix.
  nb::set_leak_warnings(false);
#endif
  chosen = runnable().back();
  m.def("available", [] {
    nb::list names;
    for (const Table* table : runnable()) names.append(table->name);
    return names;
  });
  m.def("isa", [] { return chosen->name; });
  m.def("set_isa", set_isa);
  m.def("has_int8", has_int8);
  for (const Row& row : ROWS) bind_kernel(m, row);
  bind_text(m);
  bind_lines(m);
}
