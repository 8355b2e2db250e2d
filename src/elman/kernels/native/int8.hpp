// The kernels in 8-bit whole numbers, for processors with dot products of them (AVX-512 VNNI): int8.cpp.
#pragma once
#include "types.hpp"

namespace elman {

#ifdef ELMAN_HAS_int8
// As lstm_states. table in float16, w in panels of 64 columns, as kernels/packing.py lays them out.
void lstm_states_int8(const std::uint16_t* table, const Id* types, Steps s, const std::int8_t* w, const float* scale,
                      const Id* start, float* h, bool reverse, Size H, Size column, Size h_row);
// The column (N,) of the greatest of x·w + b, exactly: x (N, E) from -1 to 1, w (K, E). 8-bit products with w8 (P
// panels) leave only few columns open; a product is off by error + share · Σ|x| at most.
void linear_best_int8(const float* x, const std::int8_t* w8, const float* scale, const Id* start, const float* w,
                      const float* b, const float* error, const float* share, Id* best, Size N, Size E, Size K, Size P);
// x (N, 16P) in float16; numbers beyond ±100 become ±100.
void halves(const float* x, std::uint16_t* to, Size N, Size P);
#endif

bool has_int8();

}  // namespace elman
