// Linear-chain CRF over packed batches; reference/crf.py states the maths.
//
// The sum over the previous tags is a matrix product: exp(alpha), scaled so that the largest of a row is 1, times
// exp(transitions), scaled so that the largest of a column is 1. Weights below `least` are set to 0, so that no product
// is denormal (slow) or underflows. If a sum is below `enough` (forbidden transitions, scores far apart), the dropped
// weights could matter, and the sum is recomputed in log space.
#pragma once
#include "gemm.hpp"

namespace elman {
namespace {

template <class T>
constexpr T least = T(1e-150);
template <class T>
constexpr T enough = T(1e-130);
template <>
constexpr float least<float> = 1e-18f;
template <>
constexpr float enough<float> = 1e-10f;

// log(x) for a normal x > 0, error below 2e-7: exponent · log 2 + log m, with m in [√½, √2] and
// log m = 2 artanh((m - 1) / (m + 1)) as a series.
inline Vec<float> log_of(Vec<float> x) {
  using I = VectorOf<float>::ints;
  I bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const I exponent = (bits - 0x3f3504f3) >> 23;  // 0x3f3504f3: √½
  bits -= exponent << 23;
  Vec<float> m;
  __builtin_memcpy(&m, &bits, sizeof m);
  const Vec<float> s = (m - 1.0f) / (m + 1.0f), z = s * s, k = __builtin_convertvector(exponent, Vec<float>);
  Vec<float> p = z * (1.0f / 9) + (1.0f / 7);
  p = p * z + (1.0f / 5);
  p = p * z + (1.0f / 3);
  return k * 0.693359375f + (2.0f * (s + s * z * p) - k * 2.12194440e-4f);
}
inline Vec<double> log_of(Vec<double> x) {
  for (Size i = 0; i < W<double>; ++i) x[i] = __builtin_log(x[i]);
  return x;
}

// exp(x) for x <= 0; results below `least` become exactly 0, so that forbidden transitions have probability 0.
template <class T>
inline Vec<T> weight_of(Vec<T> x) {
  const Vec<T> e = exp_of(x);
  return e < broadcast(least<T>) ? Vec<T>{} : e;
}
// Exponentiates a row of log weights whose maximum is 0.
template <class T>
inline void weights_of(T* to, const T* logs, Size n) {
  zip(to, logs, logs, n, [](Vec<T> x, Vec<T>) { return weight_of<T>(x); });
}
// Replaces x by softmax(x); returns log Σ exp(x).
template <class T>
inline T softmax_row(T* x, Size n) {
  const T most = max_of(static_cast<const T*>(x), n);
  map(x, n, [most](Vec<T> v) { return weight_of<T>(v - most); });
  const T total = sum_of(static_cast<const T*>(x), n), share = T(1) / total;
  map(x, n, [share](Vec<T> v) { return v * share; });
  return most + T(__builtin_log(double(total)));
}
template <class T>
inline void add(T* to, const T* a, const T* b, Size n) {
  zip(to, a, b, n, [](Vec<T> x, Vec<T> y) { return x + y; });
}
// Subtracts the row's maximum.
template <class T>
inline void lower(T* x, Size n) {
  const T most = max_of(static_cast<const T*>(x), n);
  map(x, n, [most](Vec<T> v) { return v - most; });
}

// The transitions, transposed, scaled and packed for the products.
template <class T>
struct Chain {
  Size K;
  Scratch<T> into;                // (K, K) [to, from] transitions
  Scratch<T> most;                // (K,) the largest transition into each tag
  Scratch<T> weights;             // (K, K) [from, to] exp(transition - most)
  Scratch<T> forwards, backwards; // weights and their transpose, packed
  Scratch<T> row;                 // (K,)

  Chain(const T* transitions, Size K)
      : K(K), into(K * K), most(K), weights(K * K), forwards(packed_size<T>(K, K)), backwards(packed_size<T>(K, K)),
        row(K) {
    Scratch<T> columns(K * K);
    transpose<T>(into, K, transitions, K, K, K);
    copy<T>(columns, into, K * K);
    for (Size j = 0; j < K; ++j) {
      T* column = columns + j * K;
      most[j] = max_of(static_cast<const T*>(column), K);
      lower(column, K);
      weights_of(column, static_cast<const T*>(column), K);
    }
    transpose<T>(weights, K, columns, K, K, K);
    pack(forwards.data, rows_of(static_cast<const T*>(weights), K), K, K);
    pack(backwards.data, rows_of(static_cast<const T*>(columns), K), K, K);
  }

