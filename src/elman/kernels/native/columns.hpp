// The columns of a row, vector by vector.
#pragma once
#include "simd.hpp"

namespace elman {
namespace {

// Access to a row's columns from j on: a whole vector, or the remainder at the end.
template <class T>
struct Whole {
  static Vec<T> get(const T* from) { return load(from); }
  static void put(T* to, Vec<T> v) { store(to, v); }
  static Vec<T> times(Vec<T> v, const T* from) { return v * load(from); }
};
template <class T>
struct Part {
  Size n;
  Vec<T> get(const T* from) const {
    T some[W<T>] = {};
    for (Size i = 0; i < n; ++i) some[i] = from[i];
    return load(some);
  }
  void put(T* to, Vec<T> v) const {
    T some[W<T>];
    store(some, v);
    for (Size i = 0; i < n; ++i) to[i] = some[i];
  }
  // Goes through memory, so that the product is rounded and never fused into a multiply-add.
  Vec<T> times(Vec<T> v, const T* from) const {
    T some[W<T>];
    store(some, v);
    for (Size i = 0; i < n; ++i) some[i] *= from[i];
    return load(some);
  }
};
// Calls f(access, j) for the columns of a row, vector by vector.
template <class T, class Function>
inline void columns(Size H, Function f) {
  Size j = 0;
  for (; j + W<T> <= H; j += W<T>) f(Whole<T>{}, j);
  if (j < H) f(Part<T>{H - j}, j);
}

}  // namespace
}  // namespace elman
