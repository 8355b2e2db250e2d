// Types and constants shared by all native code. Letters as in elman.kernels.
#pragma once
#include <cstddef>
#include <cstdint>

namespace elman {

using Id = std::int32_t;
using Size = std::ptrdiff_t;

// A packed batch: step t holds sizes[t] rows; N is their sum, B = sizes[0].
struct Steps {
  const Id* sizes;
  Size T, N, B;
};

// Hidden units are grouped into panels of UNITS: a panel's columns are the UNITS inputs of each of the four gates.
constexpr Size UNITS = 16, PANEL = 4 * UNITS;
constexpr Size panels_of(Size H) { return (H + UNITS - 1) / UNITS; }
// Maximum inner dimension of 8-bit products: 127 · 127 times it still fits into 32 bits.
constexpr Size WIDEST8 = 1 << 17;

}  // namespace elman
