// LSTM states and linear layers with 8-bit integers (AVX-512 VNNI); reference/states.py states the maths. The layout is
// that of states.hpp, with four weights of a column adjacent. The nonlinearities have an error of 1e-4, far below the
// resolution of 8 bits, so this cell differs from that of lstm_cell.hpp.
#include "int8.hpp"

#include <immintrin.h>

#include <cstring>

#include "scratch.hpp"

namespace elman {
namespace {

constexpr Size ROWS = 6;

#define EACH(n) _Pragma("GCC unroll 24") for (Size i = 0; i < n; ++i)

// x = 1 / (1 + 2^x) of N vectors, error below 1e-4, far below the resolution of 8 bits; 0 for x too large, 1
// for x too small. The vectors go through each operation together: one after the other, each would wait for itself.
template <Size N>
inline void falling(__m512 (&x)[N]) {
  __m512 r[N], p[N];
  EACH(N) r[i] = _mm512_reduce_ps(x[i], _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);  // x - floor(x)
  // 2^r in [0, 1], relative error 7.5e-5
  EACH(N) p[i] = _mm512_fmadd_ps(r[i], _mm512_set1_ps(0.07802455f), _mm512_set1_ps(0.22606719f));
  EACH(N) p[i] = _mm512_fmadd_ps(p[i], r[i], _mm512_set1_ps(0.69583350f));
  EACH(N) p[i] = _mm512_fmadd_ps(p[i], r[i], _mm512_set1_ps(0.99992526f));
  EACH(N) p[i] = _mm512_add_ps(_mm512_scalef_ps(p[i], x[i]), _mm512_set1_ps(1.0f));  // · 2^floor(x)
  EACH(N) x[i] = _mm512_rcp14_ps(p[i]);
}
// sigmoid(x) = falling(SIGMOID·x), tanh(x) = 2 falling(TANGENT·x) - 1
constexpr float SIGMOID = -1.44269504f, TANGENT = -2.88539008f;
inline __m512 tangent_of(__m512 fallen) {
  return _mm512_fmadd_ps(fallen, _mm512_set1_ps(2.0f), _mm512_set1_ps(-1.0f));
}
inline __m512 half(const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

// sum += the products of unsigned and signed bytes, four by four: vpdpbusd. GCC 12 moves the sums of a tile between
// registers and to memory around its intrinsic.
inline void add_products(__m512i& sum, __m512i bytes, __m512i weights) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(bytes), "v"(weights));
}
// sum[i] = start + Σ q[i]·w over groups of four weights, in a panel of four vectors of columns. A function of its own, and
// with local sums: inlined, GCC keeps the sums of a single row in memory; without the local ones, Clang keeps all there.
template <Size R>
__attribute__((noinline)) void products(Size groups, const std::uint8_t* q, Size wide, const std::int8_t* w,
                                        const std::int32_t* start, __m512i (&sum)[R][4]) {
  __m512i local[R * 4];
#pragma GCC unroll 24
  for (Size j = 0; j < R * 4; ++j) local[j] = _mm512_loadu_si512(start + j % 4 * UNITS);
  for (Size k = 0; k < groups; ++k) {
    const std::int8_t* wk = w + k * 16 * UNITS;
    const __m512i w0 = _mm512_loadu_si512(wk), w1 = _mm512_loadu_si512(wk + 4 * UNITS);
    const __m512i w2 = _mm512_loadu_si512(wk + 8 * UNITS), w3 = _mm512_loadu_si512(wk + 12 * UNITS);
#pragma GCC unroll 8
    for (Size i = 0; i < R; ++i) {
      std::int32_t four;
      std::memcpy(&four, q + i * wide + k * 4, 4);
      const __m512i x = _mm512_set1_epi32(four);
      add_products(local[i * 4], x, w0);
      add_products(local[i * 4 + 1], x, w1);
      add_products(local[i * 4 + 2], x, w2);
      add_products(local[i * 4 + 3], x, w3);
    }
  }
#pragma GCC unroll 24
  for (Size j = 0; j < R * 4; ++j) sum[j / 4][j % 4] = local[j];
}
// Quantizes 16 numbers in [-1, 1] to bytes.
inline __m128i bytes_of(__m512 x) {
  const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_set1_ps(127.0f))),
                                         _mm512_set1_epi32(128));
  return _mm512_cvtusepi32_epi8(whole);
}
inline __m256i half_of(__m512 x) {
  x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-100.0f)), _mm512_set1_ps(100.0f));
  return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// One panel for R rows; the quantized states of a row are `wide` bytes.
struct Panel {
  Size groups;  // groups of four h
  const std::uint8_t* before;
  std::uint8_t* now;
  Size wide;
  const std::int8_t* w;
  const float* scale;
  const std::int32_t* start;
  const std::uint16_t* const* a;
  const std::uint16_t* const* next;  // inputs of the next step, to be prefetched: they are scattered in memory
  Size offset;
  float* c;
  float* h;
  Size h_row, width;
};

