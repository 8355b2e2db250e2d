// The Python module elman.kernels._native: chooses the instruction set and binds the kernels and the classes.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "binding.hpp"
#include "ids.hpp"
#include "int8.hpp"
#include "isa.hpp"
#include "trees.hpp"

namespace elman {

void bind_text(nb::module_& m);
void bind_lines(nb::module_& m);

namespace {

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

// Has the C library give large blocks that are freed back to the system. By itself it keeps them once a larger one, such
// as a model file, has been freed; then pieces of text leave gaps of 20 MB.
void return_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 19);
  mallopt(M_TRIM_THRESHOLD, 1 << 22);
#endif
}

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
  m.def("return_memory", return_memory);
  for (const Row& row : ROWS) bind_kernel(m, row);
  bind_text(m);
  bind_lines(m);
}
