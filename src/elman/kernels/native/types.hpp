// Types and constants that all native code shares. Letters as in elman.kernels.
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

// Hidden units lie in panels of UNITS: the columns of a panel are the UNITS inputs of each of the four gates.
constexpr Size UNITS = 16, PANEL = 4 * UNITS;
constexpr Size panels_of(Size H) { return (H + UNITS - 1) / UNITS; }
// The most columns of 8-bit products: 127 · 127 times as many still fit into 32 bits.
constexpr Size WIDEST8 = 1 << 17;

}  // namespace elman
