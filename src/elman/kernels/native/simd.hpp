// Vectors of one instruction set (GCC/Clang vector types, VECTOR_BYTES wide) and the functions that networks need.
// Compiled once per instruction set in an unnamed namespace: translation units must share nothing, so nothing from
// std:: that is compiled out of line may be used.
#pragma once
#include <utility>

#include "scratch.hpp"

#ifndef VECTOR_BYTES
#define VECTOR_BYTES 16
#endif

// For loops over a tile's registers: without unrolling, the compiler would keep the tile in memory.
#define UNROLL _Pragma("GCC unroll 16")

namespace elman {
namespace {

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(VECTOR_BYTES)));
  typedef std::int32_t ints __attribute__((vector_size(VECTOR_BYTES)));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(VECTOR_BYTES)));
};
template <class T>
using Vec = typename VectorOf<T>::type;
template <class T>
constexpr Size W = VECTOR_BYTES / static_cast<Size>(sizeof(T));

template <class T>
inline Vec<T> load(const T* from) {
  Vec<T> v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
template <class T>
inline void store(T* to, Vec<T> v) {
  __builtin_memcpy(to, &v, sizeof v);
}
template <class T>
inline Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}
inline Size at_most(Size a, Size b) { return a < b ? a : b; }

// exp(x), relative error below 2e-7: 2^k from the exponent bits times a polynomial on [-ln2/2, ln2/2].
inline Vec<float> exp_of(Vec<float> x) {
  using I = VectorOf<float>::ints;
  const Vec<float> low = broadcast(-87.0f), high = broadcast(88.0f);
  x = x < low ? low : x;
  x = x > high ? high : x;
  const Vec<float> magic = broadcast(12582912.0f);  // 1.5 · 2^23: adding it rounds to an integer
  const Vec<float> k = (x * 1.44269504f + magic) - magic;
  const Vec<float> r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
  Vec<float> p = r * (1.0f / 5040) + (1.0f / 720);
  p = p * r + (1.0f / 120);
  p = p * r + (1.0f / 24);
  p = p * r + (1.0f / 6);
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const I bits = (__builtin_convertvector(k, I) + 127) << 23;
  Vec<float> scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}
// tanh(x), absolute error below 1e-7.
inline Vec<float> tanh_of(Vec<float> x) {
  const Vec<float> low = broadcast(-20.0f), high = broadcast(20.0f);
  x = x < low ? low : x;
  x = x > high ? high : x;
  return 1.0f - 2.0f / (exp_of(x + x) + 1.0f);
}
// float64 is for gradient checks: accuracy matters, speed does not.
inline Vec<double> exp_of(Vec<double> x) {
  for (Size i = 0; i < W<double>; ++i) x[i] = __builtin_exp(x[i]);
  return x;
}
inline Vec<double> tanh_of(Vec<double> x) {
  for (Size i = 0; i < W<double>; ++i) x[i] = __builtin_tanh(x[i]);
  return x;
}

// 1 / (1 + exp(-x))
template <class V>
inline V sigmoid_of(V x) {
  return 1 / (1 + exp_of(-x));
}

