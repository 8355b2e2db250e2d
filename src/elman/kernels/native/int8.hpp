// Kernels on 8-bit integers, for processors with 8-bit dot products (AVX-512 VNNI); see int8.cpp.
#pragma once
#include "types.hpp"

namespace elman {

#ifdef ELMAN_HAS_int8
// As lstm_states, with the table in float16 and w in panels of 64 columns (kernels/weight_layout.py).
void lstm_states_int8(const std::uint16_t* table, const Id* types, Steps s, const std::int8_t* w, const float* scale,
                      const Id* start, float* h, bool reverse, Size H, Size column, Size h_row);
// Finds the argmax (N,) of x·w + b, exactly: x (N, E) in [-1, 1], w (K, E). 8-bit products with w8 (P panels) leave
// only few candidates; the error of a product is at most error + share · Σ|x|.
void linear_best_int8(const float* x, const std::int8_t* w8, const float* scale, const Id* start, const float* w,
                      const float* b, const float* error, const float* share, Id* best, Size N, Size E, Size K, Size P);
// x·w + b as float16 (N, 64P), clipped to ±100: x (N, E), w in panels (P, E, 4, 16). The sums are those of
// linear_forward, to the bit.
void linear_halves(const float* x, const float* w, const float* b, std::uint16_t* to, Size N, Size E, Size P);
// Converts n numbers from float16.
void floats(const char* from, float* to, Size n);
#endif

bool has_int8();

}  // namespace elman
