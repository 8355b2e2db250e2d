// Online SGD of the tutorial's network, one sentence a step. With hidden 128 w_rh (64 kB) outgrows the first cache and
// every step of a sentence reads it once: that traffic is the cost, so both ways of reading it are kept row by row
// (w_rh for the errors, its transposed for the states) and rows are taken up and down in turn, which finds the last
// ones still in the cache. Included by kernels.cpp.
#pragma once

// y (N) = from + x (K) · b (K, N), the rows of b in rising or falling order.
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
  constexpr Size VS = VECTOR_BYTES == 64 ? 8 : 4;  // two sums each, which have to fit the registers
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
OnlineResult online_steps(OnlineNet<T> net, OnlineData<T> data) {
  const Size H = net.H, K = net.K;
  Size longest = 0;
  for (Size s = 0; s < data.S; ++s) longest = data.lengths[s] > longest ? data.lengths[s] : longest;
  const Size wide = H > K ? H : K, deep = longest > wide ? longest : wide;
  Scratch<T> w_hr(H * H), a(longest * H), states((longest + 1) * H), kept(longest * H), dh(longest * H),
      da(longest * H), scores(longest * K), p(longest * K), losses(longest), packed(packed_size<T>(deep, wide)),
      dw_rh(H * H), db_r(H), dw_oh(K * H), db_o(K), none(H), unused(H);
  Scratch<T> dw_rx(longest * H);
  Scratch<Id> slot(net.V), used(longest);  // which row of dw_rx a word has; the words that have one
  for (Size v = 0; v < net.V; ++v) slot[v] = -1;
  transpose<T>(w_hr, H, net.w_rh, H, H, H);
  clear(states.data, H);  // the state before the first word
  clear(none.data, H);
  Scratch<Id> ones(longest);
  for (Size t = 0; t < longest; ++t) ones[t] = 1;
  T* h = states + H;
  OnlineResult result{0, 0};

  const Id *ids = data.ids, *gold = data.gold;
  const T* mask = data.mask;
  for (Size s = 0; s < data.S; ++s) {
    const Size L = data.lengths[s];
    if (L == 0) continue;
    // 1. h_t = tanh(w_rx[x_t] + b_r + w_rh·h_{t-1})
    for (Size t = 0; t < L; ++t) {
      zip(a + t * H, net.w_rx + ids[t] * H, net.b_r, H, [](Vec<T> x, Vec<T> b) { return x + b; });
      row_times<T>(h + (t - 1) * H, w_hr, H, H, a + t * H, h + t * H, t & 1);
      map(h + t * H, H, [](Vec<T> x) { return tanh_of(x); });
    }
    // 2. kept = h · mask; scores = w_oh·kept + b_o; p = softmax(scores)
    const T* out = h;
    if (mask) {
      zip(kept.data, static_cast<const T*>(h), mask, L * H, [](Vec<T> x, Vec<T> m) { return x * m; });
      out = kept;
    }
    for (Size t = 0; t < L; ++t) copy(scores + t * K, net.b_o, K);
    multiply<T>(L, K, H, rows_of(out, H), transposed(static_cast<const T*>(net.w_oh), H), packed, scores, scores);
    softmax_forward<T>(scores, gold, losses, p, L, K);
    for (Size t = 0; t < L; ++t) {
      result.loss += double(losses[t]);
      const T *row = p + t * K, right = row[gold[t]];
      bool best = right == most_of(row, K);  // the first of equal ones
      for (Size k = 0; best && k < gold[t]; ++k) best = row[k] < right;
      result.correct += best;
    }
    // back through 2, dscores in the place of p
    for (Size t = 0; t < L; ++t) p[t * K + gold[t]] -= T(1);
    const T* dscores = p;
    multiply<T>(L, H, K, rows_of(dscores, K), rows_of(static_cast<const T*>(net.w_oh), H), packed, nullptr, dh);
    if (mask) zip(dh.data, static_cast<const T*>(dh), mask, L * H, [](Vec<T> x, Vec<T> m) { return x * m; });
    multiply<T>(K, H, L, transposed(dscores, K), rows_of(out, H), packed, nullptr, dw_oh);
    sum_rows(dscores, db_o.data, L, K);
    // back through 1
    if (data.n == 0 || data.n >= L) {
      for (Size t = L - 1; t >= 0; --t) {
        T* to = da + t * H;
        if (t + 1 < L)
          row_times<T>(to + H, net.w_rh, H, H, dh + t * H, to, t & 1);
        else
          copy(to, dh + t * H, H);
        through_tanh(to, static_cast<const T*>(to), h + t * H, H);
      }
      multiply<T>(H, H, L, transposed(static_cast<const T*>(da), H), rows_of(static_cast<const T*>(states), H), packed,
                  nullptr, dw_rh);
    } else {
      elman_backward<T>(dh, h, Steps{ones, L, L, 1}, net.w_rh, none, da, dw_rh, unused, H, data.n);
    }
    sum_rows(static_cast<const T*>(da), db_r.data, L, H);
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
    // the update
    T rate = data.rates[s];
    if (data.clip > 0) {
      double square = 0;
      const auto add = [&square](const T* g, Size n) { square += double(dot(g, g, n)); };
      add(dw_rx, words * H), add(dw_rh, H * H), add(db_r, H), add(dw_oh, K * H), add(db_o, K);
      const double norm = __builtin_sqrt(square);
      if (norm > data.clip) rate = T(double(rate) * (data.clip / norm));
    }
    for (Size i = 0; i < words; ++i) {
      add_scaled(net.w_rx + used[i] * H, -rate, dw_rx + i * H, H);
      slot[used[i]] = -1;
    }
    add_scaled(net.w_rh, -rate, dw_rh.data, H * H);
    add_scaled(net.b_r, -rate, db_r.data, H);
    add_scaled(net.w_oh, -rate, dw_oh.data, K * H);
    add_scaled(net.b_o, -rate, db_o.data, K);
    if (s + 1 < data.S) transpose<T>(w_hr, H, net.w_rh, H, H, H);
    ids += L, gold += L;
    if (mask) mask += L * H;
  }
  return result;
}
