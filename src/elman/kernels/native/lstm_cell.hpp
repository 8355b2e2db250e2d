// The LSTM cell; reference/gated_cells.py states the maths. Gates are in the order i, f, g, o.
#pragma once
#include "columns.hpp"

namespace elman {
namespace {

template <class T>
struct LstmCell {
  Vec<T> i, f, g, o, c, h;
};
// Computes the cell's values from the gate inputs; kept(f) is f · c_before. `first`: there is no previous step, and
// kept is not called.
template <class T, class Kept>
inline LstmCell<T> lstm_cell(Vec<T> zi, Vec<T> zf, Vec<T> zg, Vec<T> zo, bool first, Kept kept) {
  const Vec<T> i = sigmoid_of(zi), f = sigmoid_of(zf), g = tanh_of(zg), o = sigmoid_of(zo);
  const Vec<T> c = first ? i * g : kept(f) + i * g;
  return {i, f, g, o, c, o * tanh_of(c)};
}

// Computes one row: z (4H) holds the gate inputs and receives the gates. `first`: c_before is not read. ROUNDED: in the
// columns after the last whole vector, f · c_before is rounded before i · g is added (not fused), which keeps training
// bit-identical.
template <class T, bool ROUNDED>
inline void lstm_row(T* z, bool first, const T* c_before, T* c, T* h, Size H) {
  columns<T>(H, [&](auto at, Size j) {
    const LstmCell<T> cell = lstm_cell<T>(
        at.get(z + j), at.get(z + H + j), at.get(z + 2 * H + j), at.get(z + 3 * H + j), first,
        [&](Vec<T> f) { return ROUNDED ? at.times(f, c_before + j) : f * at.get(c_before + j); });
    at.put(z + j, cell.i), at.put(z + H + j, cell.f), at.put(z + 2 * H + j, cell.g), at.put(z + 3 * H + j, cell.o);
    at.put(c + j, cell.c);
    at.put(h + j, cell.h);
  });
}

// Backward pass of one row: da (4H), the gradients of the gate inputs, from dh and the gradients carried from the next
// step; dc_carried becomes the gradient for the previous step. `first`: c_before is not read.
template <class T>
inline void lstm_row_backward(const T* gates, const T* c, bool first, const T* c_before, const T* dh,
                              const T* dh_carried, T* dc_carried, T* da, Size H) {
  columns<T>(H, [&](auto at, Size j) {
    const Vec<T> i = at.get(gates + j), f = at.get(gates + H + j), g = at.get(gates + 2 * H + j),
                 o = at.get(gates + 3 * H + j), tanh_c = tanh_of(at.get(c + j));
    const Vec<T> dh_t = at.get(dh + j) + at.get(dh_carried + j);
    const Vec<T> dc = at.get(dc_carried + j) + dh_t * o * (T(1) - tanh_c * tanh_c);
    at.put(da + j, dc * g * i * (T(1) - i));
    at.put(da + H + j, first ? Vec<T>{} : dc * at.get(c_before + j) * f * (T(1) - f));
    at.put(da + 2 * H + j, dc * i * (T(1) - g * g));
    at.put(da + 3 * H + j, dh_t * tanh_c * o * (T(1) - o));
    at.put(dc_carried + j, dc * f);
  });
}

}  // namespace
}  // namespace elman
