// The kernels, compiled once per instruction set: ISA_NAME is its name, VECTOR_BYTES the width of its vectors.
// The maths is stated in reference.py; names, shapes and signs are the same.
#include <cstdint>
#include <new>

#include "table.hpp"

#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

namespace elman {
namespace {

#include "simd.hpp"
//
#include "gemm.hpp"

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

// to (N, H) = the state in front of each row of h (N, H).
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
    Size end = s.N, later = 0;  // rows of the following step
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
    // error holds of each output error the δ_r furthest back so far; every round takes it one step further back.
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
  multiply<T>(H, H, s.N, transposed(static_cast<const T*>(da), H), rows_of(static_cast<const T*>(before), H), packed, nullptr, dw_rh);
}

// Each row of scores (N, K) to probabilities; returns through losses -log p[gold].
template <class T>
void softmax_forward(const T* scores, const Id* gold, T* losses, T* p, Size N, Size K) {
  for (Size i = 0; i < N; ++i, scores += K, p += K) {
    const T most = most_of(scores, K);
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
void softmax_backward(const T* dlosses, const T* p, const Id* gold, T* dscores, Size N, Size K) {
  for (Size i = 0; i < N; ++i, p += K, dscores += K) {
    const T d = dlosses[i];
    for (Size k = 0; k < K; ++k) dscores[k] = p[k] * d;
    dscores[gold[i]] -= d;
  }
}

#include "gated.hpp"
#include "layer.hpp"
#include "crf.hpp"
#include "states.hpp"
#include "adam.hpp"
#include "online.hpp"

template <class T>
constexpr Functions<T> functions() {
  return {linear_forward<T>, linear_backward<T>, embedding_forward<T>, embedding_backward<T>,
          bag_forward<T>,    bag_backward<T>,
          elman_forward<T>,  elman_backward<T>,  softmax_forward<T>,   softmax_backward<T>,
          lstm_forward<T>,   lstm_backward<T>,   lstm_layer_forward<T>, lstm_layer_backward<T>, gru_forward<T>,       gru_backward<T>,
          sru_forward<T>,    sru_backward<T>,    mingru_forward<T>,    mingru_backward<T>,
          crf_forward<T>,    crf_backward<T>,    crf_best<T>,          crf_marginals<T>,
          lstm_states<T>,    adam_rows<T>,       online_steps<T>};
}

}  // namespace

extern const Table JOIN(table_, ISA_NAME);
const Table JOIN(table_, ISA_NAME) = {QUOTE(ISA_NAME), functions<float>(), functions<double>()};

}  // namespace elman
