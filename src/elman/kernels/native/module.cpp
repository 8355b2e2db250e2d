// The Python module elman.kernels._native: checks shapes, releases the interpreter, calls the chosen instruction set.
// Results are written into arrays the caller made (see __init__.py beside this file).
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "table.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace elman {

#ifdef ELMAN_HAS_baseline
extern const Table table_baseline;
#endif
#ifdef ELMAN_HAS_neon
extern const Table table_neon;
#endif
#ifdef ELMAN_HAS_avx2
extern const Table table_avx2;
#endif
#ifdef ELMAN_HAS_avx512
extern const Table table_avx512;
#endif

const Table* chosen = nullptr;
void bind_tagging(nb::module_& m);
void bind_lines(nb::module_& m);
void bind_trees(nb::module_& m);

namespace {

// What this processor can run, narrowest first.
std::vector<const Table*> runnable() {
  std::vector<const Table*> sets;
#ifdef ELMAN_HAS_baseline
  sets.push_back(&table_baseline);
#endif
#ifdef ELMAN_HAS_neon
  sets.push_back(&table_neon);
#endif
#ifdef ELMAN_HAS_avx2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&table_avx2);
#endif
#ifdef ELMAN_HAS_avx512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    sets.push_back(&table_avx512);
#endif
  return sets;
}

void set_isa(const std::string& name) {
  for (const Table* table : runnable())
    if (name == table->name) {
      chosen = table;
      return;
    }
  throw std::invalid_argument("no instruction set " + name);
}

template <class T>
void linear_forward(In<T, 2> x, In<T, 2> w, In<T, 1> b, Out<T, 2> y) {
  const Size N = dim(x, 0), E = dim(x, 1), H = dim(w, 0);
  expect(dim(w, 1) == E && dim(b, 0) == H && has(y, N, H), "x (N, E), w (H, E), b (H,)");
  Released release;
  kernels<T>().linear_forward(x.data(), w.data(), b.data(), y.data(), N, E, H);
}

template <class T>
void linear_backward(In<T, 2> dy, In<T, 2> x, In<T, 2> w, Out<T, 2> dx, Out<T, 2> dw, Out<T, 1> db) {
  const Size N = dim(x, 0), E = dim(x, 1), H = dim(w, 0);
  expect(has(dy, N, H) && dim(w, 1) == E && has(dx, N, E) &&
             has(dw, H, E) && dim(db, 0) == H,
         "dy (N, H), x (N, E), w (H, E)");
  Released release;
  kernels<T>().linear_backward(dy.data(), x.data(), w.data(), dx.data(), dw.data(), db.data(), N, E, H);
}

template <class T>
void embedding_forward(In<T, 2> table, Ids ids, Out<T, 2> rows) {
  const Size N = dim(ids, 0), E = dim(table, 1);
  expect(has(rows, N, E), "table (V, E), ids (N,)");
  expect_ids(ids, dim(table, 0));
  Released release;
  kernels<T>().embedding_forward(table.data(), ids.data(), rows.data(), N, E);
}

template <class T>
void embedding_backward(In<T, 2> drows, Ids ids, Out<T, 2> dtable) {
  const Size N = dim(ids, 0), E = dim(dtable, 1);
  expect(has(drows, N, E), "drows (N, E), ids (N,)");
  expect_ids(ids, dim(dtable, 0));
  Released release;
  kernels<T>().embedding_backward(drows.data(), ids.data(), dtable.data(), N, E);
}

template <class T>
void bag_forward(In<T, 2> table, Ids ids, Ids offsets, Out<T, 2> sums) {
  const Size U = dim(sums, 0), E = dim(table, 1);
  expect(dim(offsets, 0) == U + 1 && dim(sums, 1) == E, "table (V, E), offsets (U + 1,)");
  expect_offsets(offsets, dim(ids, 0));
  expect_ids(ids, dim(table, 0));
  Released release;
  kernels<T>().bag_forward(table.data(), ids.data(), offsets.data(), sums.data(), U, E);
}

template <class T>
void bag_backward(In<T, 2> dsums, Ids ids, Ids offsets, Out<T, 2> dtable) {
  const Size U = dim(dsums, 0), E = dim(dsums, 1);
  expect(dim(offsets, 0) == U + 1 && dim(dtable, 1) == E, "dsums (U, E), offsets (U + 1,)");
  expect_offsets(offsets, dim(ids, 0));
  expect_ids(ids, dim(dtable, 0));
  Released release;
  kernels<T>().bag_backward(dsums.data(), ids.data(), offsets.data(), dtable.data(), U, E);
}

template <class T>
void elman_forward(In<T, 2> a, Ids sizes, In<T, 2> w_rh, In<T, 2> h0, Out<T, 2> h) {
  const Size N = dim(a, 0), H = dim(a, 1);
  expect(has(w_rh, H, H) && dim(h0, 1) == H && has(h, N, H),
         "a (N, H), w_rh (H, H), h0 (B, H)");
  const Steps steps = expect_steps(sizes, N, dim(h0, 0));
  Released release;
  kernels<T>().elman_forward(a.data(), steps, w_rh.data(), h0.data(), h.data(), H);
}

template <class T>
void elman_backward(In<T, 2> dh, In<T, 2> h, Ids sizes, In<T, 2> w_rh, In<T, 2> h0, Size n, Out<T, 2> da,
                    Out<T, 2> dw_rh, Out<T, 2> dh0) {
  const Size N = dim(h, 0), H = dim(h, 1);
  expect(has(dh, N, H) && has(w_rh, H, H) && dim(h0, 1) == H &&
             has(da, N, H) && has(dw_rh, H, H) &&
             has(dh0, dim(h0, 0), H),
         "dh, h (N, H), w_rh (H, H), h0 (B, H)");
  expect(n >= 0, "n has to be 0 or more");
  const Steps steps = expect_steps(sizes, N, dim(h0, 0));
  Released release;
  kernels<T>().elman_backward(dh.data(), h.data(), steps, w_rh.data(), h0.data(), da.data(), dw_rh.data(), dh0.data(),
                              H, n);
}

template <class T>
void softmax_forward(In<T, 2> scores, Ids gold, Out<T, 1> losses, Out<T, 2> p) {
  const Size N = dim(scores, 0), K = dim(scores, 1);
  expect(dim(gold, 0) == N && dim(losses, 0) == N && has(p, N, K), "scores (N, K), gold (N,)");
  expect_ids(gold, K);
  Released release;
  kernels<T>().softmax_forward(scores.data(), gold.data(), losses.data(), p.data(), N, K);
}

template <class T>
void softmax_backward(In<T, 1> dlosses, In<T, 2> p, Ids gold, Out<T, 2> dscores) {
  const Size N = dim(p, 0), K = dim(p, 1);
  expect(dim(gold, 0) == N && dim(dlosses, 0) == N && has(dscores, N, K),
         "dlosses (N,), p (N, K), gold (N,)");
  expect_ids(gold, K);
  Released release;
  kernels<T>().softmax_backward(dlosses.data(), p.data(), gold.data(), dscores.data(), N, K);
}

template <class T>
void adam_rows(Out<T, 2> w, Out<T, 2> m, Out<T, 2> v, Ids ids, std::optional<In<T, 2>> g, In<T, 2> late, double scale,
               double fade, double beta1, double beta2, double epsilon) {
  const Size V = dim(w, 0), E = dim(w, 1), U = dim(ids, 0);
  expect(has(m, V, E) && has(v, V, E) && has(late, U, 4), "w, m, v (V, E), ids (U,), late (U, 4)");
  if (g) expect(has(*g, U, E), "g (U, E)");
  expect_ids(ids, V);
  Released release;
  kernels<T>().adam_rows(w.data(), m.data(), v.data(), ids.data(), g ? g->data() : nullptr, late.data(),
                         {T(scale), T(fade), T(beta1), T(beta2), T(epsilon)}, U, E);
}

template <class T>
nb::tuple online_steps(Out<T, 2> w_rx, Out<T, 2> w_rh, Out<T, 1> b_r, Out<T, 2> w_oh, Out<T, 1> b_o, Ids ids, Ids gold,
                       Ids lengths, In<T, 1> rates, std::optional<In<T, 2>> mask, double clip, Size n,
                       std::optional<Ids> fresh, std::optional<Out<T, 1>> state) {
  const Size V = dim(w_rx, 0), H = dim(w_rx, 1), K = dim(w_oh, 0), N = dim(ids, 0), S = dim(lengths, 0);
  expect(has(w_rh, H, H) && dim(b_r, 0) == H && dim(w_oh, 1) == H && dim(b_o, 0) == K &&
             dim(gold, 0) == N && dim(rates, 0) == S,
         "w_rx (V, H), w_rh (H, H), b_r (H,), w_oh (K, H), b_o (K,), ids, gold (N,), lengths, rates (S,)");
  if (mask) expect(has(*mask, N, H), "mask (N, H)");
  expect(fresh.has_value() == state.has_value() && (!fresh || (dim(*fresh, 0) == S && dim(*state, 0) == H)),
         "fresh (S,) and state (H,), or neither");
  Size total = 0;
  for (Size s = 0; s < S; ++s) {
    expect(lengths.data()[s] >= 0, "lengths have to be 0 or more");
    total += lengths.data()[s];
  }
  expect(total == N, "lengths have to sum to the words");
  expect(n >= 0, "n has to be 0 or more");
  expect_ids(ids, V);
  expect_ids(gold, K);
  OnlineResult result;
  {
    Released release;
    result = kernels<T>().online_steps({w_rx.data(), w_rh.data(), b_r.data(), w_oh.data(), b_o.data(), V, H, K},
                                       {ids.data(), gold.data(), lengths.data(), fresh ? fresh->data() : nullptr,
                                        rates.data(), mask ? mask->data() : nullptr, S,
                                        state ? state->data() : nullptr, clip, n});
  }
  return nb::make_tuple(result.loss, result.correct);
}

template <class T>
void lstm_forward(In<T, 2> a, Ids sizes, In<T, 2> w_rh, In<T, 2> h0, In<T, 2> c0, Out<T, 2> h, Out<T, 2> c,
                  Out<T, 2> gates) {
  const Size N = dim(a, 0), H = dim(w_rh, 1);
  expect(has(a, N, 4 * H) && has(w_rh, 4 * H, H) && has(c0, dim(h0, 0), H) && dim(h0, 1) == H && has(h, N, H) &&
             has(c, N, H) && has(gates, N, 4 * H),
         "a (N, 4H), w_rh (4H, H), h0, c0 (B, H)");
  const Steps steps = expect_steps(sizes, N, dim(h0, 0));
  Released release;
  kernels<T>().lstm_forward(a.data(), steps, w_rh.data(), h0.data(), c0.data(), h.data(), c.data(), gates.data(), H);
}

template <class T>
void lstm_backward(In<T, 2> dh, In<T, 2> h, In<T, 2> c, In<T, 2> gates, Ids sizes, In<T, 2> w_rh, In<T, 2> h0,
                   In<T, 2> c0, Out<T, 2> da, Out<T, 2> dw_rh, Out<T, 2> dh0, Out<T, 2> dc0) {
  const Size N = dim(h, 0), H = dim(h, 1), B = dim(h0, 0);
  expect(has(dh, N, H) && has(c, N, H) && has(gates, N, 4 * H) && has(w_rh, 4 * H, H) && has(h0, B, H) &&
             has(c0, B, H) && has(da, N, 4 * H) && has(dw_rh, 4 * H, H) && has(dh0, B, H) && has(dc0, B, H),
         "dh, h, c (N, H), gates (N, 4H), w_rh (4H, H), h0, c0 (B, H)");
  const Steps steps = expect_steps(sizes, N, B);
  Released release;
  kernels<T>().lstm_backward(dh.data(), h.data(), c.data(), gates.data(), steps, w_rh.data(), h0.data(), c0.data(),
                             da.data(), dw_rh.data(), dh0.data(), dc0.data(), H);
}

template <class T>
void lstm_layer_forward(In<T, 2> x, Ids sizes, In<T, 2> w_rx, In<T, 1> b_r, In<T, 2> w_rh, Out<T, 2> h, Size column,
                        Out<T, 2> c, Out<T, 2> gates, bool reverse) {
  const Size N = dim(x, 0), E = dim(x, 1), H = dim(w_rh, 1), wide = dim(h, 1);
  expect(has(w_rx, 4 * H, E) && dim(b_r, 0) == 4 * H && has(w_rh, 4 * H, H) && dim(h, 0) == N &&
             within(column, H, wide) && has(c, N, H) && has(gates, N, 4 * H),
         "x (N, E), w_rx (4H, E), b_r (4H,), w_rh (4H, H), h (N, column + H or more)");
  const Steps steps = expect_steps(sizes, N, N);
  Released release;
  kernels<T>().lstm_layer_forward(x.data(), steps, w_rx.data(), b_r.data(), w_rh.data(), h.data() + column, wide,
                                  c.data(), gates.data(), E, H, reverse);
}

template <class T>
void lstm_layer_backward(In<T, 2> dh, In<T, 2> x, In<T, 2> h, Size column, In<T, 2> c, In<T, 2> gates, Ids sizes,
                         In<T, 2> w_rx, In<T, 2> w_rh, Out<T, 2> dx, bool add, Out<T, 2> dw_rx, Out<T, 1> db_r,
                         Out<T, 2> dw_rh, bool reverse) {
  const Size N = dim(x, 0), E = dim(x, 1), H = dim(w_rh, 1), wide = dim(h, 1);
  expect(dim(h, 0) == N && has(dh, N, wide) && within(column, H, wide) && has(c, N, H) &&
             has(gates, N, 4 * H) && has(w_rx, 4 * H, E) && has(w_rh, 4 * H, H) && has(dx, N, E) &&
             has(dw_rx, 4 * H, E) && dim(db_r, 0) == 4 * H && has(dw_rh, 4 * H, H),
         "dh, h (N, column + H or more), c (N, H), x (N, E), gates (N, 4H), w_rx (4H, E), w_rh (4H, H)");
  const Steps steps = expect_steps(sizes, N, N);
  Released release;
  kernels<T>().lstm_layer_backward(dh.data() + column, x.data(), h.data() + column, wide, c.data(), gates.data(), steps,
                                   w_rx.data(), w_rh.data(), dx.data(), add, dw_rx.data(), db_r.data(), dw_rh.data(), E,
                                   H, reverse);
}

template <class T>
void gru_forward(In<T, 2> a, Ids sizes, In<T, 2> w_rh, In<T, 1> b_rn, In<T, 2> h0, Out<T, 2> h, Out<T, 2> gates) {
  const Size N = dim(a, 0), H = dim(w_rh, 1);
  expect(has(a, N, 3 * H) && has(w_rh, 3 * H, H) && dim(b_rn, 0) == H && dim(h0, 1) == H && has(h, N, H) &&
             has(gates, N, 4 * H),
         "a (N, 3H), w_rh (3H, H), b_rn (H,), h0 (B, H)");
  const Steps steps = expect_steps(sizes, N, dim(h0, 0));
  Released release;
  kernels<T>().gru_forward(a.data(), steps, w_rh.data(), b_rn.data(), h0.data(), h.data(), gates.data(), H);
}

template <class T>
void gru_backward(In<T, 2> dh, In<T, 2> h, In<T, 2> gates, Ids sizes, In<T, 2> w_rh, In<T, 2> h0, Out<T, 2> da,
                  Out<T, 2> dw_rh, Out<T, 1> db_rn, Out<T, 2> dh0) {
  const Size N = dim(h, 0), H = dim(h, 1), B = dim(h0, 0);
  expect(has(dh, N, H) && has(gates, N, 4 * H) && has(w_rh, 3 * H, H) && has(h0, B, H) && has(da, N, 3 * H) &&
             has(dw_rh, 3 * H, H) && dim(db_rn, 0) == H && has(dh0, B, H),
         "dh, h (N, H), gates (N, 4H), w_rh (3H, H), h0 (B, H)");
  const Steps steps = expect_steps(sizes, N, B);
  Released release;
  kernels<T>().gru_backward(dh.data(), h.data(), gates.data(), steps, w_rh.data(), h0.data(), da.data(), dw_rh.data(),
                            db_rn.data(), dh0.data(), H);
}

template <class T>
void sru_forward(In<T, 2> a, Ids sizes, In<T, 2> c0, Out<T, 2> h, Out<T, 2> c) {
  const Size N = dim(a, 0), H = dim(c0, 1);
  expect(has(a, N, 4 * H) && has(h, N, H) && has(c, N, H), "a (N, 4H), c0 (B, H)");
  const Steps steps = expect_steps(sizes, N, dim(c0, 0));
  Released release;
  kernels<T>().sru_forward(a.data(), steps, c0.data(), h.data(), c.data(), H);
}

template <class T>
void sru_backward(In<T, 2> dh, In<T, 2> a, In<T, 2> c, Ids sizes, In<T, 2> c0, Out<T, 2> da, Out<T, 2> dc0) {
  const Size N = dim(dh, 0), H = dim(dh, 1), B = dim(c0, 0);
  expect(has(a, N, 4 * H) && has(c, N, H) && has(c0, B, H) && has(da, N, 4 * H) && has(dc0, B, H),
         "dh, c (N, H), a (N, 4H), c0 (B, H)");
  const Steps steps = expect_steps(sizes, N, B);
  Released release;
  kernels<T>().sru_backward(dh.data(), a.data(), c.data(), steps, c0.data(), da.data(), dc0.data(), H);
}

template <class T>
void mingru_forward(In<T, 2> a, Ids sizes, In<T, 2> h0, Out<T, 2> h) {
  const Size N = dim(a, 0), H = dim(h0, 1);
  expect(has(a, N, 2 * H) && has(h, N, H), "a (N, 2H), h0 (B, H)");
  const Steps steps = expect_steps(sizes, N, dim(h0, 0));
  Released release;
  kernels<T>().mingru_forward(a.data(), steps, h0.data(), h.data(), H);
}

template <class T>
void mingru_backward(In<T, 2> dh, In<T, 2> a, In<T, 2> h, Ids sizes, In<T, 2> h0, Out<T, 2> da, Out<T, 2> dh0) {
  const Size N = dim(dh, 0), H = dim(dh, 1), B = dim(h0, 0);
  expect(has(a, N, 2 * H) && has(h, N, H) && has(h0, B, H) && has(da, N, 2 * H) && has(dh0, B, H),
         "dh, h (N, H), a (N, 2H), h0 (B, H)");
  const Steps steps = expect_steps(sizes, N, B);
  Released release;
  kernels<T>().mingru_backward(dh.data(), a.data(), h.data(), steps, h0.data(), da.data(), dh0.data(), H);
}

// Tags in front and behind, K of them.
template <class T>
bool chain(In<T, 2> transitions, In<T, 1> begin, In<T, 1> end, Size K) {
  return K > 0 && has(transitions, K, K) && dim(begin, 0) == K && dim(end, 0) == K;
}

template <class T>
void crf_forward(In<T, 2> scores, Ids gold, Ids sizes, In<T, 2> transitions, In<T, 1> begin, In<T, 1> end,
                 Out<T, 1> losses, Out<T, 2> alpha) {
  const Size N = dim(scores, 0), K = dim(scores, 1);
  expect(chain(transitions, begin, end, K) && dim(gold, 0) == N && dim(losses, 0) == N && has(alpha, N, K),
         "scores (N, K), gold (N,), transitions (K, K), begin, end (K,)");
  expect_ids(gold, K);
  const Steps steps = expect_steps(sizes, N, N);
  Released release;
  kernels<T>().crf_forward(scores.data(), gold.data(), steps, transitions.data(), begin.data(), end.data(),
                           losses.data(), alpha.data(), K);
}

template <class T>
void crf_backward(In<T, 1> dlosses, In<T, 2> alpha, Ids gold, Ids sizes, In<T, 2> transitions, In<T, 1> end,
                  Out<T, 2> dscores, Out<T, 2> dtransitions, Out<T, 1> dbegin, Out<T, 1> dend) {
  const Size N = dim(alpha, 0), K = dim(alpha, 1);
  expect(chain(transitions, end, end, K) && dim(dlosses, 0) == N && dim(gold, 0) == N && has(dscores, N, K) &&
             has(dtransitions, K, K) && dim(dbegin, 0) == K && dim(dend, 0) == K,
         "dlosses (N,), alpha (N, K), gold (N,), transitions (K, K), end (K,)");
  expect_ids(gold, K);
  const Steps steps = expect_steps(sizes, N, N);
  Released release;
  kernels<T>().crf_backward(dlosses.data(), alpha.data(), gold.data(), steps, transitions.data(), end.data(),
                            dscores.data(), dtransitions.data(), dbegin.data(), dend.data(), K);
}

template <class T>
void crf_best(In<T, 2> scores, Ids sizes, In<T, 2> transitions, In<T, 1> begin, In<T, 1> end, Out<Id, 1> ids) {
  const Size N = dim(scores, 0), K = dim(scores, 1);
  expect(chain(transitions, begin, end, K) && dim(ids, 0) == N, "scores (N, K), transitions (K, K), begin, end (K,)");
  const Steps steps = expect_steps(sizes, N, N);
  Released release;
  kernels<T>().crf_best(scores.data(), steps, transitions.data(), begin.data(), end.data(), ids.data(), K);
}

template <class T>
void crf_marginals(In<T, 2> scores, Ids sizes, In<T, 2> transitions, In<T, 1> begin, In<T, 1> end, Out<T, 2> p) {
  const Size N = dim(scores, 0), K = dim(scores, 1);
  expect(chain(transitions, begin, end, K) && has(p, N, K), "scores (N, K), transitions (K, K), begin, end (K,)");
  const Steps steps = expect_steps(sizes, N, N);
  Released release;
  kernels<T>().crf_marginals(scores.data(), steps, transitions.data(), begin.data(), end.data(), p.data(), K);
}

template <class>
constexpr nb::arg as_it_is() {
  return nb::arg();
}
// No argument is ever converted: results go into the caller's own arrays, and a copy would lose them.
template <class Result, class... Arguments>
void def(nb::module_& m, const char* name, Result (*function)(Arguments...)) {
  m.def(name, function, as_it_is<Arguments>().noconvert()...);
}

template <class T>
void bind(nb::module_& m) {
  def(m, "linear_forward", linear_forward<T>);
  def(m, "linear_backward", linear_backward<T>);
  def(m, "embedding_forward", embedding_forward<T>);
  def(m, "embedding_backward", embedding_backward<T>);
  def(m, "bag_forward", bag_forward<T>);
  def(m, "bag_backward", bag_backward<T>);
  def(m, "elman_forward", elman_forward<T>);
  def(m, "elman_backward", elman_backward<T>);
  def(m, "softmax_forward", softmax_forward<T>);
  def(m, "softmax_backward", softmax_backward<T>);
  def(m, "lstm_forward", lstm_forward<T>);
  def(m, "lstm_backward", lstm_backward<T>);
  def(m, "lstm_layer_forward", lstm_layer_forward<T>);
  def(m, "lstm_layer_backward", lstm_layer_backward<T>);
  def(m, "gru_forward", gru_forward<T>);
  def(m, "gru_backward", gru_backward<T>);
  def(m, "sru_forward", sru_forward<T>);
  def(m, "sru_backward", sru_backward<T>);
  def(m, "mingru_forward", mingru_forward<T>);
  def(m, "mingru_backward", mingru_backward<T>);
  def(m, "crf_forward", crf_forward<T>);
  def(m, "crf_backward", crf_backward<T>);
  def(m, "crf_best", crf_best<T>);
  def(m, "crf_marginals", crf_marginals<T>);
  def(m, "adam_rows", adam_rows<T>);
  def(m, "online_steps", online_steps<T>);
}

}  // namespace
}  // namespace elman

NB_MODULE(_native, m) {
  using namespace elman;
#ifdef NDEBUG
  // What a daemon thread or a kept traceback still holds when a program ends is no leak, and nothing its user can mend.
  nb::set_leak_warnings(false);
#endif
  chosen = runnable().back();
  m.def("available", [] {
    nb::list names;
    for (const Table* table : runnable()) names.append(table->name);
    return names;
  });
  m.def("isa", [] { return chosen->name; });
  m.def("set_isa", [](const char* name) { set_isa(name); });
  bind<float>(m);
  bind<double>(m);
  bind_tagging(m);
  bind_lines(m);
  bind_trees(m);
}
