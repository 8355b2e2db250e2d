// A whole LSTM layer in one direction, forward and backward; reference/layer.py states the maths. Steps are processed
// in blocks of about BLOCK rows, so that gates and their gradients are still in the L2 cache for the products over all
// rows of a block. Rows of h and dh have the stride `wide`, so that both directions share an array.
#pragma once
#include "lstm_cell.hpp"
#include "gemm.hpp"
#include "parallel.hpp"

namespace elman {
namespace {

constexpr Size BLOCK = 256;

// The steps in the order in which the layer reads them; `going` rows have a previous state.
struct Walk {
  Steps s;
  bool reverse;
  Size t(Size i) const { return reverse ? s.T - 1 - i : i; }
  Size size(Size i) const { return s.sizes[t(i)]; }
  Size going(Size i) const { return i == 0 ? 0 : at_most(size(i - 1), size(i)); }
};

template <class T>
void lstm_layer_forward(const T* x, Steps s, const T* w_rx, const T* b_r, const T* w_rh, T* h, bool reverse, T* c,
                        T* gates, Size E, Size H, Size column, Size wide) {
  h += column;
  const Size G = 4 * H;
  const Walk walk{s, reverse};
  Scratch<T> in(packed_size<T>(E, G)), recurrent(packed_size<T>(H, G));
  pack(in.data, transposed(w_rx, E), E, G);
  pack(recurrent.data, transposed(w_rh, H), H, G);
  Size done = 0, start = reverse ? s.N : 0, before = 0;
  for (Size first = 0; first < s.T;) {
    Size last = first, rows = 0;
    while (last < s.T && (rows == 0 || rows + walk.size(last) <= BLOCK)) rows += walk.size(last++);
    const Size block = reverse ? s.N - done - rows : done;
    for (Size i = block; i < block + rows; ++i) copy(gates + i * G, b_r, G);
    multiply_packed<T>(rows, G, E, rows_of(x + block * E, E), in.data, gates + block * G, G, gates + block * G, G);
    for (Size i = first; i < last; ++i) {
      const Size size = walk.size(i), going = walk.going(i);
      if (reverse) start -= size;
      T* z = gates + start * G;
      multiply_packed<T>(going, G, H, rows_of(static_cast<const T*>(h + before * wide), wide), recurrent.data,
                         z, G, z, G);
      for (Size b = 0; b < size; ++b, z += G)
        lstm_row<T, true>(z, b >= going, c + (before + b) * H, c + (start + b) * H, h + (start + b) * wide, H);
      before = start;
      if (!reverse) start += size;
    }
    done += rows, first = last;
  }
}

template <class T>
void lstm_layer_backward(const T* dh, const T* x, const T* h, const T* c, const T* gates, Steps s, const T* w_rx,
                         const T* w_rh, T* dx, bool add, bool reverse, T* dw_rx, T* db_r, T* dw_rh, Size E, Size H,
                         Size column, Size wide) {
  dh += column, h += column;
  const Size G = 4 * H;
  const Walk walk{s, reverse};
  Size most = BLOCK;  // maximum number of rows of a block
  for (Size i = 0; i < s.T; ++i) most = walk.size(i) > most ? walk.size(i) : most;
  Scratch<T> in(packed_size<T>(G, E)), recurrent(packed_size<T>(G, H)), da(most * G), h_before(most * H),
      carried(s.B * H), c_carried(s.B * H), packed(packed_size<T>(most, E > H ? E : H));
  pack(in.data, rows_of(w_rx, E), G, E);
  pack(recurrent.data, rows_of(w_rh, H), G, H);
  clear(carried.data, s.B * H), clear(c_carried.data, s.B * H), clear(db_r, G);
  if (s.N == 0) clear(dw_rx, G * E), clear(dw_rh, G * H);
  Size done = 0, start = reverse ? 0 : s.N;  // rows in reverse of the reading order
  for (Size last = s.T; last > 0;) {
    Size first = last, rows = 0;
    while (first > 0 && (rows == 0 || rows + walk.size(first - 1) <= BLOCK)) rows += walk.size(--first);
    const Size block = reverse ? done : s.N - done - rows;
    for (Size i = last - 1; i >= first; --i) {
      const Size size = walk.size(i), going = walk.going(i);
      if (!reverse) start -= size;
      const Size before = reverse ? start + size : start - (i > 0 ? walk.size(i - 1) : 0);  // of the previous step
      T* to = da + (start - block) * G;
      for (Size b = 0; b < size; ++b, to += G) {
        const Size row = start + b;
        lstm_row_backward<T>(gates + row * G, c + row * H, b >= going, c + (before + b) * H, dh + row * wide,
                             carried + b * H, c_carried + b * H, to, H);
        T* state = h_before + (row - block) * H;
        if (b < going)
          copy(state, h + (before + b) * wide, H);
        else
          clear(state, H);
      }
      multiply_packed<T>(going, H, G, rows_of(static_cast<const T*>(da + (start - block) * G), G), recurrent.data,
                         nullptr, 0, carried, H);
      if (reverse) start += size;
    }
    const T* a = da;
    T* to = dx + block * E;
    multiply_packed<T>(rows, E, G, rows_of(a, G), in.data, add ? to : nullptr, E, to, E);
    multiply<T>(G, E, rows, transposed(a, G), rows_of(x + block * E, E), packed, done ? dw_rx : nullptr, dw_rx);
    multiply<T>(G, H, rows, transposed(a, G), rows_of(static_cast<const T*>(h_before), H), packed,
                done ? dw_rh : nullptr, dw_rh);
    for (Size i = 0; i < rows; ++i) add_scaled(db_r, T(1), a + i * G, G);
    done += rows, last = first;
  }
}

// Both directions, each in a thread of its own if `threads` allows it. The weights of the backward direction are v.
template <class T>
void bilstm_forward(const T* x, Steps s, const T* w_rx, const T* w_b, const T* w_rh, const T* v_rx, const T* v_b,
                    const T* v_rh, T* h, T* c, T* gates, Size E, Size H, Size threads) {
  run_jobs(2, threads, [=](Size way) {
    lstm_layer_forward(x, s, way ? v_rx : w_rx, way ? v_b : w_b, way ? v_rh : w_rh, h, way, c + way * s.N * H,
                       gates + way * s.N * 4 * H, E, H, way * H, 2 * H);
  });
}

template <class T>
void bilstm_backward(const T* dh, const T* x, const T* h, const T* c, const T* gates, Steps s, const T* w_rx,
                     const T* w_rh, const T* v_rx, const T* v_rh, T* dx, T* dw_rx, T* dw_b, T* dw_rh, T* dv_rx,
                     T* dv_b, T* dv_rh, Size E, Size H, Size threads) {
  const Scratch<T> other(s.N * E);  // dx by the backward direction
  run_jobs(2, threads, [&](Size way) {
    lstm_layer_backward(dh, x, h, c + way * s.N * H, gates + way * s.N * 4 * H, s, way ? v_rx : w_rx,
                        way ? v_rh : w_rh, way ? other.data : dx, false, way, way ? dv_rx : dw_rx, way ? dv_b : dw_b,
                        way ? dv_rh : dw_rh, E, H, way * H, 2 * H);
  });
  for (Size i = 0; i < s.N * E; ++i) dx[i] += other.data[i];
}

}  // namespace
}  // namespace elman