// Computes the cells and output gates of M rows, from row `from` on.
template <Size M>
__attribute__((always_inline)) inline void gates(const Panel& p, Size from, bool goes, const __m512i (*sum)[4],
                                                 __m512* cell, __m512* out) {
  __m512 z[M * 4];
  EACH(M * 4) {
    const Size row = from + i / 4, g = i % 4;
    z[i] = half(p.a[row] + p.offset + g * UNITS);
    if (goes) z[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[row][g]), _mm512_loadu_ps(p.scale + g * UNITS), z[i]);
    z[i] = _mm512_mul_ps(z[i], _mm512_set1_ps(g == 2 ? TANGENT : SIGMOID));
  }
  falling(z);
  EACH(M) {
    float* c = p.c + (from + i) * p.wide;
    const __m512 added = _mm512_mul_ps(z[4 * i], tangent_of(z[4 * i + 2]));
    cell[from + i] = _mm512_fmadd_ps(z[4 * i + 1], _mm512_loadu_ps(c), added);
    out[from + i] = z[4 * i + 3];
    _mm512_storeu_ps(c, cell[from + i]);
  }
}
template <Size R>
inline void tile(const Panel& p, bool goes) {
  __m512i sum[R][4];
  EACH(R) {
    __builtin_prefetch(p.next[i] + p.offset, 0, 2);
    __builtin_prefetch(p.next[i] + p.offset + 2 * UNITS, 0, 2);
  }
  if (goes) products<R>(p.groups, p.before, p.wide, p.w, p.start, sum);
  __m512 state[R], out[R];
  EACH(R / 2) gates<2>(p, 2 * i, goes, sum, state, out);  // two rows are what fits into the registers
  if constexpr (R % 2) gates<1>(p, R - 1, goes, sum, state, out);
  EACH(R) state[i] = _mm512_mul_ps(state[i], _mm512_set1_ps(TANGENT));
  falling(state);
  const __mmask16 mask = static_cast<__mmask16>((1u << p.width) - 1);
  EACH(R) {
    state[i] = _mm512_mul_ps(out[i], tangent_of(state[i]));
    _mm512_mask_storeu_ps(p.h + i * p.h_row, mask, state[i]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p.now + i * p.wide), bytes_of(state[i]));
  }
}
template <Size R>
inline void rows_of(Size rows, const Panel& p, bool goes) {
  if constexpr (R > 0) {
    if (rows == R)
      tile<R>(p, goes);
    else
      rows_of<R - 1>(rows, p, goes);
  }
}

// Weights (P panels of columns, E) with a scale and an initial sum for each column, and biases.
struct Linear {
  const std::int8_t* w;
  const float* scale;
  const Id* start;
  const float* b;
  Size E, panels;
};

// Quantizes x (rows, E) to q (rows, wide), padded with the quantized 0.
inline void to_bytes(const float* x, std::uint8_t* q, Size rows, Size E, Size wide) {
  for (Size i = 0; i < rows; ++i)
    for (Size j = 0; j < E; j += UNITS) {
      const __mmask16 mask = static_cast<__mmask16>(E - j < UNITS ? (1u << (E - j)) - 1 : 0xffffu);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(q + i * wide + j),
                       bytes_of(_mm512_maskz_loadu_ps(mask, x + i * E + j)));
    }
}
// Calls store(row, column, numbers) for each row and vector of the scaled products plus biases.
template <Size R, class Store>
inline void linear_tile(const Linear& l, const std::uint8_t* q, Size wide, Size panel, Store store) {
  __m512i sum[R][4];
  const Size at = panel * 4 * UNITS;
  products<R>(wide / 4, q, wide, l.w + at * wide, l.start + at, sum);
#pragma GCC unroll 8
  for (Size i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (Size g = 0; g < 4; ++g)
      store(i, at + g * UNITS,
            _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[i][g]), _mm512_loadu_ps(l.scale + at + g * UNITS),
                            _mm512_loadu_ps(l.b + at + g * UNITS)));
}
template <Size R, class Store>
inline void linear_rows(Size rows, const Linear& l, const std::uint8_t* q, Size wide, Size panel, Store store) {
  if constexpr (R > 0) {
    if (rows == R)
      linear_tile<R>(l, q, wide, panel, store);
    else
      linear_rows<R - 1>(rows, l, q, wide, panel, store);
  }
}
constexpr Size BLOCK = 8 * ROWS;  // rows that are multiplied with the weights together
// Calls store(row, column, numbers) for the products of x (rows, E), at most BLOCK rows.
template <class Store>
inline void linear_block(const Linear& l, const float* x, std::uint8_t* q, Size rows, Store store) {
  const Size wide = panels_of(l.E) * UNITS;
  to_bytes(x, q, rows, l.E, wide);
  for (Size p = 0; p < l.panels; ++p)
    for (Size i = 0; i < rows; i += ROWS)
      linear_rows<ROWS>(rows - i < ROWS ? rows - i : ROWS, l, q + i * wide, wide, p,
                        [&](Size r, Size column, __m512 z) { store(i + r, column, z); });
}

