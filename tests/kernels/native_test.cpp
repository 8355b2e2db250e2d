// Tests the kernels of one instruction set without Python, for processors that are only emulated here: sums in plain
// loops, gradients by central differences, the CRF by counting all paths. TABLE is the table under test, such as
// table_neon. Prints a line for each check and ends with the number of those that failed.
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include "kernels.hpp"

namespace elman {

extern const Table TABLE;
const Table* chosen = &TABLE;

namespace {

template <class T>
using Array = std::vector<T>;

const Array<Id> SIZES = {5, 4, 4, 2, 1, 1};  // a ragged batch: of 5 sentences the longest has 6 words
const Steps BATCH = {SIZES.data(), 6, 17, 5};
constexpr Size N = 17, E = 13, H = 19, K = 3;  // no multiples of a vector

int failed = 0;

template <class T = double>
void check(const char* name, double error, double limit) {
  const bool good = error <= limit;
  std::printf("%-36s float%d  %.1e %s\n", name, int(8 * sizeof(T)), error, good ? "ok" : "FAILED");
  failed += !good;
}

// Numbers in [-1, 1] that are the same everywhere.
template <class T>
Array<T> numbers(Size n, std::uint64_t seed) {
  Array<T> x(static_cast<std::size_t>(n));
  for (T& one : x) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    one = static_cast<T>(static_cast<double>(seed >> 11) / (1ull << 52) - 1);
  }
  return x;
}
template <class T>
double difference(const Array<T>& a, const Array<T>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double apart = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(apart <= most)) most = apart;  // also if it is NaN
  }
  return most;
}
template <class T>
double weighted(const Array<T>& values, const Array<T>& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += static_cast<double>(values[i] * weights[i]);
  return sum;
}
// The largest difference between a gradient and the central differences of a function of x.
double gradient_error(Array<double>& x, const Array<double>& gradient, const std::function<double()>& f) {
  constexpr double step = 1e-5;
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double before = x[i];
    x[i] = before + step;
    const double above = f();
    x[i] = before - step;
    const double below = f();
    x[i] = before;
    const double apart = std::fabs((above - below) / (2 * step) - gradient[i]);
    if (!(apart <= most)) most = apart;
  }
  return most;
}

template <class T>
T logistic(T x) {
  return 1 / (1 + std::exp(-x));
}

template <class T>
void linear(double limit) {
  const auto x = numbers<T>(N * E, 1), w = numbers<T>(H * E, 2), b = numbers<T>(H, 3);
  Array<T> y(N * H), plain(N * H);
  kernels<T>().linear_forward(x.data(), w.data(), b.data(), y.data(), N, E, H);
  for (Size i = 0; i < N; ++i)
    for (Size j = 0; j < H; ++j) {
      T sum = b[static_cast<std::size_t>(j)];
      for (Size k = 0; k < E; ++k) sum += x[static_cast<std::size_t>(i * E + k)] * w[static_cast<std::size_t>(j * E + k)];
      plain[static_cast<std::size_t>(i * H + j)] = sum;
    }
  check<T>("linear_forward, plain loops", difference(y, plain), limit);
}

// h_t = o · tanh(c_t), c_t = f · c_{t-1} + i · g: gates in the order i, f, g, o.
template <class T>
void lstm(double limit) {
  const auto a = numbers<T>(N * 4 * H, 4), w = numbers<T>(4 * H * H, 5), h0 = numbers<T>(5 * H, 6), c0 = numbers<T>(5 * H, 7);
  Array<T> h(N * H), c(N * H), gates(N * 4 * H), plain(N * H), cells(N * H);
  kernels<T>().lstm_forward(a.data(), BATCH, w.data(), h0.data(), c0.data(), h.data(), c.data(), gates.data(), H);
  Size start = 0;
  for (Size t = 0; t < BATCH.T; start += SIZES[static_cast<std::size_t>(t++)])
    for (Size b = 0; b < SIZES[static_cast<std::size_t>(t)]; ++b) {
      const Size row = start + b, before = t ? row - SIZES[static_cast<std::size_t>(t - 1)] : b;
      const T *last = (t ? plain : h0).data() + before * H, *cell = (t ? cells : c0).data() + before * H;
      for (Size j = 0; j < H; ++j) {
        T z[4];
        for (Size g = 0; g < 4; ++g) {
          z[g] = a[static_cast<std::size_t>(row * 4 * H + g * H + j)];
          for (Size k = 0; k < H; ++k) z[g] += last[k] * w[static_cast<std::size_t>((g * H + j) * H + k)];
        }
        const T now = logistic(z[1]) * cell[j] + logistic(z[0]) * std::tanh(z[2]);
        cells[static_cast<std::size_t>(row * H + j)] = now;
        plain[static_cast<std::size_t>(row * H + j)] = logistic(z[3]) * std::tanh(now);
      }
    }
  check<T>("lstm_forward, plain loops", difference(h, plain), limit);
}

void lstm_gradients() {
  auto a = numbers<double>(N * 4 * H, 8), w = numbers<double>(4 * H * H, 9), h0 = numbers<double>(5 * H, 10),
       c0 = numbers<double>(5 * H, 11);
  const auto dh = numbers<double>(N * H, 12);
  Array<double> h(N * H), c(N * H), gates(N * 4 * H), da(N * 4 * H), dw(4 * H * H), dh0(5 * H), dc0(5 * H);
  const auto loss = [&] {
    kernels<double>().lstm_forward(a.data(), BATCH, w.data(), h0.data(), c0.data(), h.data(), c.data(), gates.data(), H);
    return weighted(h, dh);
  };
  loss();
  kernels<double>().lstm_backward(dh.data(), h.data(), c.data(), gates.data(), BATCH, w.data(), h0.data(), c0.data(),
                                  da.data(), dw.data(), dh0.data(), dc0.data(), H);
  check("lstm_backward: inputs", gradient_error(a, da, loss), 1e-7);
  check("lstm_backward: weights", gradient_error(w, dw, loss), 1e-7);
  check("lstm_backward: first hidden state", gradient_error(h0, dh0, loss), 1e-7);
  check("lstm_backward: first cell", gradient_error(c0, dc0, loss), 1e-7);
}

