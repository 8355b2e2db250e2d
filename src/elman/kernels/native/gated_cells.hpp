// LSTM and GRU over packed batches; reference/gated_cells.py states the maths.
#pragma once
#include "lstm_cell.hpp"
#include "elman_cell.hpp"

namespace elman {
namespace {

template <class T>
void lstm_forward(const T* a, Steps s, const T* w_rh, const T* h0, const T* c0, T* h, T* c, T* gates, Size H) {
  Scratch<T> packed(packed_size<T>(H, 4 * H));
  pack(packed.data, transposed(w_rh, H), H, 4 * H);
  const T *h_before = h0, *c_before = c0;
  for (Size t = 0; t < s.T; ++t) {
    const Size size = s.sizes[t];
    multiply_packed<T>(size, 4 * H, H, rows_of(h_before, H), packed.data, a, 4 * H, gates, 4 * H);
    for (Size b = 0; b < size; ++b)
      lstm_row<T, sizeof(T) == 8>(gates + b * 4 * H, false, c_before + b * H, c + b * H, h + b * H, H);
    h_before = h, c_before = c;
    a += size * 4 * H, gates += size * 4 * H, h += size * H, c += size * H;
  }
}

template <class T>
void lstm_backward(const T* dh, const T* h, const T* c, const T* gates, Steps s, const T* w_rh, const T* h0,
                   const T* c0, T* da, T* dw_rh, T* dh0, T* dc0, Size H) {
  const Size need = packed_size<T>(4 * H, H), other = packed_size<T>(s.N, H);
  Scratch<T> packed(need > other ? need : other), before(s.N * H);
  pack(packed.data, rows_of(w_rh, H), 4 * H, H);
  states_before(before.data, c, s, c0, H);
  Size end = s.N;  // dh0 and dc0 hold the carried gradients
  for (Size t = s.T - 1; t >= 0; --t) {
    const Size size = s.sizes[t], start = end - size;
    for (Size b = 0; b < size; ++b) {
      const Size row = start + b;
      lstm_row_backward<T>(gates + row * 4 * H, c + row * H, false, before + row * H, dh + row * H, dh0 + b * H,
                           dc0 + b * H, da + row * 4 * H, H);
    }
    multiply_packed<T>(size, H, 4 * H, rows_of(static_cast<const T*>(da + start * 4 * H), 4 * H), packed.data, nullptr,
                       H, dh0, H);
    end = start;
  }
  states_before(before.data, h, s, h0, H);
  multiply<T>(4 * H, H, s.N, transposed(static_cast<const T*>(da), 4 * H), rows_of(static_cast<const T*>(before), H),
              packed, nullptr, dw_rh);
}

template <class T>
void gru_forward(const T* a, Steps s, const T* w_rh, const T* b_rn, const T* h0, T* h, T* gates, Size H) {
  Scratch<T> packed(packed_size<T>(H, 3 * H)), product(s.B * 3 * H);
  pack(packed.data, transposed(w_rh, H), H, 3 * H);
  const T* h_before = h0;
  for (Size t = 0; t < s.T; ++t) {
    const Size size = s.sizes[t];
    multiply_packed<T>(size, 3 * H, H, rows_of(h_before, H), packed.data, nullptr, 0, product, 3 * H);
    for (Size b = 0; b < size; ++b) {
      const T *in = a + b * 3 * H, *from = product + b * 3 * H, *before = h_before + b * H;
      T *gate = gates + b * 4 * H, *h_row = h + b * H;
      columns<T>(H, [&](auto at, Size j) {
        const Vec<T> r = sigmoid_of(at.get(in + j) + at.get(from + j)),
                     z = sigmoid_of(at.get(in + H + j) + at.get(from + H + j)),
                     q = at.get(from + 2 * H + j) + at.get(b_rn + j), n = tanh_of(at.get(in + 2 * H + j) + r * q);
        at.put(gate + j, r), at.put(gate + H + j, z), at.put(gate + 2 * H + j, n), at.put(gate + 3 * H + j, q);
        at.put(h_row + j, (T(1) - z) * n + z * at.get(before + j));
      });
    }
    h_before = h;
    a += size * 3 * H, gates += size * 4 * H, h += size * H;
  }
}

template <class T>
void gru_backward(const T* dh, const T* h, const T* gates, Steps s, const T* w_rh, const T* h0, T* da, T* dw_rh,
                  T* db_rn, T* dh0, Size H) {
  const Size need = packed_size<T>(3 * H, H), other = packed_size<T>(s.N, H);
  Scratch<T> packed(need > other ? need : other), before(s.N * H), ds(s.N * 3 * H);
  pack(packed.data, rows_of(w_rh, H), 3 * H, H);
  states_before(before.data, h, s, h0, H);
  clear(db_rn, H);
  Size end = s.N;  // dh0 holds the carried gradient
  for (Size t = s.T - 1; t >= 0; --t) {
    const Size size = s.sizes[t], start = end - size;
    for (Size b = 0; b < size; ++b) {
      const Size row = start + b;
      const T *gate = gates + row * 4 * H, *h_before = before + row * H, *dh_row = dh + row * H;
      T *to = da + row * 3 * H, *product = ds + row * 3 * H, *carried = dh0 + b * H;
      columns<T>(H, [&](auto at, Size j) {
        const Vec<T> r = at.get(gate + j), z = at.get(gate + H + j), n = at.get(gate + 2 * H + j),
                     q = at.get(gate + 3 * H + j), dh_t = at.get(dh_row + j) + at.get(carried + j);
        const Vec<T> dn = dh_t * (T(1) - z) * (T(1) - n * n), dz = dh_t * (at.get(h_before + j) - n) * z * (T(1) - z),
                     dr = dn * q * r * (T(1) - r), dq = dn * r;
        at.put(to + j, dr), at.put(to + H + j, dz), at.put(to + 2 * H + j, dn);
        at.put(product + j, dr), at.put(product + H + j, dz), at.put(product + 2 * H + j, dq);
        at.put(db_rn + j, at.get(db_rn + j) + dq);
        at.put(carried + j, dh_t * z);
      });
    }
    multiply_packed<T>(size, H, 3 * H, rows_of(static_cast<const T*>(ds + start * 3 * H), 3 * H), packed.data,
                       static_cast<const T*>(dh0), H, dh0, H);
    end = start;
  }
  multiply<T>(3 * H, H, s.N, transposed(static_cast<const T*>(ds), 3 * H), rows_of(static_cast<const T*>(before), H),
              packed, nullptr, dw_rh);
}

}  // namespace
}  // namespace elman
