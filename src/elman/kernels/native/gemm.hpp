// Products of small matrices: C (M, N) = A (M, K) · B (K, N) [+ C]. B is packed into panels of NR columns; a tile of MR
// rows by NR columns of C stays in registers.
#pragma once
#include "simd.hpp"

namespace elman {
namespace {

constexpr Size NV = 2;                             // vectors in a row of a tile
constexpr Size MR = VECTOR_BYTES == 64 ? 8 : 6;    // narrower sets have 16 registers: more would spill
template <class T>
constexpr Size NR = NV * W<T>;
constexpr Size KC = 256;  // rows of a panel per block, so that the block stays in the L1 cache
constexpr Size MC = 240;  // rows of A per block, in whole tiles, so that they stay in the L2 cache

// A matrix with strides, one of which is 1; a transposed view needs no copy.
template <class T>
struct MatrixView {
  const T* data;
  Size row, column;
};
template <class T>
inline MatrixView<T> rows_of(const T* data, Size columns) {
  return {data, columns, 1};
}
template <class T>
inline MatrixView<T> transposed(const T* data, Size columns) {
  return {data, 1, columns};
}

// B (K, N) in panels: panel j holds columns j·NR … (j + 1)·NR - 1, row by row, padded with zeros beyond N.
template <class T>
inline Size packed_size(Size K, Size N) {
  return (N + NR<T> - 1) / NR<T> * NR<T> * K;
}
template <class T>
inline void pack(T* to, MatrixView<T> b, Size K, Size N) {
  for (Size j = 0; j < N; j += NR<T>, to += K * NR<T>) {
    const Size width = at_most(NR<T>, N - j);
    if (width < NR<T>) clear(to, K * NR<T>);
    if (b.row == 1) {
      transpose(to, NR<T>, b.data + j * b.column, b.column, width, K);
    } else {
      for (Size k = 0; k < K; ++k) copy(to + k * NR<T>, b.data + k * b.row + j, width);
    }
  }
}

// Computes one tile: ROWS rows of A times PANELS adjacent panels (`panel`: their stride in elements). The sums start
// from `from` (null: from zero); the first `width` columns are written to c.
template <class T, Size ROWS, Size PANELS>
inline void tile(Size K, MatrixView<T> a, const T* b, Size panel, const T* from, Size from_row, T* c, Size c_row,
                 Size width) {
  constexpr Size VS = PANELS * NV;
  Vec<T> sum[ROWS][VS];
  const bool whole = width == PANELS * NR<T>;
  UNROLL for (Size i = 0; i < ROWS; ++i) {
    if (!from) {
      UNROLL for (Size v = 0; v < VS; ++v) sum[i][v] = Vec<T>{};
    } else if (whole) {
      UNROLL for (Size v = 0; v < VS; ++v) sum[i][v] = load(from + i * from_row + v * W<T>);
    } else {
      T row[PANELS * NR<T>] = {};
      for (Size j = 0; j < width; ++j) row[j] = from[i * from_row + j];
      UNROLL for (Size v = 0; v < VS; ++v) sum[i][v] = load(row + v * W<T>);
    }
  }
  for (Size k = 0; k < K; ++k) {
    Vec<T> bk[VS];
    UNROLL for (Size p = 0; p < PANELS; ++p)
      UNROLL for (Size v = 0; v < NV; ++v) bk[p * NV + v] = load(b + p * panel + k * NR<T> + v * W<T>);
    UNROLL for (Size i = 0; i < ROWS; ++i) {
      const Vec<T> x = broadcast(a.data[i * a.row + k * a.column]);
      UNROLL for (Size v = 0; v < VS; ++v) sum[i][v] += x * bk[v];
    }
  }
  UNROLL for (Size i = 0; i < ROWS; ++i) {
    if (whole) {
      UNROLL for (Size v = 0; v < VS; ++v) store(c + i * c_row + v * W<T>, sum[i][v]);
    } else {
      T row[PANELS * NR<T>];
      UNROLL for (Size v = 0; v < VS; ++v) store(row + v * W<T>, sum[i][v]);
      for (Size j = 0; j < width; ++j) c[i * c_row + j] = row[j];
    }
  }
}

template <class T, Size ROWS, Size PANELS>
inline void edge(Size rows, Size K, MatrixView<T> a, const T* b, Size panel, const T* from, Size from_row, T* c,
                 Size c_row, Size width) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS)
      tile<T, ROWS, PANELS>(K, a, b, panel, from, from_row, c, c_row, width);
    else
      edge<T, ROWS - 1, PANELS>(rows, K, a, b, panel, from, from_row, c, c_row, width);
  }
}

// C (M, N; row stride c_row) = A · packed B + from (null: zero).
// KB is the K that B was packed with; b may point at a block of its rows.
template <class T>
inline void multiply_block(Size M, Size N, Size K, MatrixView<T> a, const T* b, Size KB, const T* from, Size from_row,
                           T* c, Size c_row) {
  const Size panel = KB * NR<T>;
  if (M == 1) {  // a single sentence: several panels at once, since loading B is the bottleneck
    Size j = 0;
    for (; j + 4 * NR<T> <= N; j += 4 * NR<T>)
      tile<T, 1, 4>(K, a, b + j * KB, panel, from ? from + j : from, from_row, c + j, c_row, 4 * NR<T>);
    for (; j + 2 * NR<T> <= N; j += 2 * NR<T>)
      tile<T, 1, 2>(K, a, b + j * KB, panel, from ? from + j : from, from_row, c + j, c_row, 2 * NR<T>);
    for (; j < N; j += NR<T>)
      tile<T, 1, 1>(K, a, b + j * KB, panel, from ? from + j : from, from_row, c + j, c_row, at_most(NR<T>, N - j));
    return;
  }
  for (Size j = 0; j < N; j += NR<T>) {
    const Size width = at_most(NR<T>, N - j);
    for (Size i = 0; i < M; i += MR) {
      const MatrixView<T> ai{a.data + i * a.row, a.row, a.column};
      const T* fi = from ? from + i * from_row + j : from;
      if (M - i >= MR)
        tile<T, MR, 1>(K, ai, b + j * KB, panel, fi, from_row, c + i * c_row + j, c_row, width);
      else
        edge<T, MR - 1, 1>(M - i, K, ai, b + j * KB, panel, fi, from_row, c + i * c_row + j, c_row, width);
    }
  }
}
template <class T>
inline void multiply_packed(Size M, Size N, Size K, MatrixView<T> a, const T* b, const T* from, Size from_row, T* c,
                            Size c_row) {
  if (K == 0) {
    for (Size i = 0; i < M; ++i)
      for (Size j = 0; j < N; ++j) c[i * c_row + j] = from ? from[i * from_row + j] : T(0);
    return;
  }
  for (Size i = 0; i < M; i += MC)
    for (Size k = 0; k < K; k += KC) {
      const MatrixView<T> block{a.data + i * a.row + k * a.column, a.row, a.column};
      const T* start = k ? c + i * c_row : from ? from + i * from_row : from;
      multiply_block(at_most(MC, M - i), N, at_most(KC, K - k), block, b + k * NR<T>, K, start, k ? c_row : from_row,
                     c + i * c_row, c_row);
    }
}
// C = A · B + from for an unpacked B, which is packed into scratch of packed_size(K, N).
template <class T>
inline void multiply(Size M, Size N, Size K, MatrixView<T> a, MatrixView<T> b, T* scratch, const T* from, T* c) {
  pack(scratch, b, K, N);
  multiply_packed(M, N, K, a, static_cast<const T*>(scratch), from, N, c, N);
}

}  // namespace
}  // namespace elman