  // sums (rows, K) = p (rows, K) · weights
  void sum(Size rows, const T* p, T* sums) const {
    multiply_packed<T>(rows, K, K, rows_of(p, K), forwards.data, nullptr, 0, sums, K);
  }
  // row = p(previous tag | tag j), from the previous word's alphas; returns the log of the normalizer.
  T from_tag(const T* alpha, Size j) {
    add<T>(row, alpha, into + j * K, K);
    return softmax_row<T>(row, K);
  }
  // Takes the logs of a row of sums; recomputes those that are too small in log space.
  void logs(T* to, const T* sums, const T* alpha) {
    zip(to, sums, static_cast<const T*>(most), K, [](Vec<T> q, Vec<T> m) { return log_of(q) + m; });
    for (Size j = 0; j < K; ++j)
      if (!(sums[j] >= enough<T>)) to[j] = from_tag(alpha, j);
  }
  // Writes alpha (N, K) and the losses; if gold is null, only alpha.
  void forward(const T* scores, const Id* gold, Steps s, const T* begin, const T* end, T* losses, T* alpha) {
    Scratch<T> p(s.B * K), sums(s.B * K);
    Size before = 0;  // rows of the previous step
    for (Size t = 0; t < s.T; ++t) {
      const Size size = s.sizes[t], later = t + 1 < s.T ? s.sizes[t + 1] : 0;
      if (t) sum(size, p, sums);
      for (Size b = 0; b < size; ++b) {
        T* to = alpha + b * K;
        const T* from = to - before * K;
        if (t) logs(to, sums + b * K, from);
        if (t && gold) {
          const Id y = gold[b - before], next = gold[b];
          losses[b - before] = to[next] - from[y] - into[next * K + y];
        }
        add(to, t ? static_cast<const T*>(to) : begin, scores + b * K, K);
        lower(to, K);
        if (b < later) {
          weights_of(p + b * K, static_cast<const T*>(to), K);
        } else if (gold) {
          add<T>(row, to, end, K);
          const T right = row[gold[b]];
          losses[b] = softmax_row<T>(row, K) - right;
        }
      }
      alpha += size * K, scores += size * K;
      if (gold) gold += size, losses += size;
      before = size;
    }
  }
  // to (rows, K) += Σ_j d(j) p(i | j) for each previous tag i, from p and alpha of the previous words. Divides d
  // (rows, K) by the sums for j. Tags j whose sum is too small are handled in log space: their d(j) becomes 0, and
  // counts (K, K) [to, from], if not null, gets += d(j) p(i | j).
  void backward(Size rows, const T* alpha, const T* p, T* d, T* to, T* counts) {
    Scratch<T> sums(rows * K);
    sum(rows, p, sums);
    for (Size b = 0; b < rows; ++b)
      for (Size j = 0; j < K; ++j) {
        T& x = d[b * K + j];
        const T q = sums[b * K + j];
        if (!(x > least<T> || x < -least<T>)) {
          x = 0;
        } else if (q >= enough<T>) {
          x /= q;
        } else {
          from_tag(alpha + b * K, j);
          add_scaled<T>(to + b * K, x, row, K);
          if (counts) add_scaled<T>(counts + j * K, x, row, K);
          x = 0;
        }
      }
    multiply_packed<T>(rows, K, K, rows_of(static_cast<const T*>(d), K), backwards.data, nullptr, 0, sums, K);
    zip<T>(sums, sums, p, rows * K, [](Vec<T> x, Vec<T> y) { return x * y; });
    add<T>(to, to, sums, rows * K);
  }
};

template <class T>
void crf_forward(const T* scores, const Id* gold, Steps s, const T* transitions, const T* begin, const T* end,
                 T* losses, T* alpha, Size K) {
  Chain<T>(transitions, K).forward(scores, gold, s, begin, end, losses, alpha);
}

template <class T>
void crf_backward(const T* dlosses, const T* alpha, const Id* gold, Steps s, const T* transitions, const T* end,
                  T* dscores, T* dtransitions, T* dbegin, T* dend, Size K) {
  Chain<T> chain(transitions, K);
  const Size N = s.N, M = N - s.B;                 // M words have a previous word
  Scratch<T> p(N * K), counts(K * K), d(M * K);    // d: gradients of the words from the second on
  Scratch<T> fronts(M * K);                        // p of the words before them
  for (Size i = 0; i < N; ++i) weights_of(p + i * K, alpha + i * K, K);
  clear<T>(dscores, N * K), clear<T>(counts, K * K), clear<T>(dend, K), clear<T>(dbegin, K);
  Size stop = N;
  for (Size t = s.T - 1; t >= 0; --t) {
    const Size size = s.sizes[t], later = t + 1 < s.T ? s.sizes[t + 1] : 0, start = stop - size;
    for (Size b = 0; b < size; ++b) {
      T* to = dscores + (start + b) * K;
      const T dloss = dlosses[start + b];
      if (b >= later) {  // the last word of a sentence
        add(to, alpha + (start + b) * K, end, K);
        softmax_row(to, K);
        map(to, K, [dloss](Vec<T> x) { return x * dloss; });
      }
      to[gold[start + b]] -= dloss;
      if (b >= later) add_scaled(dend, T(1), static_cast<const T*>(to), K);
    }
    if (t) {
      const Size front = start - s.sizes[t - 1];
      T* di = d + (start - s.B) * K;
      copy<T>(di, dscores + start * K, size * K);
      for (Size b = 0; b < size; ++b) {
        const Id y = gold[front + b], next = gold[start + b];
        di[b * K + next] += dlosses[front + b];
        counts[next * K + y] -= dlosses[front + b];
      }
      copy<T>(fronts + (start - s.B) * K, p + front * K, size * K);
      chain.backward(size, alpha + front * K, p + front * K, di, dscores + front * K, counts);
    }
    stop = start;
  }
  for (Size b = 0; b < s.B; ++b) add_scaled(dbegin, T(1), static_cast<const T*>(dscores + b * K), K);
  Scratch<T> packed(packed_size<T>(M, K)), others(K * K);
  multiply<T>(K, K, M, transposed(static_cast<const T*>(fronts), K), rows_of(static_cast<const T*>(d), K), packed,
              nullptr, dtransitions);
  zip(dtransitions, dtransitions, static_cast<const T*>(chain.weights), K * K,
      [](Vec<T> x, Vec<T> y) { return x * y; });
  transpose<T>(others, K, counts, K, K, K);
  add<T>(dtransitions, dtransitions, others, K * K);
}

template <class T>
void crf_marginals(const T* scores, Steps s, const T* transitions, const T* begin, const T* end, T* p, Size K) {
  Chain<T> chain(transitions, K);
  Scratch<T> alpha(s.N * K), weights(s.B * K), d(s.B * K);
  chain.forward(scores, nullptr, s, begin, end, nullptr, alpha);
  clear<T>(p, s.N * K);
  Size stop = s.N;
  for (Size t = s.T - 1; t >= 0; --t) {
    const Size size = s.sizes[t], later = t + 1 < s.T ? s.sizes[t + 1] : 0, start = stop - size;
    for (Size b = 0; b < size; ++b) {
      T* to = p + (start + b) * K;
      if (b >= later) {
        add(to, alpha + (start + b) * K, end, K);
        softmax_row(to, K);
      }
      const T share = T(1) / sum_of(static_cast<const T*>(to), K);
      map(to, K, [share](Vec<T> x) { return x * share; });
    }
    if (t) {
      const Size front = start - s.sizes[t - 1];
      for (Size b = 0; b < size; ++b) weights_of(weights + b * K, alpha + (front + b) * K, K);
      copy<T>(d, p + start * K, size * K);
      chain.backward(size, alpha + front * K, weights, d, p + front * K, nullptr);
    }
    stop = start;
  }
}

// Viterbi. The best sums of all words are kept; the best previous tag is then searched only for the tags of the best
// path. Rows are padded to whole vectors with sums that are never the largest.
template <class T>
struct Viterbi {
  static constexpr T NEVER = T(-3e38);
  Size K, wide;
  Scratch<T> ways, into, first, last;  // (K, wide) transitions, and their transpose; begin and end (wide,)
  Scratch<T> lanes;                    // 0, 1 …

