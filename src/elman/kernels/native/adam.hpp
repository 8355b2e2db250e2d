// Adam with lazy updates of rows; reference/adam.py states the maths.
#pragma once
#include "types.hpp"

namespace elman {
namespace {

inline float sqrt_of(float x) { return __builtin_sqrtf(x); }
inline double sqrt_of(double x) { return __builtin_sqrt(x); }

template <class T>
void adam_rows(T* table, T* means, T* squares, const Id* ids, const T* g, const T* late, double scale64, double fade64,
               double beta1_64, double beta2_64, double epsilon64, Size U, Size E) {
  const T scale = T(scale64), fade = T(fade64), beta1 = T(beta1_64), beta2 = T(beta2_64), epsilon = T(epsilon64);
  // Plain loops, vectorized by the compiler: sqrt and / give the same bits at any vector width.
  for (Size u = 0; u < U; ++u, late += 4) {
    T* __restrict w = table + ids[u] * E;
    T* __restrict m = means + ids[u] * E;
    T* __restrict v = squares + ids[u] * E;
    const T reach = late[0], left = late[1], kept_m = late[2], kept_v = late[3];
    if (reach != 0 || left != 1 || kept_m != 1 || kept_v != 1)
      for (Size e = 0; e < E; ++e) {
        w[e] = left * w[e] - reach * (m[e] / (sqrt_of(v[e]) + epsilon));
        m[e] *= kept_m;
        v[e] *= kept_v;
      }
    if (!g) continue;
    const T* __restrict d = g + u * E;
    const T new_m = 1 - beta1, new_v = 1 - beta2;
    for (Size e = 0; e < E; ++e) {
      m[e] = beta1 * m[e] + new_m * d[e];
      v[e] = beta2 * v[e] + new_v * (d[e] * d[e]);
      w[e] = fade * w[e] - scale * (m[e] / (sqrt_of(v[e]) + epsilon));
    }
  }
}

// The sum of the squares of float32 or float64 numbers, in float64.
template <class T>
void sum_of_squares(const T* x, double* squares, Size N) {
  double sums[8] = {};
  Size i = 0;
  for (; i + 8 <= N; i += 8)
    for (Size j = 0; j < 8; ++j) sums[j] += double(x[i + j]) * double(x[i + j]);
  for (; i < N; ++i) sums[i % 8] += double(x[i]) * double(x[i]);
  *squares = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace
}  // namespace elman