// Products of R rows x with a panel of weights (E, 4, UNITS), plus biases, as float16; sums are in the order of
// linear_forward.
template <Size R>
inline void input_tile(const float* x, Size E, const float* w, const float* b, std::uint16_t* to, Size wide) {
  __m512 sum[R][4];
#pragma GCC unroll 8
  for (Size i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (Size g = 0; g < 4; ++g) sum[i][g] = _mm512_loadu_ps(b + g * UNITS);
  for (Size k = 0; k < E; ++k) {
    __m512 wk[4];
#pragma GCC unroll 4
    for (Size g = 0; g < 4; ++g) wk[g] = _mm512_loadu_ps(w + (k * 4 + g) * UNITS);
#pragma GCC unroll 8
    for (Size i = 0; i < R; ++i) {
      const __m512 xk = _mm512_set1_ps(x[i * E + k]);
#pragma GCC unroll 4
      for (Size g = 0; g < 4; ++g) sum[i][g] = _mm512_fmadd_ps(xk, wk[g], sum[i][g]);
    }
  }
#pragma GCC unroll 8
  for (Size i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (Size g = 0; g < 4; ++g)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i * wide + g * UNITS), half_of(sum[i][g]));
}
template <Size R>
inline void input_rows(Size rows, const float* x, Size E, const float* w, const float* b, std::uint16_t* to,
                       Size wide) {
  if constexpr (R > 0) {
    if (rows == R)
      input_tile<R>(x, E, w, b, to, wide);
    else
      input_rows<R - 1>(rows, x, E, w, b, to, wide);
  }
}

inline __mmask16 mask_of(Size left) { return static_cast<__mmask16>(left < UNITS ? (1u << left) - 1 : 0xffffu); }
inline float exact(const float* x, const float* w, Size E) {
  constexpr Size SUMS = 4;  // one sum would wait for itself
  __m512 sum[SUMS];
  EACH(SUMS) sum[i] = _mm512_setzero_ps();
  Size j = 0;
  for (; j + SUMS * UNITS <= E; j += SUMS * UNITS)
    EACH(SUMS)
      sum[i] = _mm512_fmadd_ps(_mm512_loadu_ps(x + j + i * UNITS), _mm512_loadu_ps(w + j + i * UNITS), sum[i]);
  for (; j < E; j += UNITS)
    sum[0] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask_of(E - j), x + j),
                             _mm512_maskz_loadu_ps(mask_of(E - j), w + j), sum[0]);
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

}  // namespace

void linear_best_int8(const float* x, const std::int8_t* w8, const float* scale, const Id* start, const float* w,
                      const float* b, const float* error, const float* share, Id* best, Size N, Size E, Size K,
                      Size P) {
  const Linear l{w8, scale, start, b, E, P};
  const Size columns = l.panels * 4 * UNITS;
  Scratch<std::uint8_t> q(BLOCK * (l.E + UNITS));
  Scratch<float> most_of(BLOCK * columns), least_of(BLOCK * UNITS), size(BLOCK);  // upper and lower bounds; Σ|x|
  for (Size i = 0; i < N; i += BLOCK) {
    const Size rows = N - i < BLOCK ? N - i : BLOCK;
    for (Size r = 0; r < rows; ++r) {
      __m512 length = _mm512_setzero_ps();
      for (Size j = 0; j < l.E; j += UNITS)
        length = _mm512_add_ps(length, _mm512_abs_ps(_mm512_maskz_loadu_ps(mask_of(l.E - j), x + (i + r) * l.E + j)));
      size[r] = _mm512_reduce_add_ps(length);
      _mm512_storeu_ps(least_of + r * UNITS, _mm512_set1_ps(-3e38f));
    }
    linear_block(l, x + i * l.E, q.data, rows, [&](Size r, Size k, __m512 z) {
      if (k >= K) return;
      const __m512 off =
          _mm512_fmadd_ps(_mm512_loadu_ps(share + k), _mm512_set1_ps(size[r]), _mm512_loadu_ps(error + k));
      const __m512 least = _mm512_loadu_ps(least_of + r * UNITS);
      _mm512_storeu_ps(most_of + r * columns + k, _mm512_add_ps(z, off));
      _mm512_storeu_ps(least_of + r * UNITS,
                       _mm512_mask_max_ps(least, mask_of(K - k), least, _mm512_sub_ps(z, off)));
    });
    for (Size r = 0; r < rows; ++r) {
      const float *row = x + (i + r) * l.E, *most_able = most_of + r * columns;
      const __m512 least = _mm512_set1_ps(_mm512_reduce_max_ps(_mm512_loadu_ps(least_of + r * UNITS)));
      Size found = -1;
      float most = 0;
      bool known = false;  // whether `most` has been computed
      for (Size k = 0; k < K; k += UNITS) {
        unsigned able = _mm512_mask_cmp_ps_mask(mask_of(K - k), _mm512_loadu_ps(most_able + k), least, _CMP_GE_OQ);
        for (; able; able &= able - 1) {
          const Size at = k + __builtin_ctz(able);
          if (found < 0) {
            found = at;
            continue;
          }
          if (!known) most = exact(row, w + found * l.E, l.E) + l.b[found], known = true;
          const float other = exact(row, w + at * l.E, l.E) + l.b[at];
          if (other > most) most = other, found = at;
        }
      }
      best[i + r] = static_cast<Id>(found < 0 ? 0 : found);
    }
  }
}