void elman_gradients() {
  auto a = numbers<double>(N * H, 13), w = numbers<double>(H * H, 14), h0 = numbers<double>(5 * H, 15);
  const auto dh = numbers<double>(N * H, 16);
  Array<double> h(N * H), da(N * H), dw(H * H), dh0(5 * H);
  const auto loss = [&] {
    kernels<double>().elman_forward(a.data(), BATCH, w.data(), h0.data(), h.data(), H);
    return weighted(h, dh);
  };
  loss();
  kernels<double>().elman_backward(dh.data(), h.data(), BATCH, w.data(), h0.data(), da.data(), dw.data(), dh0.data(), H,
                                   BATCH.T);
  check("elman_backward: inputs", gradient_error(a, da, loss), 1e-7);
  check("elman_backward: weights", gradient_error(w, dw, loss), 1e-7);
  check("elman_backward: first hidden state", gradient_error(h0, dh0, loss), 1e-7);
}

// The sums of a CRF over a sentence are those over all its paths; the best path is that of the highest score.
template <class T>
void crf(double limit) {
  constexpr Size L = 4, PATHS = K * K * K * K;
  const Id sizes[L] = {1, 1, 1, 1};
  const Steps sentence = {sizes, L, L, 1};
  const auto scores = numbers<T>(L * K, 17), transitions = numbers<T>(K * K, 18), begin = numbers<T>(K, 19),
             end = numbers<T>(K, 20);
  const auto path_score = [&](Size path) {
    double sum = 0;
    Size last = -1;
    for (Size t = 0; t < L; ++t, path /= K) {
      const Size tag = path % K;
      sum += static_cast<double>(scores[static_cast<std::size_t>(t * K + tag)]);
      sum += static_cast<double>(t ? transitions[static_cast<std::size_t>(last * K + tag)] : begin[static_cast<std::size_t>(tag)]);
      last = tag;
    }
    return sum + static_cast<double>(end[static_cast<std::size_t>(last)]);
  };
  double total = 0, highest = -1e9;
  Size best = 0;
  for (Size path = 0; path < PATHS; ++path) {
    total += std::exp(path_score(path));
    if (path_score(path) > highest) highest = path_score(best = path);
  }
  Array<Id> gold(L), found(L), expected(L);
  for (Size t = 0, path = best; t < L; ++t, path /= K) expected[static_cast<std::size_t>(t)] = static_cast<Id>(path % K);
  Array<T> losses(L), alpha(L * K);
  kernels<T>().crf_forward(scores.data(), gold.data(), sentence, transitions.data(), begin.data(), end.data(), losses.data(),
                           alpha.data(), K);
  double loss = 0;
  for (const T one : losses) loss += static_cast<double>(one);
  check<T>("crf_forward, all paths", std::fabs(loss - (std::log(total) - path_score(0))), limit);
  kernels<T>().crf_best(scores.data(), sentence, transitions.data(), begin.data(), end.data(), found.data(), K);
  check<T>("crf_best, all paths", found == expected ? 0 : 1, 0);
}

// Inference reads weights in another layout than training, and gives the same states.
template <class T>
void states(double limit) {
  constexpr Size P = 2, WIDE = P * UNITS;  // panels of H units
  const auto a = numbers<T>(N * 4 * H, 21), w = numbers<T>(4 * H * H, 22);
  Array<T> table(N * 4 * WIDE), panels(P * H * 4 * UNITS), h(N * H), c(N * H), gates(N * 4 * H), found(N * H),
      zero(5 * H);
  Array<Id> types(N);
  for (Size i = 0; i < N; ++i) types[static_cast<std::size_t>(i)] = static_cast<Id>(i);
  for (Size g = 0; g < 4; ++g)
    for (Size j = 0; j < H; ++j) {
      const Size panel = j / UNITS, unit = j % UNITS;
      for (Size i = 0; i < N; ++i)
        table[static_cast<std::size_t>((i * P + panel) * 4 * UNITS + g * UNITS + unit)] =
            a[static_cast<std::size_t>(i * 4 * H + g * H + j)];
      for (Size k = 0; k < H; ++k)
        panels[static_cast<std::size_t>(((panel * H + k) * 4 + g) * UNITS + unit)] =
            w[static_cast<std::size_t>((g * H + j) * H + k)];
    }
  kernels<T>().lstm_forward(a.data(), BATCH, w.data(), zero.data(), zero.data(), h.data(), c.data(), gates.data(), H);
  kernels<T>().lstm_states(table.data(), types.data(), BATCH, panels.data(), found.data(), false, H, 0, H);
  check<T>("lstm_states, as lstm_forward", difference(found, h), limit);
}

}  // namespace
}  // namespace elman

int main() {
  using namespace elman;
  std::printf("instruction set %s\n", chosen->name);
  linear<float>(1e-5), linear<double>(1e-13);
  lstm<float>(1e-5), lstm<double>(1e-13);
  lstm_gradients(), elman_gradients();
  crf<float>(1e-5), crf<double>(1e-12);
  states<float>(1e-5), states<double>(1e-13);
  std::printf("%d failed\n", failed);
  return failed > 0;
}
