// Checks of sizes, without Python.
#pragma once
#include <stdexcept>
#include <string>

#include "types.hpp"

namespace elman {

inline void expect(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("shapes do not fit: ") + what);
}
// Returns a · b; throws if the product overflows.
inline Size times(Size a, Size b) {
  Size product = 0;
  expect(a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, &product), "sizes that memory can hold");
  return product;
}

}  // namespace elman
