#include "ids.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "checks.hpp"

namespace elman {
namespace {

inline std::size_t at(Size i) { return static_cast<std::size_t>(i); }

}  // namespace

// A bit for each possible id; the place of an id is the number of bits before it.
void distinct_ids(const Id* ids, Id* used, Id* where, Size* many, Size M, Size V) {
  std::vector<std::uint64_t> bits(at(V / 64 + 1));
  for (Size i = 0; i < M; ++i) bits[at(ids[i] / 64)] |= std::uint64_t(1) << (ids[i] % 64);
  std::vector<Id> before(bits.size());
  Id count = 0;
  for (std::size_t block = 0; block < bits.size(); ++block) {
    before[block] = count;
    for (std::uint64_t left = bits[block]; left; left &= left - 1)
      used[count++] = static_cast<Id>(block * 64) + __builtin_ctzll(left);
  }
  for (Size i = 0; i < M; ++i) {
    const std::uint64_t lower = bits[at(ids[i] / 64)] & ((std::uint64_t(1) << (ids[i] % 64)) - 1);
    where[i] = before[at(ids[i] / 64)] + __builtin_popcountll(lower);
  }
  *many = count;
}

void take_bags(const Id* ids, const Id* offsets, const Id* which, Id* taken, Id* begins, Size W, Size P) {
  Size done = 0;
  begins[0] = 0;
  for (Size i = 0; i < W; ++i) {
    const Size first = offsets[which[i]], n = offsets[which[i] + 1] - first;
    expect(n <= P - done, "the total has to be that of the sets");
    std::copy(ids + first, ids + first + n, taken + done);
    begins[i + 1] = static_cast<Id>(done += n);
  }
  expect(done == P, "the total has to be that of the sets");
}

void pack_sentences(const Id* begins, const Id* lengths, Id* sizes, Id* rows, Id* places, Size S, Size N, Size T) {
  std::vector<Id> order(at(S)), inside(at(S));
  std::iota(order.begin(), order.end(), 0);
  std::exclusive_scan(lengths, lengths + S, inside.begin(), Id(0));
  std::stable_sort(order.begin(), order.end(), [&](Id a, Id b) { return lengths[a] > lengths[b]; });
  expect(T == (S ? lengths[order[0]] : 0), "the steps have to be the largest length");
  Size done = 0, sentences = S;
  for (Size t = 0; t < T; ++t) {
    while (lengths[order[at(sentences - 1)]] <= t) --sentences;
    sizes[t] = static_cast<Id>(sentences);
    for (Size b = 0; b < sentences; ++b, ++done) {
      rows[done] = inside[at(order[at(b)])] + static_cast<Id>(t);
      places[done] = begins[order[at(b)]] + static_cast<Id>(t);
    }
  }
  expect(done == N, "the rows have to be the words");
}

}  // namespace elman
