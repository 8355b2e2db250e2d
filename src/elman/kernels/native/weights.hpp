// The weights of a model file in the layouts of the inference kernels, for line_tagger.hpp.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "int8.hpp"

namespace elman {
namespace {

constexpr Size LARGEST = 1 << 24;  // limit of each size of a network, far above the settings': no overflow
constexpr float SMALLEST8 = 1e-30f;  // smaller weights become 0 in 8 bits: the scale has to be positive

// Converts n numbers from float16 to float32, without branches, so that compilers can vectorize it.
void from_halves(const char* bytes, float* to, Size n) {
  for (Size i = 0; i < n; ++i) {
    std::uint16_t half;
    std::memcpy(&half, bytes + 2 * i, 2);
    const std::uint32_t rest = static_cast<std::uint32_t>(half & 0x7fff) << 13;
    float scaled;
    std::memcpy(&scaled, &rest, 4);
    scaled *= 0x1p112f;  // float16 and float32 have different exponent biases
    std::uint32_t bits;
    std::memcpy(&bits, &scaled, 4);
    bits |= rest >= 0x0f800000u ? 0x7f800000u : 0u;  // infinity or NaN
    bits |= static_cast<std::uint32_t>(half & 0x8000) << 16;
    std::memcpy(to + i, &bits, 4);
  }
}

// A tensor as stored in a model file: element type, shape, and the bytes of its values, which `owner` keeps.
struct Tensor {
  std::string type;
  std::vector<Size> shape;
  std::string_view bytes;
  std::shared_ptr<const void> owner;
};

// A view of a tensor; a vector is a matrix of one row.
struct Matrix {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
  Size rows = 0, columns = 0;
  bool half = false, int8 = has_int8();
  void row(Size i, float* to) const {
    const char* from = bytes.data() + (half ? 2 : 4) * i * columns;
    if (!half) {
      std::memcpy(to, from, static_cast<std::size_t>(4 * columns));
      return;
    }
#ifdef ELMAN_HAS_int8
    if (int8) {
      floats(from, to, columns);
      return;
    }
#endif
    from_halves(from, to, columns);
  }
  std::vector<float> all() const {
    std::vector<float> found(static_cast<std::size_t>(rows * columns));
    for (Size i = 0; i < rows; ++i) row(i, found.data() + i * columns);
    return found;
  }
};

// Returns the tensor of a name. Throws if there is none.
using TensorOf = std::function<Tensor(const std::string& name)>;

// Tensors by name; each is checked against the expected shape.
struct Tensors {
  const TensorOf& tensor_of;
  std::string prefix;
  Matrix get(const std::string& name, Size rows, Size columns, bool vector = false) const {
    const std::string full = prefix + name;
    Tensor one = tensor_of(full);
    const auto wanted = vector ? std::vector<Size>{columns} : std::vector<Size>{rows, columns};
    expect(one.shape == wanted && (one.type == "F32" || (one.type == "F16" && !vector)), full.c_str());
    const bool half = one.type == "F16";
    expect(static_cast<Size>(one.bytes.size()) == times(times(rows, columns), half ? 2 : 4), full.c_str());
    return {one.bytes, std::move(one.owner), rows, columns, half};
  }
  std::vector<float> vector(const std::string& name, Size n) const { return get(name, 1, n, true).all(); }
};

// An LSTM in one direction, with weights in panels as in kernels/weight_layout.py.
struct Direction {
  bool reverse;
  std::vector<float> w, b;      // (P·64, E), in 8 bits (P, E, 4, 16); (P·64,)
  std::vector<float> exact;     // (P, H, 4, 16)
  std::vector<std::int8_t> w8;  // (P, 4P, 4, 16, 4)
  std::vector<float> scale;     // (P·64,)
  std::vector<std::int32_t> start;

