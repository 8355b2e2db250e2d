// Linear layer, embeddings, softmax with cross-entropy; reference/basic.py states the maths.
#pragma once
#include "gemm.hpp"

namespace elman {
namespace {

template <class T>
void linear_forward(const T* x, const T* w, const T* b, T* y, Size N, Size E, Size H) {
  Scratch<T> packed(packed_size<T>(E, H));
  for (Size i = 0; i < N; ++i) copy(y + i * H, b, H);
  multiply(N, H, E, rows_of(x, E), transposed(w, E), packed.data, y, y);
}

template <class T>
void sum_rows(const T* x, T* to, Size N, Size H) {
  clear(to, H);
  for (Size i = 0; i < N; ++i) add_scaled(to, T(1), x + i * H, H);
}

template <class T>
void linear_backward(const T* dy, const T* x, const T* w, T* dx, T* dw, T* db, Size N, Size E, Size H) {
  const Size need = packed_size<T>(H, E), other = packed_size<T>(N, E);
  Scratch<T> packed(need > other ? need : other);
  multiply<T>(N, E, H, rows_of(dy, H), rows_of(w, E), packed, nullptr, dx);
  multiply<T>(H, E, N, transposed(dy, H), rows_of(x, E), packed, nullptr, dw);
  sum_rows(dy, db, N, H);
}

template <class T>
void embedding_forward(const T* table, const Id* ids, T* rows, Size N, Size E) {
  for (Size i = 0; i < N; ++i) copy(rows + i * E, table + ids[i] * E, E);
}

template <class T>
void embedding_backward(const T* drows, const Id* ids, T* dtable, Size N, Size E) {
  for (Size i = 0; i < N; ++i) add_scaled(dtable + ids[i] * E, T(1), drows + i * E, E);
}

template <class T>
void bag_forward(const T* table, const Id* ids, const Id* offsets, T* sums, Size U, Size E) {
  clear(sums, U * E);
  for (Size u = 0; u < U; ++u)
    for (Id i = offsets[u]; i < offsets[u + 1]; ++i) add_scaled(sums + u * E, T(1), table + ids[i] * E, E);
}

template <class T>
void bag_backward(const T* dsums, const Id* ids, const Id* offsets, T* dtable, Size U, Size E) {
  for (Size u = 0; u < U; ++u)
    for (Id i = offsets[u]; i < offsets[u + 1]; ++i) add_scaled(dtable + ids[i] * E, T(1), dsums + u * E, E);
}

// The largest value of each unit over the words of a sentence, the first of equal ones, and its row of h.
template <class T>
void largest_forward(const T* h, Steps steps, T* y, Id* where, Size P, Size B) {
  clear(y, B * P);
  for (Size i = 0; i < B * P; ++i) where[i] = 0;
  Size row = 0;
  for (Size t = 0; t < steps.T; ++t)
    for (Size b = 0; b < steps.sizes[t]; ++b, ++row) {
      const T* __restrict from = h + row * P;
      T* __restrict to = y + b * P;
      Id* __restrict at = where + b * P;
      for (Size p = 0; p < P; ++p) {
        const bool more = t == 0 || from[p] > to[p];
        to[p] = more ? from[p] : to[p];
        at[p] = more ? Id(row) : at[p];
      }
    }
}

template <class T>
void largest_backward(const T* dy, const Id* where, T* dh, Size B, Size P) {
  for (Size b = 0; b < B; ++b)
    for (Size p = 0; p < P; ++p) dh[where[b * P + p] * P + p] = dy[b * P + p];
}

// Writes the softmax of each row of scores (N, K) to p and -log p[gold] to losses.
template <class T>
void softmax_cross_entropy_forward(const T* scores, const Id* gold, T* losses, T* p, Size N, Size K) {
  for (Size i = 0; i < N; ++i, scores += K, p += K) {
    const T most = max_of(scores, K);
    for (Size k = 0; k < K; ++k) p[k] = scores[k] - most;
    const T right = p[gold[i]];
    map(p, K, [](Vec<T> x) { return exp_of(x); });
    const T total = sum_of(static_cast<const T*>(p), K);
    const T share = T(1) / total;
    map(p, K, [share](Vec<T> x) { return x * share; });
    losses[i] = T(__builtin_log(double(total))) - right;
  }
}

template <class T>
void softmax_cross_entropy_backward(const T* dlosses, const T* p, const Id* gold, T* dscores, Size N, Size K) {
  for (Size i = 0; i < N; ++i, p += K, dscores += K) {
    const T d = dlosses[i];
    for (Size k = 0; k < K; ++k) dscores[k] = p[k] * d;
    dscores[gold[i]] -= d;
  }
}

}  // namespace
}  // namespace elman
