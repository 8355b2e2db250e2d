// The native kernels of one instruction set, as plain function pointers. Letters as in kernels/__init__.py.
#pragma once
#include <cstddef>
#include <cstdint>

namespace elman {

using Id = std::int32_t;
using Size = std::ptrdiff_t;

// A packed batch: step t holds sizes[t] rows; N is their sum, B = sizes[0].
struct Steps {
  const Id* sizes;
  Size T, N, B;
};

// The tutorial's network, updated in place; w_rx holds a row per word.
template <class T>
struct OnlineNet {
  T *w_rx, *w_rh, *b_r, *w_oh, *b_o;
  Size V, H, K;
};

// S sentences one after the other; mask may be null. With state (H): pieces of sentences, of which those that are not
// fresh go on from the state before; state is the first's and becomes the last's.
template <class T>
struct OnlineData {
  const Id *ids, *gold, *lengths, *fresh;
  const T *rates, *mask;
  Size S;
  T* state;
  double clip;
  Size n;
};

template <class T>
struct AdamStep {
  T scale, fade, beta1, beta2, epsilon;
};

struct OnlineResult {
  double loss;
  Size correct;
};

template <class T>
struct Functions {
  void (*linear_forward)(const T* x, const T* w, const T* b, T* y, Size N, Size E, Size H);
  void (*linear_backward)(const T* dy, const T* x, const T* w, T* dx, T* dw, T* db, Size N, Size E, Size H);
  void (*embedding_forward)(const T* table, const Id* ids, T* rows, Size N, Size E);
  void (*embedding_backward)(const T* drows, const Id* ids, T* dtable, Size N, Size E);
  void (*bag_forward)(const T* table, const Id* ids, const Id* offsets, T* sums, Size U, Size E);
  void (*bag_backward)(const T* dsums, const Id* ids, const Id* offsets, T* dtable, Size U, Size E);
  void (*elman_forward)(const T* a, Steps s, const T* w_rh, const T* h0, T* h, Size H);
  void (*elman_backward)(const T* dh, const T* h, Steps s, const T* w_rh, const T* h0, T* da, T* dw_rh, T* dh0,
                         Size H, Size n);
  void (*softmax_forward)(const T* scores, const Id* gold, T* losses, T* p, Size N, Size K);
  void (*softmax_backward)(const T* dlosses, const T* p, const Id* gold, T* dscores, Size N, Size K);
  void (*lstm_forward)(const T* a, Steps s, const T* w_rh, const T* h0, const T* c0, T* h, T* c, T* gates, Size H);
  // dh0 and dc0 come in as zeros here and below: they carry the errors from step to step
  void (*lstm_backward)(const T* dh, const T* h, const T* c, const T* gates, Steps s, const T* w_rh, const T* h0,
                        const T* c0, T* da, T* dw_rh, T* dh0, T* dc0, Size H);
  void (*lstm_layer_forward)(const T* x, Steps s, const T* w_rx, const T* b_r, const T* w_rh, T* h, Size wide, T* c,
                             T* gates, Size E, Size H, bool reverse);
  void (*lstm_layer_backward)(const T* dh, const T* x, const T* h, Size wide, const T* c, const T* gates, Steps s,
                              const T* w_rx, const T* w_rh, T* dx, bool add, T* dw_rx, T* db_r, T* dw_rh, Size E,
                              Size H, bool reverse);
  void (*gru_forward)(const T* a, Steps s, const T* w_rh, const T* b_rn, const T* h0, T* h, T* gates, Size H);
  void (*gru_backward)(const T* dh, const T* h, const T* gates, Steps s, const T* w_rh, const T* h0, T* da, T* dw_rh,
                       T* db_rn, T* dh0, Size H);
  void (*sru_forward)(const T* a, Steps s, const T* c0, T* h, T* c, Size H);
  void (*sru_backward)(const T* dh, const T* a, const T* c, Steps s, const T* c0, T* da, T* dc0, Size H);
  void (*mingru_forward)(const T* a, Steps s, const T* h0, T* h, Size H);
  void (*mingru_backward)(const T* dh, const T* a, const T* h, Steps s, const T* h0, T* da, T* dh0, Size H);
  // gold (N,) here and below are tags, alpha (N, K) what is carried from word to word
  void (*crf_forward)(const T* scores, const Id* gold, Steps s, const T* transitions, const T* begin, const T* end,
                      T* losses, T* alpha, Size K);
  void (*crf_backward)(const T* dlosses, const T* alpha, const Id* gold, Steps s, const T* transitions, const T* end,
                       T* dscores, T* dtransitions, T* dbegin, T* dend, Size K);
  void (*crf_best)(const T* scores, Steps s, const T* transitions, const T* begin, const T* end, Id* ids, Size K);
  void (*crf_marginals)(const T* scores, Steps s, const T* transitions, const T* begin, const T* end, T* p, Size K);
  void (*lstm_states)(const T* table, const Id* types, Steps s, const T* w, T* h, Size h_row, Size H, bool reverse);
  // g may be null
  void (*adam_rows)(T* w, T* m, T* v, const Id* ids, const T* g, const T* late, AdamStep<T> step, Size U, Size E);
  OnlineResult (*online_steps)(OnlineNet<T> net, OnlineData<T> data);
};

struct Table {
  const char* name;
  Functions<float> f32;
  Functions<double> f64;
};

// Of the instruction set in use.
extern const Table* chosen;
template <class T>
const Functions<T>& kernels() {
  if constexpr (sizeof(T) == sizeof(float))
    return chosen->f32;
  else
    return chosen->f64;
}

// Columns of products in 8 bits: 127 · 127 times as many still fit into 32.
constexpr Size WIDEST8 = 1 << 17;
#ifdef ELMAN_HAS_int8
void lstm_states_int8(const std::uint16_t* table, const Id* types, Steps s, const std::int8_t* w, const float* scale,
                      const std::int32_t* start_sums, float* h, Size h_row, Size H, bool reverse);
// y = x·w + b for x (N, E) from -1 to 1; w in panels of 64 columns, as packed_int8 in reference/states.py has it.
struct Linear8 {
  const std::int8_t* w;
  const float* scale;
  const std::int32_t* start;
  const float* b;
  Size E, panels;
};
// The place of the greatest of K columns, exactly: w (K, E) decides among those that 8 bits leave open. A column is off
// by error + share · Σ|x| at most.
void linear_best_int8(const float* x, Linear8 l, const float* w, const float* error, const float* share, Id* best,
                      Size N, Size K);
// float16 numbers, those beyond ±100 at ±100; n in sixteens
void halves(const float* from, std::uint16_t* to, Size n);
#endif

}  // namespace elman
