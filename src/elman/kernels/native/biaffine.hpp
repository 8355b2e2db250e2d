// Scores of arcs and relations of a graph parser; reference/biaffine.py states the maths.
#pragma once
#include "gemm.hpp"

namespace elman {
namespace {

template <class T>
constexpr T NO_ARC = T(-1e30);

inline Size longest_of(const Id* lengths, Size B) {
  Size most = 0;
  for (Size b = 0; b < B; ++b) most = lengths[b] > most ? lengths[b] : most;
  return most;
}

template <class T>
void biaffine_arcs_forward(const T* x, const T* h, const T* root, const Id* lengths, T* scores, Size A, Size B,
                           Size C) {
  Scratch<T> packed(packed_size<T>(A, longest_of(lengths, B)));
  for (Size b = 0; b < B; ++b) {
    const Size n = lengths[b], heads = at_most(n, C - 1);
    pack(packed.data, transposed(h, A), A, heads);
    multiply_packed(n, heads, A, rows_of(x, A), static_cast<const T*>(packed.data), static_cast<const T*>(nullptr),
                    Size(0), scores + 1, C);
    for (Size i = 0; i < n; ++i) {
      T* row = scores + i * C;
      row[0] = dot(x + i * A, root, A);
      if (i < heads) row[i + 1] = NO_ARC<T>;
      for (Size j = heads + 1; j < C; ++j) row[j] = NO_ARC<T>;
    }
    x += n * A, h += n * A, scores += n * C;
  }
}

template <class T>
void biaffine_arcs_backward(const T* dscores, const T* x, const T* h, const T* root, const Id* lengths, T* dx, T* dh,
                            T* droot, Size A, Size B, Size C) {
  const Size most = longest_of(lengths, B);
  Scratch<T> packed(packed_size<T>(most, A)), own(most * most);
  clear(droot, A);
  for (Size b = 0; b < B; ++b) {
    const Size n = lengths[b], heads = at_most(n, C - 1);
    for (Size i = 0; i < n; ++i) {
      copy(own + i * heads, dscores + i * C + 1, heads);
      if (i < heads) own[i * heads + i] = 0;
    }
    multiply<T>(n, A, heads, rows_of<T>(own, heads), rows_of(h, A), packed, nullptr, dx);
    multiply<T>(heads, A, n, transposed<T>(own, heads), rows_of(x, A), packed, nullptr, dh);
    clear(dh + heads * A, (n - heads) * A);
    for (Size i = 0; i < n; ++i) {
      add_scaled(dx + i * A, dscores[i * C], root, A);
      add_scaled(droot, dscores[i * C], x + i * A, A);
    }
    dscores += n * C, x += n * A, h += n * A, dx += n * A, dh += n * A;
  }
}

template <class T>
void bilinear_forward(const T* x, const T* y, const T* w, T* scores, Size N, Size D, Size E, Size R) {
  Scratch<T> packed(packed_size<T>(D, E)), xw(at_most(N, MC) * E);
  for (Size r = 0; r < R; ++r, w += D * E) {
    pack(packed.data, rows_of(w, E), D, E);
    for (Size begin = 0; begin < N; begin += MC) {
      const Size rows = at_most(MC, N - begin);
      multiply_packed(rows, E, D, rows_of(x + begin * D, D), static_cast<const T*>(packed.data),
                      static_cast<const T*>(nullptr), Size(0), xw.data, E);
      for (Size i = 0; i < rows; ++i) {
        const Size at = begin + i;
        scores[at * R + r] = dot(static_cast<const T*>(xw + i * E), y + at * E, E);
      }
    }
  }
}

// Rows in blocks, so that a block's arrays stay in the L2 cache through all of w.
template <class T>
void bilinear_backward(const T* dscores, const T* x, const T* y, const T* w, T* dx, T* dy, T* dw, Size N, Size D,
                       Size E, Size R) {
  const Size most = at_most(N, MC);
  Scratch<T> forward(packed_size<T>(D, E)), back(packed_size<T>(E, D)), ys(packed_size<T>(most, E));
  Scratch<T> scaled_x(most * D), scaled_y(most * E);
  clear(dx, N * D), clear(dy, N * E), clear(dw, R * D * E);
  for (Size begin = 0; begin < N; begin += MC) {
    const Size rows = at_most(MC, N - begin);
    const T *xb = x + begin * D, *yb = y + begin * E;
    T *dxb = dx + begin * D, *dyb = dy + begin * E;
    pack(ys.data, rows_of(yb, E), rows, E);
    for (Size r = 0; r < R; ++r) {
      const T* wr = w + r * D * E;
      T* dwr = dw + r * D * E;
      for (Size i = 0; i < rows; ++i) {
        const T d = dscores[(begin + i) * R + r];
        for (Size k = 0; k < D; ++k) scaled_x[i * D + k] = d * xb[i * D + k];
        for (Size k = 0; k < E; ++k) scaled_y[i * E + k] = d * yb[i * E + k];
      }
      pack(forward.data, rows_of(wr, E), D, E);
      pack(back.data, transposed(wr, E), E, D);
      multiply_packed(rows, E, D, rows_of<T>(scaled_x, D), static_cast<const T*>(forward.data),
                      static_cast<const T*>(dyb), E, dyb, E);
      multiply_packed(rows, D, E, rows_of<T>(scaled_y, E), static_cast<const T*>(back.data),
                      static_cast<const T*>(dxb), D, dxb, D);
      multiply_packed(D, E, rows, transposed<T>(scaled_x, D), static_cast<const T*>(ys.data),
                      static_cast<const T*>(dwr), E, dwr, E);
    }
  }
}

}  // namespace
}  // namespace elman
