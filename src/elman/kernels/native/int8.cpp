// The LSTM's states for tagging in 8-bit whole numbers, for processors with dot products of them (AVX-512 VNNI). As
// stated in reference/states.py; the layout is that of states.hpp, four weights of a column side by side.
#include "table.hpp"

#include <immintrin.h>

#include <cstring>
#include <new>

namespace elman {
namespace {

constexpr Size UNITS = 16, ROWS = 6;

template <class T>
struct Memory {
  T* data;
  explicit Memory(Size n)
      : data(static_cast<T*>(::operator new(static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T),
                                            std::align_val_t(64)))) {}
  ~Memory() { ::operator delete(data, std::align_val_t(64)); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
};

// 1 / (1 + 2^x) to 1e-4, which is far below what eight bits hold; what is too large becomes 0, too small 1
inline __m512 falling(__m512 x) {
  const __m512 k = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), r = _mm512_sub_ps(x, k);
  __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(0.00961813f), _mm512_set1_ps(0.05550411f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.24022651f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.69314718f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_rcp14_ps(_mm512_add_ps(_mm512_scalef_ps(p, k), _mm512_set1_ps(1.0f)));
}
inline __m512 sigmoid(__m512 x) { return falling(_mm512_mul_ps(x, _mm512_set1_ps(-1.44269504f))); }
inline __m512 tangent(__m512 x) {
  return _mm512_fmadd_ps(falling(_mm512_mul_ps(x, _mm512_set1_ps(-2.88539008f))), _mm512_set1_ps(2.0f),
                         _mm512_set1_ps(-1.0f));
}
inline __m512 half(const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

// One panel of so many rows, whose states are bytes of `wide` each.
struct Panel {
  Size groups;  // of four h
  const std::uint8_t* before;
  std::uint8_t* now;
  Size wide;
  const std::int8_t* w;
  const float* scale;
  const std::int32_t* start;
  const std::uint16_t* const* a;
  const std::uint16_t* const* next;  // what the next step reads lies scattered in memory: it is fetched meanwhile
  Size offset;
  float* c;
  float* h;
  Size h_row, width;
};

template <Size R>
inline void tile(const Panel& p, bool goes) {
  __m512i sum[R][4];
#pragma GCC unroll 8
  for (Size i = 0; i < R; ++i) {
    __builtin_prefetch(p.next[i] + p.offset, 0, 2);
    __builtin_prefetch(p.next[i] + p.offset + 2 * UNITS, 0, 2);
  }
  if (goes) {
#pragma GCC unroll 8
    for (Size i = 0; i < R; ++i)
#pragma GCC unroll 4
      for (Size g = 0; g < 4; ++g) sum[i][g] = _mm512_loadu_si512(p.start + g * UNITS);
    for (Size k = 0; k < p.groups; ++k) {
      __m512i wk[4];
#pragma GCC unroll 4
      for (Size g = 0; g < 4; ++g) wk[g] = _mm512_loadu_si512(p.w + (k * 4 + g) * 4 * UNITS);
#pragma GCC unroll 8
      for (Size i = 0; i < R; ++i) {
        std::int32_t four;
        std::memcpy(&four, p.before + i * p.wide + k * 4, 4);
        const __m512i x = _mm512_set1_epi32(four);
#pragma GCC unroll 4
        for (Size g = 0; g < 4; ++g) sum[i][g] = _mm512_dpbusd_epi32(sum[i][g], x, wk[g]);
      }
    }
  }
#pragma GCC unroll 8
  for (Size i = 0; i < R; ++i) {
    __m512 z[4];
#pragma GCC unroll 4
    for (Size g = 0; g < 4; ++g) {
      z[g] = half(p.a[i] + p.offset + g * UNITS);
      if (goes) z[g] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[i][g]), _mm512_loadu_ps(p.scale + g * UNITS), z[g]);
    }
    float* c = p.c + i * p.wide;
    const __m512 in = sigmoid(z[0]), forget = sigmoid(z[1]), cell = tangent(z[2]), out = sigmoid(z[3]);
    const __m512 now = _mm512_fmadd_ps(forget, _mm512_loadu_ps(c), _mm512_mul_ps(in, cell));
    const __m512 state = _mm512_mul_ps(out, tangent(now));
    _mm512_storeu_ps(c, now);
    const __mmask16 mask = static_cast<__mmask16>((1u << p.width) - 1);
    _mm512_mask_storeu_ps(p.h + i * p.h_row, mask, state);
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(state, _mm512_set1_ps(127.0f))),
                                           _mm512_set1_epi32(128));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p.now + i * p.wide), _mm512_cvtusepi32_epi8(whole));
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

}  // namespace

void lstm_states_int8(const std::uint16_t* table, const Id* types, Steps s, const std::int8_t* w, const float* scale,
                      const std::int32_t* start_sums, float* h, Size h_row, Size H, bool reverse) {
  const Size panels = (H + UNITS - 1) / UNITS, wide = panels * UNITS;
  Memory<float> c(s.B * wide);
  Memory<std::uint8_t> one(s.B * wide), other(s.B * wide);
  Memory<const std::uint16_t*> first(s.B), second(s.B);
  const std::uint16_t **a = first.data, **next = second.data;
  std::uint8_t *before = one.data, *now = other.data;
  Size start = reverse ? s.N : 0, going = 0;
  const auto find = [&](const std::uint16_t** rows, Size from, Size n) {
    for (Size b = 0; b < n; ++b) rows[b] = table + types[from + b] * 4 * wide;
  };
  if (s.T) find(a, reverse ? s.N - s.sizes[s.T - 1] : 0, s.sizes[reverse ? s.T - 1 : 0]);
  for (Size step = 0; step < s.T; ++step) {
    const Size size = s.sizes[reverse ? s.T - 1 - step : step];
    if (reverse) start -= size;
    if (going > size) going = size;
    const Size later = step + 1 == s.T ? 0 : s.sizes[reverse ? s.T - 2 - step : step + 1];
    find(next, reverse ? start - later : start + size, later);
    for (Size b = later; b < size; ++b) next[b] = a[b];
    for (Size b = size; b < later; ++b)  // that nobody fetches below
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

void halves(const float* from, std::uint16_t* to, Size n) {
  const __m512 low = _mm512_set1_ps(-100.0f), high = _mm512_set1_ps(100.0f);
  Size i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m512 x = _mm512_min_ps(_mm512_max_ps(_mm512_loadu_ps(from + i), low), high);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
}

}  // namespace elman