  Direction(const Tensors& tensors, const std::string& name, Size E, Size H, bool int8, bool reverse)
      : reverse(reverse) {
    const Size P = panels_of(H), columns = P * PANEL;
    const auto w_rx = tensors.get(name + ".w_rx", 4 * H, E).all(), w_rh = tensors.get(name + ".w_rh", 4 * H, H).all();
    const auto b_r = tensors.vector(name + ".b_r", 4 * H);
    w.assign(static_cast<std::size_t>(columns * E), 0.0f), b.assign(static_cast<std::size_t>(columns), 0.0f);
    if (int8) {
      w8.assign(static_cast<std::size_t>(columns * P * UNITS), 0);
      scale.assign(static_cast<std::size_t>(columns), (1.0f / 127.0f) / 127.0f), start.assign(scale.size(), 0);
    } else {
      exact.assign(static_cast<std::size_t>(columns * H), 0.0f);
    }
    for (Size gate = 0; gate < 4; ++gate)
      for (Size j = 0; j < H; ++j) {
        const Size from = gate * H + j, p = j / UNITS, u = j % UNITS, to = p * PANEL + gate * UNITS + u;
        const Size first = int8 ? p * E * PANEL + gate * UNITS + u : to * E, next = int8 ? PANEL : 1;
        for (Size k = 0; k < E; ++k)
          w[static_cast<std::size_t>(first + k * next)] = w_rx[static_cast<std::size_t>(from * E + k)];
        b[static_cast<std::size_t>(to)] = b_r[static_cast<std::size_t>(from)];
        const float* row = w_rh.data() + from * H;
        if (!int8) {
          for (Size k = 0; k < H; ++k)
            exact[static_cast<std::size_t>(((p * H + k) * 4 + gate) * UNITS + u)] = row[k];
          continue;
        }
        float largest = 0;
        bool finite = true;  // infinity and NaN cannot be quantized
        for (Size k = 0; k < H; ++k) largest = std::max(largest, std::fabs(row[k])), finite &= std::isfinite(row[k]);
        expect(finite, "weights that are finite numbers");
        const float step = (largest > SMALLEST8 ? largest : 1.0f) / 127.0f;
        std::int32_t sum = 0;
        for (Size k = 0; k < H; ++k) {
          const auto whole = static_cast<std::int8_t>(std::nearbyint(row[k] / step));
          w8[static_cast<std::size_t>((((p * P * 4 + k / 4) * 4 + gate) * UNITS + u) * 4 + k % 4)] = whole;
          sum += whole;
        }
        scale[static_cast<std::size_t>(to)] = step / 127.0f;
        start[static_cast<std::size_t>(to)] = -128 * sum;
      }
  }
};

// The output weights of a label column in 8 bits with bounds of the error, as kernels/weight_layout.py makes them.
struct SmallOutput {
  Size P;  // panels of 64 columns
  std::vector<std::int8_t> w8;  // (P, E / 4, 4, 16, 4), E padded to a multiple of 16
  std::vector<float> scale, b, error, share;  // (P·64,)
  std::vector<std::int32_t> start;

  // w (K, E), b (K,)
  SmallOutput(const float* w, const float* bias, Size K, Size E) : P((K + PANEL - 1) / PANEL) {
    const Size groups = panels_of(E) * UNITS / 4, columns = P * PANEL;
    w8.assign(static_cast<std::size_t>(columns * groups * 4), 0);
    scale.assign(static_cast<std::size_t>(columns), (1.0f / 127.0f) / 127.0f), start.assign(scale.size(), 0);
    b.assign(scale.size(), 0.0f), error.assign(scale.size(), 1e-5f), share.assign(scale.size(), 0.0f);
    for (Size k = 0; k < K; ++k) {
      const float* row = w + k * E;
      const auto to = static_cast<std::size_t>(k);
      float largest = 0;
      double total = 0;
      for (Size j = 0; j < E; ++j) largest = std::max(largest, std::fabs(row[j])), total += std::fabs(row[j]);
      expect(std::isfinite(total), "weights that are finite numbers");
      const float step = (largest > SMALLEST8 ? largest : 1.0f) / 127.0f;
      std::int32_t sum = 0;
      for (Size j = 0; j < E; ++j) {
        const auto whole = static_cast<std::int8_t>(std::nearbyint(row[j] / step));
        w8[static_cast<std::size_t>((((k / PANEL * groups + j / 4) * 4 + k % PANEL / UNITS) * UNITS + k % UNITS) * 4 +
                                    j % 4)] = whole;
        sum += whole;
      }
      scale[to] = step / 127.0f, start[to] = -128 * sum, b[to] = bias[k];
      const double half = 0.5 * 127 * static_cast<double>(scale[to]);  // of a quantization step
      error[to] = static_cast<float>((total + half * static_cast<double>(E)) * 0.5 / 127 * 1.001 + 1e-5);
      share[to] = static_cast<float>(half * 1.001);
    }
  }
};

// One network of the ensemble.
struct Member {
  Matrix embedding, features;
  std::vector<Direction> directions;
  std::vector<float> w_oh, b_o;
};

}  // namespace
}  // namespace elman
