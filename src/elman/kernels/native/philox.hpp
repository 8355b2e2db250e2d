// Dropout by Philox4x64-10 (Salmon et al. 2011), with the same draws as NumPy's generator; reference/noise.py states it.
#pragma once
#include <cstdint>

#include "simd.hpp"

namespace elman {
namespace {

// The draws of one stream: 64-bit number i belongs to the counter's value 1 + i / 4.
class Philox {
 public:
  explicit Philox(const Id* key) { __builtin_memcpy(state_, key, sizeof state_); }

  // Writes the numbers of SIDE blocks from block `at` on, four of each: the rounds of several overlap.
  static constexpr int SIDE = 4;
  void blocks(std::uint64_t at, std::uint64_t* to) const {
    std::uint64_t k0 = state_[0], k1 = state_[1], c0[SIDE], c1[SIDE], c2[SIDE], c3[SIDE];
    for (int i = 0; i < SIDE; ++i) {
      c1[i] = state_[3], c2[i] = state_[4], c3[i] = state_[5];
      if (__builtin_add_overflow(state_[2], at + static_cast<std::uint64_t>(i) + 1, &c0[i]))  // carry
        c3[i] += ++c1[i] == 0 && ++c2[i] == 0;
    }
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B97F4A7C15u, k1 += 0xBB67AE8584CAA73Bu)
      UNROLL for (int i = 0; i < SIDE; ++i) {
        const Wide a = Wide(0xD2E7470EE14C6C93u) * c0[i], b = Wide(0xCA5A826395121157u) * c2[i];
        c0[i] = std::uint64_t(b >> 64) ^ c1[i] ^ k0, c2[i] = std::uint64_t(a >> 64) ^ c3[i] ^ k1;
        c1[i] = std::uint64_t(b), c3[i] = std::uint64_t(a);
      }
    UNROLL for (int i = 0; i < SIDE; ++i, to += 4) to[0] = c0[i], to[1] = c1[i], to[2] = c2[i], to[3] = c3[i];
  }

 private:
  __extension__ using Wide = unsigned __int128;
  std::uint64_t state_[6];  // key, counter
};

template <class T>
void dropout(const T* x, const Id* key, double share, T* y, Size N, Size E, Size first) {
  constexpr Size BLOCK = 16, CHUNK = 64 * BLOCK;  // a value takes 16 bits: a block has 16 of them, a draw two
  const Philox stream(key);
  const T kept = T(1 / (1 - share));
  const auto limit = static_cast<std::int32_t>(__builtin_nearbyint(share * 65536));
  alignas(64) std::uint64_t numbers[CHUNK / 4];
  alignas(64) std::uint16_t drawn[CHUNK];
  const Size start = 2 * first, end = start + N * E;
  x -= start, y -= start;
  for (Size at = start / BLOCK * BLOCK; at < end; at += CHUNK) {
    const Size to = at_most(at + CHUNK, end);
    for (Size i = at; i < to; i += BLOCK * Philox::SIDE)
      stream.blocks(static_cast<std::uint64_t>(i / BLOCK), numbers + (i - at) / 4);
    __builtin_memcpy(drawn, numbers, sizeof drawn);
    const std::uint16_t* of = drawn - at;
    for (Size i = at < start ? start : at; i < to; ++i) y[i] = of[i] >= limit ? x[i] * kept : T(0);
  }
}

template <class T>
void unknown_words(const Id* words, const T* share, const Id* key, Id* noisy, Size N, Size U) {
  constexpr Size MANY = 4 * Philox::SIDE;
  const Philox stream(key);
  std::uint64_t numbers[MANY];
  for (Size i = 0; i < N; ++i) {
    if (i % MANY == 0) stream.blocks(static_cast<std::uint64_t>(i / 4), numbers);
    const double drawn = static_cast<double>(numbers[i % MANY] >> 11) * 0x1p-53;
    noisy[i] = drawn < double(share[words[i]]) ? Id(U) : words[i];
  }
}

}  // namespace
}  // namespace elman
