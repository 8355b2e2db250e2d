// Online SGD of the tutorial's network, one sentence per update. With 128 hidden units w_rh (64 kB) exceeds the L1
// cache, and each time step reads it once; this memory traffic dominates the cost. So both products read it row by row
// (w_rh for the errors, its transpose for the states), in ascending and descending order by turns, so that the rows
// read last are still in the cache.
#pragma once
#include "basic.hpp"
#include "elman_cell.hpp"

namespace elman {
namespace {

// y (N) = from + x (K) · b (K, N), with the rows of b read in ascending or descending (`falling`) order.
template <class T, Size VS>
inline void row_times_columns(const T* x, const T* b, Size K, Size N, const T* from, T* y, bool falling) {
  Vec<T> even[VS], odd[VS];
  UNROLL for (Size v = 0; v < VS; ++v) even[v] = from ? load(from + v * W<T>) : Vec<T>{}, odd[v] = Vec<T>{};
  const Size step = falling ? -1 : 1;
  Size k = falling ? K - 1 : 0, left = K;
  for (; left >= 2; left -= 2, k += 2 * step) {
    const Vec<T> x0 = broadcast(x[k]), x1 = broadcast(x[k + step]);
    UNROLL for (Size v = 0; v < VS; ++v) even[v] += x0 * load(b + k * N + v * W<T>);
    UNROLL for (Size v = 0; v < VS; ++v) odd[v] += x1 * load(b + (k + step) * N + v * W<T>);
  }
  if (left) {
    const Vec<T> x0 = broadcast(x[k]);
    UNROLL for (Size v = 0; v < VS; ++v) even[v] += x0 * load(b + k * N + v * W<T>);
  }
  UNROLL for (Size v = 0; v < VS; ++v) store(y + v * W<T>, even[v] + odd[v]);
}
template <class T>
inline void row_times(const T* x, const T* b, Size K, Size N, const T* from, T* y, bool falling) {
  constexpr Size VS = VECTOR_BYTES == 64 ? 8 : 4;  // two accumulators each, which have to fit into the registers
  Size j = 0;
  for (; j + VS * W<T> <= N; j += VS * W<T>)
    row_times_columns<T, VS>(x, b + j, K, N, from ? from + j : from, y + j, falling);
  for (; j + W<T> <= N; j += W<T>) row_times_columns<T, 1>(x, b + j, K, N, from ? from + j : from, y + j, falling);
  for (; j < N; ++j) {
    T total = from ? from[j] : T(0);
    for (Size k = 0; k < K; ++k) total += x[k] * b[k * N + j];
    y[j] = total;
  }
}

template <class T>
void online_steps(T* w_rx, T* w_rh, T* b_r, T* w_oh, T* b_o, const Id* ids, const Id* gold, const Id* lengths,
                  const T* rates, const T* mask, double clip, const Id* fresh, T* state, double* loss,
                  Size* correct, Size V, Size H, Size K, Size S, Size n) {
  const Size KP = (K + NR<T> - 1) / NR<T> * NR<T>;  // K padded to whole vectors
  Size L = 0;
  for (Size s = 0; s < S; ++s) L = lengths[s] > L ? lengths[s] : L;
  const Size wide = H > KP ? H : KP, deep = L > wide ? L : wide;
  Scratch<T> w_hr(H * H), a(L * H), states((L + 1) * H), kept(L * H), dh(L * H), da(L * H), dw_rx(L * H), p(L * KP),
      losses(L), bias(KP), packed(packed_size<T>(deep, wide)), product(wide * wide), db_r(H), db_o(KP), dh0(H);
  Scratch<Id> slot(V), used(L), ones(L);  // each word's row of dw_rx; the words that have one
  for (Size v = 0; v < V; ++v) slot[v] = -1;
  for (Size t = 0; t < L; ++t) ones[t] = 1;
  for (Size k = 0; k < KP; ++k) bias[k] = T(-1e30);  // padding after the last tag: probability 0
  clear(states.data, H);
  T* h = states + H;
  *loss = 0, *correct = 0;

  for (Size s = 0; s < S; ++s) {
    L = lengths[s];
    if (L == 0) continue;
    if (state && (!fresh || fresh[s]))
      clear(states.data, H);
    else if (state)
      copy(states.data, state, H);
    // 1. h_t = tanh(w_rx[x_t] + b_r + w_rh·h_{t-1})
    transpose<T>(w_hr, H, w_rh, H, H, H);
    for (Size t = 0; t < L; ++t) {
      zip(a + t * H, w_rx + ids[t] * H, b_r, H, [](Vec<T> x, Vec<T> b) { return x + b; });
      row_times<T>(h + (t - 1) * H, w_hr, H, H, a + t * H, h + t * H, t & 1);
      map(h + t * H, H, [](Vec<T> x) { return tanh_of(x); });
    }
    // 2. kept = h · mask; p = softmax(w_oh·kept + b_o)
    const T* out = h;
    if (mask) {
      zip(kept.data, static_cast<const T*>(h), mask, L * H, [](Vec<T> x, Vec<T> m) { return x * m; });
      out = kept;
    }
    copy(bias.data, b_o, K);
    pack<T>(packed, transposed<T>(w_oh, H), H, K);
    multiply_packed<T>(L, KP, H, rows_of(out, H), packed, bias, 0, p, KP);
    softmax_cross_entropy_forward<T>(p, gold, losses, p, L, KP);
    for (Size t = 0; t < L; ++t) {
      *loss += double(losses[t]);
      T *row = p + t * KP, right = row[gold[t]];
      bool best = right == max_of<T>(row, K);  // ties go to the lowest tag id, as in argmax
      for (Size k = 0; best && k < gold[t]; ++k) best = row[k] < right;
      *correct += best;
      row[gold[t]] -= T(1);
    }
    // backward through 2; p now holds dscores
    const T* dscores = p;
    multiply<T>(L, H, K, rows_of(dscores, KP), rows_of<T>(w_oh, H), packed, nullptr, dh);
    if (mask) zip(dh.data, static_cast<const T*>(dh), mask, L * H, [](Vec<T> x, Vec<T> m) { return x * m; });
    // backward through 1
    if (n == 0 || n >= L) {
      for (Size t = L - 1; t >= 0; --t) {
        T* to = da + t * H;
        if (t + 1 < L)
          row_times<T>(to + H, w_rh, H, H, dh + t * H, to, t & 1);
        else
          copy(to, dh + t * H, H);
        through_tanh(to, static_cast<const T*>(to), h + t * H, H);
      }
    } else {
      elman_backward<T>(dh, h, Steps{ones, L, L, 1}, w_rh, states, da, product, dh0, H, n);
    }
    sum_rows<T>(dscores, db_o, L, KP);
    sum_rows<T>(da, db_r, L, H);
    Size words = 0;
    for (Size t = 0; t < L; ++t) {
      Id& at = slot[ids[t]];
      if (at < 0) {
        at = Id(words);
        used[words] = ids[t];
        copy(dw_rx + words++ * H, da + t * H, H);
      } else {
        add_scaled(dw_rx + at * H, T(1), da + t * H, H);
      }
    }
    // update; dw_oh = dscoresᵀ·out and dw_rh = daᵀ·states are added to the weights directly
    T rate = rates[s];
    if (clip > 0) {
      double square = 0;
      const auto add = [&square](const T* g, Size n) { square += double(dot(g, g, n)); };
      multiply<T>(K, H, L, transposed(dscores, KP), rows_of(out, H), packed, nullptr, product);
      add(product, K * H);
      multiply<T>(H, H, L, transposed<T>(da, H), rows_of<T>(states, H), packed, nullptr, product);
      add(product, H * H), add(dw_rx, words * H), add(db_r, H), add(db_o, K);
      const double norm = __builtin_sqrt(square);
      if (norm > clip) rate = T(double(rate) * (clip / norm));
    }
    const auto scale = [rate](Vec<T> x) { return -rate * x; };
    map(p.data, L * KP, scale), map(da.data, L * H, scale);
    multiply<T>(K, H, L, transposed(dscores, KP), rows_of(out, H), packed, w_oh, w_oh);
    multiply<T>(H, H, L, transposed<T>(da, H), rows_of<T>(states, H), packed, w_rh, w_rh);
    add_scaled<T>(b_o, -rate, db_o, K);
    add_scaled<T>(b_r, -rate, db_r, H);
    for (Size i = 0; i < words; ++i) {
      add_scaled(w_rx + used[i] * H, -rate, dw_rx + i * H, H);
      slot[used[i]] = -1;
    }
    if (state) copy(state, h + (L - 1) * H, H);
    ids += L, gold += L;
    if (mask) mask += L * H;
  }
}

}  // namespace
}  // namespace elman