  Viterbi(const T* transitions, const T* begin, const T* end, Size K)
      : K(K), wide((K + W<T> - 1) / W<T> * W<T>), ways(K * wide), into(K * wide), first(wide), last(wide), lanes(wide) {
    Scratch<T> columns(K * K);
    transpose<T>(columns, K, transitions, K, K, K);
    for (Size i = 0; i < K; ++i) pad(ways + i * wide, transitions + i * K), pad(into + i * wide, columns + i * K);
    pad(first, begin), pad(last, end);
    for (Size j = 0; j < wide; ++j) lanes[j] = T(j);
  }
  void pad(T* to, const T* from) const {
    copy<T>(to, from, K);
    for (Size j = K; j < wide; ++j) to[j] = NEVER;
  }
  // now = the best sums of a word's tags, less the largest; `from`: those of the previous word or null. The scores may
  // be read up to whole vectors.
  void step(const T* from, const T* scores, T* now) const {
    Vec<T> high = broadcast(NEVER);
    for (Size j = 0; j < wide; j += W<T>) {
      Vec<T> most = load(first + j);
      if (from) {
        const T* way = ways + j;
        most = from[0] + load(way);
        Vec<T> other = most;  // two maxima: one would wait for itself
        Size i = 1;
        for (; i + 2 <= K; i += 2) {
          const Vec<T> a = from[i] + load(way + i * wide), b = from[i + 1] + load(way + (i + 1) * wide);
          most = a > most ? a : most;
          other = b > other ? b : other;
        }
        if (i < K) {
          const Vec<T> a = from[i] + load(way + i * wide);
          most = a > most ? a : most;
        }
        most = other > most ? other : most;
      }
      most += load(lanes + j) < broadcast(T(K)) ? load(scores + j) : Vec<T>{};
      high = most > high ? most : high;
      store(now + j, most);
    }
    const T less = max_of<T>(high);
    for (Size j = 0; j < wide; j += W<T>) store(now + j, load(now + j) - less);
  }
  // The first of the largest sums x + more.
  Id best(const T* x, const T* more) const {
    Vec<T> high = load(x) + load(more);
    for (Size j = W<T>; j < wide; j += W<T>) {
      const Vec<T> sum = load(x + j) + load(more + j);
      high = sum > high ? sum : high;
    }
    const Vec<T> most = broadcast(max_of<T>(high));
    Vec<T> at = broadcast(T(K - 1));  // if there are no numbers
    for (Size j = 0; j < wide; j += W<T>) {
      const Vec<T> own = load(x + j) + load(more + j) >= most ? load(lanes + j) : at;
      at = own < at ? own : at;
    }
    return static_cast<Id>(min_of<T>(at));
  }
};
template <class T>
void crf_best(const T* scores, Steps s, const T* transitions, const T* begin, const T* end, Id* ids, Size K) {
  const Viterbi<T> chain(transitions, begin, end, K);
  const Size wide = chain.wide;
  Scratch<T> best(s.N * wide), rest(wide);
  Size start = 0;
  for (Size t = 0; t < s.T; ++t) {
    const Size size = s.sizes[t], before = t ? s.sizes[t - 1] : 0, later = t + 1 < s.T ? s.sizes[t + 1] : 0;
    for (Size row = start; row < start + size; ++row) {
      const T* own = scores + row * K;
      if ((row + 1) * K + wide - K > s.N * K) copy<T>(rest, own, K), own = rest;
      T* now = best + row * wide;
      chain.step(t ? now - before * wide : nullptr, own, now);
      if (row - start >= later) ids[row] = chain.best(now, chain.last);
    }
    start += size;
  }
  for (Size t = s.T - 1; t > 0; --t) {
    start -= s.sizes[t];
    const Size front = start - s.sizes[t - 1];
    for (Size b = 0; b < s.sizes[t]; ++b)
      ids[front + b] = chain.best(best + (front + b) * wide, chain.into + ids[start + b] * wide);
  }
}

}  // namespace
}  // namespace elman
