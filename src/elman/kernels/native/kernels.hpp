// All native kernels: the headers, and the table of one instruction set's functions. kernels.cpp compiles the headers
// once per instruction set; elsewhere only the types of the functions are taken from them.
#pragma once
#include "adam.hpp"
#include "basic.hpp"
#include "biaffine.hpp"
#include "crf.hpp"
#include "elman_cell.hpp"
#include "gated_cells.hpp"
#include "layer.hpp"
#include "online.hpp"
#include "parallel_cells.hpp"
#include "philox.hpp"
#include "regression.hpp"
#include "states.hpp"

namespace elman {

template <class T>
struct Functions {
#define KERNEL(name, signature, sizes) decltype(&elman::name<T>) name;
#define KERNEL_PLAIN(name, signature, sizes)
#define KERNEL_INT8(name, signature, sizes)
#define PYTHON_OBJECT(name)
#include "../signatures.def"
#undef KERNEL
#undef KERNEL_PLAIN
#undef KERNEL_INT8
#undef PYTHON_OBJECT
};

struct Table {
  const char* name;
  Functions<float> f32;
  Functions<double> f64;
};

// The table of the instruction set in use.
extern const Table* chosen;
template <class T>
const Functions<T>& kernels() {
  if constexpr (sizeof(T) == sizeof(float))
    return chosen->f32;
  else
    return chosen->f64;
}

}  // namespace elman
