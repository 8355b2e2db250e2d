// The kernels, compiled once per instruction set: ISA_NAME is its name, VECTOR_BYTES the width of its vectors.
// reference/ states the maths, with the same names, shapes and signs.
#include "kernels.hpp"

#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

#define KERNEL(name, signature, sizes) name<T>,
#define KERNEL_PLAIN(name, signature, sizes)
#define KERNEL_INT8(name, signature, sizes)
#define PYTHON_OBJECT(name)

namespace elman {
namespace {

template <class T>
constexpr Functions<T> functions() {
  return {
#include "../signatures.def"
  };
}

}  // namespace

extern const Table JOIN(table_, ISA_NAME);
const Table JOIN(table_, ISA_NAME) = {QUOTE(ISA_NAME), functions<float>(), functions<double>()};

}  // namespace elman
