// Minibatch SGD of logistic regression on weighted bags; reference/regression.py states the maths.
#pragma once
#include "adam.hpp"
#include "basic.hpp"

namespace elman {
namespace {

template <class T>
void unit_bag_forward(const T* table, const T* scale, const Id* ids, const Id* offsets, T* sums, T* lengths, Size U,
                      Size E) {
  clear(sums, U * E);
  for (Size u = 0; u < U; ++u, sums += E) {
    T squares = 0;
    for (Id i = offsets[u]; i < offsets[u + 1]; ++i) {
      const T own = scale[ids[i]];
      squares += own * own;
      add_scaled(sums, own, table + ids[i] * E, E);
    }
    lengths[u] = squares > 0 ? sqrt_of(squares) : T(1);
    for (Size e = 0; e < E; ++e) sums[e] /= lengths[u];
  }
}

template <class T>
void regression_steps(T* table, T* bias, const T* scale, const Id* ids, const Id* offsets, const Id* gold,
                      const Id* sizes, const T* rates, double share, double* loss, Size* correct, Size U, Size K,
                      Size S) {
  Scratch<T> scores(U * K), p(U * K), lengths(U), losses(U), shares(U);
  for (Size u = 0; u < U; ++u) shares[u] = T(share);
  *loss = 0, *correct = 0;
  for (Size s = 0; s < S; ++s) {
    const Size n = sizes[s];
    unit_bag_forward<T>(table, scale, ids, offsets, scores, lengths, n, K);
    for (Size u = 0; u < n; ++u) add_scaled(scores + u * K, T(1), bias, K);
    softmax_cross_entropy_forward<T>(scores, gold, losses, p, n, K);
    for (Size u = 0; u < n; ++u) {
      const T* row = p + u * K;
      Size best = 0;
      for (Size k = 1; k < K; ++k) best = row[k] > row[best] ? k : best;
      *loss += double(losses[u]), *correct += best == Size(gold[u]);
    }
    softmax_cross_entropy_backward<T>(shares, p, gold, scores, n, K);
    for (Size u = 0; u < n; ++u) {
      T* d = scores + u * K;
      add_scaled(bias, -rates[s], d, K);
      const T step = -rates[s] / lengths[u];
      for (Id i = offsets[u]; i < offsets[u + 1]; ++i) add_scaled(table + ids[i] * K, step * scale[ids[i]], d, K);
    }
    offsets += n, gold += n;
  }
}

}  // namespace
}  // namespace elman