void lstm_states_int8(const std::uint16_t* table, const Id* types, Steps s, const std::int8_t* w, const float* scale,
                      const Id* start_sums, float* h, bool reverse, Size H, Size column, Size h_row) {
  h += column;
  const Size panels = panels_of(H), wide = panels * UNITS;
  Scratch<float> c(s.B * wide);
  Scratch<std::uint8_t> one(s.B * wide), other(s.B * wide);
  Scratch<const std::uint16_t*> first(s.B), second(s.B);
  const std::uint16_t **a = first.data, **next = second.data;
  std::uint8_t *before = one.data, *now = other.data;
  Size start = reverse ? s.N : 0, going = 0;
  const auto inputs_of = [&](const std::uint16_t** rows, Size from, Size n) {
    for (Size b = 0; b < n; ++b) rows[b] = table + types[from + b] * 4 * wide;
  };
  if (s.T) inputs_of(a, reverse ? s.N - s.sizes[s.T - 1] : 0, s.sizes[reverse ? s.T - 1 : 0]);
  for (Size step = 0; step < s.T; ++step) {
    const Size size = s.sizes[reverse ? s.T - 1 - step : step];
    if (reverse) start -= size;
    if (going > size) going = size;
    const Size later = step + 1 == s.T ? 0 : s.sizes[reverse ? s.T - 2 - step : step + 1];
    inputs_of(next, reverse ? start - later : start + size, later);
    for (Size b = later; b < size; ++b) next[b] = a[b];
    for (Size b = size; b < later; ++b)  // those that are not prefetched below
      for (Size j = 0; j < 4 * wide; j += 2 * UNITS) __builtin_prefetch(next[b] + j, 0, 2);
    std::memset(c.data + going * wide, 0, static_cast<std::size_t>((size - going) * wide) * sizeof(float));
    for (Size p = 0; p < panels; ++p) {
      const Size j = p * UNITS, left = H - j;
      for (Size b = 0; b < size;) {
        const bool goes = b < going;
        const Size end = goes ? going : size, rows = end - b < ROWS ? end - b : ROWS;
        rows_of<ROWS>(rows,
                      {wide / 4, before + b * wide, now + b * wide + j, wide, w + p * wide * 4 * UNITS,
                       scale + p * 4 * UNITS, start_sums + p * 4 * UNITS, a + b, next + b, p * 4 * UNITS,
                       c.data + b * wide + j, h + (start + b) * h_row + j, h_row, left < UNITS ? left : UNITS},
                      goes);
        b += rows;
      }
    }
    std::uint8_t* swap = before;
    before = now, now = swap, going = size;
    const std::uint16_t** rows = a;
    a = next, next = rows;
    if (!reverse) start += size;
  }
}

void linear_halves(const float* x, const float* w, const float* b, std::uint16_t* to, Size N, Size E, Size P) {
  const Size wide = P * PANEL;
  for (Size p = 0; p < P; ++p)  // a panel's weights stay in the L1 cache
    for (Size i = 0; i < N; i += ROWS)
      input_rows<ROWS>(N - i < ROWS ? N - i : ROWS, x + i * E, E, w + p * E * PANEL, b + p * PANEL,
                       to + i * wide + p * PANEL, wide);
}

void floats(const char* from, float* to, Size n) {
  for (Size i = 0; i < n; i += UNITS) {
    const __mmask16 mask = static_cast<__mmask16>(n - i < UNITS ? (1u << (n - i)) - 1 : 0xffffu);
    _mm512_mask_storeu_ps(to + i, mask, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, from + 2 * i)));
  }
}

}  // namespace elman
