// LSTM states for inference: without gradients, gates stay in registers and only h is stored. reference/states.py
// states the maths.
//
// UNITS hidden units form a panel: their four gates are adjacent in the weights, row by row (H, 4, UNITS), and in the
// table of inputs, so that one tile of products holds everything that a unit's new state needs.
#pragma once
#include "lstm_cell.hpp"

namespace elman {
namespace {

constexpr Size STATE_ROWS = VECTOR_BYTES == 64 ? 6 : 3;  // rows of a tile with 4 vectors: what fits into the registers

// Computes the new states of W units from K previous h (0: none), the panel's weights and the inputs a_row[offset …].
// The inputs of the next step, which are scattered in memory, are prefetched.
template <class T, Size ROWS>
inline void state_tile(Size K, const T* before, Size before_row, const T* w, const T* const* a, const T* const* next,
                       Size offset, T* c, Size c_row, T* h, Size h_row, Size width) {
  Vec<T> sum[ROWS][4];
  UNROLL for (Size i = 0; i < ROWS; ++i)
    UNROLL for (Size g = 0; g < 4; ++g) __builtin_prefetch(next[i] + offset + g * UNITS, 0, 2);
  UNROLL for (Size i = 0; i < ROWS; ++i)
    UNROLL for (Size g = 0; g < 4; ++g) sum[i][g] = load(a[i] + offset + g * UNITS);
  for (Size k = 0; k < K; ++k) {
    if constexpr (VECTOR_BYTES == 64) {
      Vec<T> wk[4];
      UNROLL for (Size g = 0; g < 4; ++g) wk[g] = load(w + (k * 4 + g) * UNITS);
      UNROLL for (Size i = 0; i < ROWS; ++i) {
        const Vec<T> x = broadcast(before[i * before_row + k]);
        UNROLL for (Size g = 0; g < 4; ++g) sum[i][g] += x * wk[g];
      }
    } else {  // 12 sums, 3 of x and a vector of weights are 16, all that AVX2 has
      Vec<T> x[ROWS];
      UNROLL for (Size i = 0; i < ROWS; ++i) x[i] = broadcast(before[i * before_row + k]);
      UNROLL for (Size g = 0; g < 4; ++g) {
        const Vec<T> wk = load(w + (k * 4 + g) * UNITS);
        UNROLL for (Size i = 0; i < ROWS; ++i) sum[i][g] += x[i] * wk;
      }
    }
  }
  for (Size i = 0; i < ROWS; ++i) {
    const LstmCell<T> cell = lstm_cell<T>(sum[i][0], sum[i][1], sum[i][2], sum[i][3], false,
                                          [&](Vec<T> f) { return f * load(c + i * c_row); });
    store(c + i * c_row, cell.c);
    if (width == W<T>)
      store(h + i * h_row, cell.h);
    else
      for (Size j = 0; j < width; ++j) h[i * h_row + j] = cell.h[j];
  }
}

template <class T, Size ROWS>
inline void state_rows(Size rows, Size K, const T* before, Size before_row, const T* w, const T* const* a,
                       const T* const* next, Size offset, T* c, Size c_row, T* h, Size h_row, Size width) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS)
      state_tile<T, ROWS>(K, before, before_row, w, a, next, offset, c, c_row, h, h_row, width);
    else
      state_rows<T, ROWS - 1>(rows, K, before, before_row, w, a, next, offset, c, c_row, h, h_row, width);
  }
}

// Writes h (N, H) with row stride h_row. table (S, panels · 4 · UNITS), w (panels, H, 4, UNITS); `reverse` reads each
// sentence from its end.
template <class T>
void lstm_states(const T* table, const Id* types, Steps s, const T* w, T* h, bool reverse, Size H, Size column,
                 Size h_row) {
  h += column;
  const Size panels = panels_of(H), wide = panels * UNITS;
  Scratch<T> c(s.B * wide);
  Scratch<const T*> one(s.B), other(s.B);
  const T **a = one.data, **next = other.data;
  Size start = reverse ? s.N : 0, before = 0, going = 0;  // going: rows with a previous state
  const auto inputs_of = [&](const T** rows, Size from, Size n) {
    for (Size b = 0; b < n; ++b) rows[b] = table + types[from + b] * 4 * wide;
  };
  if (s.T) inputs_of(a, reverse ? s.N - s.sizes[s.T - 1] : 0, s.sizes[reverse ? s.T - 1 : 0]);
  for (Size step = 0; step < s.T; ++step) {
    const Size size = s.sizes[reverse ? s.T - 1 - step : step];
    if (reverse) start -= size;
    if (going > size) going = size;
    const Size later = step + 1 == s.T ? 0 : s.sizes[reverse ? s.T - 2 - step : step + 1];
    inputs_of(next, reverse ? start - later : start + size, later);
    for (Size b = later; b < size; ++b) next[b] = a[b];
    clear(c + going * wide, (size - going) * wide);
    for (Size p = 0; p < panels; ++p)
      for (Size u = 0; u < UNITS && p * UNITS + u < H; u += W<T>) {
        const Size j = p * UNITS + u, width = at_most(W<T>, H - j);
        for (Size b = 0; b < size;) {
          // rows that begin here have no previous state: K = 0
          const bool goes = b < going;
          const Size rows = at_most(STATE_ROWS, (goes ? going : size) - b);
          state_rows<T, STATE_ROWS>(rows, goes ? H : 0, h + (before + b) * h_row, h_row, w + p * H * 4 * UNITS + u,
                                    a + b, next + b, p * 4 * UNITS + u, c + b * wide + j, wide, h + (start + b) * h_row + j,
                                    h_row, width);
          b += rows;
        }
      }
    const T** rows = a;
    a = next, next = rows;
    before = start, going = size;
    if (!reverse) start += size;
  }
}

}  // namespace
}  // namespace elman