// Applies f to n numbers in place; the last vector is padded with zeros, so that all elements are computed alike.
template <class T, class Function>
inline void map(T* to, Size n, Function f) {
  Size i = 0;
  for (; i + W<T> <= n; i += W<T>) store(to + i, f(load(to + i)));
  if (i < n) {
    T rest[W<T>] = {};
    for (Size j = i; j < n; ++j) rest[j - i] = to[j];
    store(rest, f(load(rest)));
    for (Size j = i; j < n; ++j) to[j] = rest[j - i];
  }
}
// Writes f(a_i, b_i) of n numbers to `to`.
template <class T, class Function>
inline void zip(T* to, const T* a, const T* b, Size n, Function f) {
  Size i = 0;
  for (; i + W<T> <= n; i += W<T>) store(to + i, f(load(a + i), load(b + i)));
  if (i < n) {
    T x[W<T>] = {}, y[W<T>] = {};
    for (Size j = i; j < n; ++j) x[j - i] = a[j], y[j - i] = b[j];
    store(x, f(load(x), load(y)));
    for (Size j = i; j < n; ++j) to[j] = x[j - i];
  }
}
template <class T>
inline T sum_of(Vec<T> v) {
  T total = 0;
  for (Size i = 0; i < W<T>; ++i) total += v[i];
  return total;
}
// The lanes of v from lane N on, then those before it.
template <class T, Size N, std::size_t... I>
inline Vec<T> rotated(Vec<T> v, std::index_sequence<I...>) {
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
  return __builtin_shufflevector(v, v, static_cast<int>((I + N) % sizeof...(I))...);
#endif
#endif
  T lanes[2 * W<T>];
  store(lanes, v), store(lanes + W<T>, v);
  return load(lanes + N);
}
// f of all lanes of v, by halves.
template <class T, Size N, class Function>
inline T fold(Vec<T> v, Function f) {
  if constexpr (N == 0)
    return v[0];
  else
    return fold<T, N / 2>(f(v, rotated<T, N>(v, std::make_index_sequence<static_cast<std::size_t>(W<T>)>())), f);
}
template <class T>
inline T max_of(Vec<T> v) {
  return fold<T, W<T> / 2>(v, [](Vec<T> a, Vec<T> b) { return a > b ? a : b; });
}
template <class T>
inline T min_of(Vec<T> v) {
  return fold<T, W<T> / 2>(v, [](Vec<T> a, Vec<T> b) { return a < b ? a : b; });
}
template <class T>
inline T max_of(const T* x, Size n) {
  T most = x[0];
  Size i = 0;
  if (n >= W<T>) {
    Vec<T> high = load(x);
    for (i = W<T>; i + W<T> <= n; i += W<T>) high = load(x + i) > high ? load(x + i) : high;
    most = max_of<T>(high);
  }
  for (; i < n; ++i) most = x[i] > most ? x[i] : most;
  return most;
}
template <class T>
inline T sum_of(const T* x, Size n) {
  Vec<T> total{};
  Size i = 0;
  for (; i + W<T> <= n; i += W<T>) total += load(x + i);
  T rest = 0;
  for (; i < n; ++i) rest += x[i];
  return sum_of<T>(total) + rest;
}
template <class T>
inline T dot(const T* a, const T* b, Size n) {
  Vec<T> total0{}, total1{};
  Size i = 0;
  for (; i + 2 * W<T> <= n; i += 2 * W<T>) {
    total0 += load(a + i) * load(b + i);
    total1 += load(a + i + W<T>) * load(b + i + W<T>);
  }
  T total = sum_of<T>(total0 + total1);
  for (; i < n; ++i) total += a[i] * b[i];
  return total;
}
// to += s · from
template <class T>
inline void add_scaled(T* to, T s, const T* from, Size n) {
  zip(to, to, from, n, [s](Vec<T> x, Vec<T> y) { return x + s * y; });
}

// Transposes a 4 × 4 block: to[i][j] = from[j][i], with the given row strides.
template <class T>
inline void transpose4(T* to, Size to_row, const T* from, Size from_row) {
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
  typedef T Four __attribute__((vector_size(4 * sizeof(T))));
  Four a, b, c, d;
  __builtin_memcpy(&a, from, sizeof a);
  __builtin_memcpy(&b, from + from_row, sizeof b);
  __builtin_memcpy(&c, from + 2 * from_row, sizeof c);
  __builtin_memcpy(&d, from + 3 * from_row, sizeof d);
  const Four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Four AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  c = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
  d = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
  __builtin_memcpy(to, &a, sizeof a);
  __builtin_memcpy(to + to_row, &b, sizeof b);
  __builtin_memcpy(to + 2 * to_row, &c, sizeof c);
  __builtin_memcpy(to + 3 * to_row, &d, sizeof d);
  return;
#endif
#endif
  for (Size i = 0; i < 4; ++i)
    for (Size j = 0; j < 4; ++j) to[i * to_row + j] = from[j * from_row + i];
}
// to (C, R) = the transpose of from (R, C), with row strides to_row and from_row.
template <class T>
inline void transpose(T* to, Size to_row, const T* from, Size from_row, Size R, Size C) {
  const Size r4 = R / 4 * 4, c4 = C / 4 * 4;
  // 16 columns at a time, so that a cache line of `from` is read only once
  for (Size block = 0; block < c4; block += 16)
    for (Size i = 0; i < r4; i += 4)
      for (Size j = block; j < at_most(block + 16, c4); j += 4)
        transpose4(to + j * to_row + i, to_row, from + i * from_row + j, from_row);
  for (Size j = c4; j < C; ++j)
    for (Size i = 0; i < r4; ++i) to[j * to_row + i] = from[i * from_row + j];
  for (Size j = 0; j < C; ++j)
    for (Size i = r4; i < R; ++i) to[j * to_row + i] = from[i * from_row + j];
}

}  // namespace
}  // namespace elman
