// Parallel recurrences over packed batches; reference/parallel_cells.py states the maths.
#pragma once
#include "elman_cell.hpp"
#include "columns.hpp"

namespace elman {
namespace {

template <class T>
void sru_forward(const T* a, Steps s, const T* c0, T* h, T* c, Size H) {
  const T* c_before = c0;
  for (Size t = 0; t < s.T; ++t) {
    const Size size = s.sizes[t];
    for (Size b = 0; b < size; ++b, a += 4 * H, h += H)
      columns<T>(H, [&](auto at, Size j) {
        const Vec<T> f = sigmoid_of(at.get(a + H + j)), r = sigmoid_of(at.get(a + 2 * H + j));
        const Vec<T> now = f * at.get(c_before + b * H + j) + (T(1) - f) * at.get(a + j);
        at.put(c + b * H + j, now);
        at.put(h + j, r * tanh_of(now) + (T(1) - r) * at.get(a + 3 * H + j));
      });
    c_before = c;
    c += size * H;
  }
}

template <class T>
void sru_backward(const T* dh, const T* a, const T* c, Steps s, const T* c0, T* da, T* dc0, Size H) {
  Scratch<T> before(s.N * H);
  states_before(before.data, c, s, c0, H);
  Size end = s.N;  // dc0 holds the carried gradient
  for (Size t = s.T - 1; t >= 0; --t) {
    const Size size = s.sizes[t], start = end - size;
    for (Size b = 0; b < size; ++b) {
      const Size row = start + b;
      const T *in = a + row * 4 * H, *c_row = c + row * H, *c_before = before + row * H, *dh_row = dh + row * H;
      T *to = da + row * 4 * H, *carried = dc0 + b * H;
      columns<T>(H, [&](auto at, Size j) {
        const Vec<T> u = at.get(in + j), f = sigmoid_of(at.get(in + H + j)), r = sigmoid_of(at.get(in + 2 * H + j)),
                     k = at.get(in + 3 * H + j), tanh_c = tanh_of(at.get(c_row + j)), d = at.get(dh_row + j);
        const Vec<T> dc = at.get(carried + j) + d * r * (T(1) - tanh_c * tanh_c);
        at.put(to + j, dc * (T(1) - f));
        at.put(to + H + j, dc * (at.get(c_before + j) - u) * f * (T(1) - f));
        at.put(to + 2 * H + j, d * (tanh_c - k) * r * (T(1) - r));
        at.put(to + 3 * H + j, d * (T(1) - r));
        at.put(carried + j, dc * f);
      });
    }
    end = start;
  }
}

template <class T>
void mingru_forward(const T* a, Steps s, const T* h0, T* h, Size H) {
  const T* h_before = h0;
  for (Size t = 0; t < s.T; ++t) {
    const Size size = s.sizes[t];
    for (Size b = 0; b < size; ++b, a += 2 * H)
      columns<T>(H, [&](auto at, Size j) {
        const Vec<T> z = sigmoid_of(at.get(a + j));
        at.put(h + b * H + j, (T(1) - z) * at.get(h_before + b * H + j) + z * at.get(a + H + j));
      });
    h_before = h;
    h += size * H;
  }
}

template <class T>
void mingru_backward(const T* dh, const T* a, const T* h, Steps s, const T* h0, T* da, T* dh0, Size H) {
  Scratch<T> before(s.N * H);
  states_before(before.data, h, s, h0, H);
  Size end = s.N;  // dh0 holds the carried gradient
  for (Size t = s.T - 1; t >= 0; --t) {
    const Size size = s.sizes[t], start = end - size;
    for (Size b = 0; b < size; ++b) {
      const Size row = start + b;
      const T *in = a + row * 2 * H, *h_before = before + row * H, *dh_row = dh + row * H;
      T *to = da + row * 2 * H, *carried = dh0 + b * H;
      columns<T>(H, [&](auto at, Size j) {
        const Vec<T> z = sigmoid_of(at.get(in + j)), n = at.get(in + H + j),
                     d = at.get(dh_row + j) + at.get(carried + j);
        at.put(to + j, d * (n - at.get(h_before + j)) * z * (T(1) - z));
        at.put(to + H + j, d * z);
        at.put(carried + j, d * (T(1) - z));
      });
    }
    end = start;
  }
}

}  // namespace
}  // namespace elman
