// The Elman cell over packed batches; reference/elman_cell.py states the maths.
#pragma once
#include "gemm.hpp"

namespace elman {
namespace {

template <class T>
void elman_forward(const T* a, Steps s, const T* w_rh, const T* h0, T* h, Size H) {
  Scratch<T> packed(packed_size<T>(H, H));
  pack(packed.data, transposed(w_rh, H), H, H);
  const T* before = h0;
  for (Size t = 0; t < s.T; ++t) {
    const Size size = s.sizes[t];
    multiply_packed<T>(size, H, H, rows_of(before, H), packed.data, a, H, h, H);
    map(h, size * H, [](Vec<T> x) { return tanh_of(x); });
    before = h;
    a += size * H;
    h += size * H;
  }
}

// to (N, H) = the previous state of each row of h (N, H).
template <class T>
void states_before(T* to, const T* h, Steps s, const T* h0, Size H) {
  const T* from = h0;
  for (Size t = 0; t < s.T; ++t) {
    const Size many = s.sizes[t] * H;
    copy(to, from, many);
    from = h;
    h += many;
    to += many;
  }
}

// da = dh · (1 - h²)
template <class T>
void through_tanh(T* da, const T* dh, const T* h, Size n) {
  zip(da, dh, h, n, [](Vec<T> d, Vec<T> x) { return d * (T(1) - x * x); });
}

template <class T>
void elman_backward(const T* dh, const T* h, Steps s, const T* w_rh, const T* h0, T* da, T* dw_rh, T* dh0, Size H,
                    Size n) {
  const Size need = packed_size<T>(H, H), other = packed_size<T>(s.N, H);
  Scratch<T> packed(need > other ? need : other);
  pack(packed.data, rows_of(w_rh, H), H, H);
  const auto back = [&](Size rows, const T* delta, const T* from, T* to) {  // to = delta·w_rh + from
    multiply_packed<T>(rows, H, H, rows_of(delta, H), packed.data, from, H, to, H);
  };
  if (n == 0 || n >= s.T) {
    Size end = s.N, later = 0;  // rows of the next step
    for (Size t = s.T - 1; t >= 0; --t) {
      const Size size = s.sizes[t], start = end - size;
      T* to = da + start * H;
      back(later, da + end * H, dh + start * H, to);
      copy(to + later * H, dh + (start + later) * H, (size - later) * H);
      through_tanh(to, to, h + start * H, size * H);
      end = start;
      later = size;
    }
  } else {
    // error holds the earliest δ_r so far of each output error; each round carries it one step further back.
    Scratch<T> error(s.N * H), carried(s.N * H);
    through_tanh(da, dh, h, s.N * H);
    copy(error.data, da, s.N * H);
    for (Size round = 1; round < n; ++round) {
      back(s.N - s.B, error + s.B * H, nullptr, carried);
      Size start = 0, from = 0;
      for (Size t = 0; t < s.T; ++t) {
        const Size size = s.sizes[t], later = t + 1 < s.T ? s.sizes[t + 1] : 0;
        through_tanh(error + start * H, carried + from * H, h + start * H, later * H);
        clear(error + (start + later) * H, (size - later) * H);
        start += size;
        from += later;
      }
      add_scaled(da, T(1), error.data, s.N * H);
    }
  }
  back(s.B, da, nullptr, dh0);
  Scratch<T> before(s.N * H);
  states_before(before.data, h, s, h0, H);
  multiply<T>(H, H, s.N, transposed(static_cast<const T*>(da), H), rows_of(static_cast<const T*>(before), H), packed,
              nullptr, dw_rh);
}

}  // namespace
}  // namespace elman
