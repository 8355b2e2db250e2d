// A label column of line_tagger.hpp: its tags, and the best of them by the scores of the network. elman.nn.decoders
// documents the computation.
#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kernels.hpp"
#include "weights.hpp"
#include "workspace.hpp"

namespace elman {
namespace {

// What a model file says of a label column. Without a chain, words are tagged independently.
struct ColumnModel {
  std::vector<std::string> tags;
  bool chained = false, crf = false;
  std::string allowed[3];  // transitions, first tags and last tags, as bytes of 0 and 1 (empty: all are allowed)
  double temperature = 1;  // divides all scores before they become probabilities
};

struct LabelColumn {
  std::vector<std::string> tags;
  Size begin, K;  // its scores are those of K tags from `begin` on
  bool chained;
  std::vector<float> chain[3], cooled[3];  // transitions, begin, end; and divided by the temperature
  float temperature;

  // `number` is its place among the columns, from 0.
  LabelColumn(ColumnModel&& model, std::size_t number, Size begin, const TensorOf& tensor_of,
              const std::vector<std::string>& prefixes)
      : tags(std::move(model.tags)),
        begin(begin),
        K(static_cast<Size>(tags.size())),
        chained(model.chained),
        temperature(static_cast<float>(model.temperature)) {
    expect(0 < K && K <= LARGEST, "sizes");
    expect(temperature > 0, "a temperature above 0");
    const std::string prefix = number ? "output" + std::to_string(number + 1) : "output";
    const char* names[3] = {".transitions", ".begin", ".end"};
    for (std::size_t i = 0; chained && i < 3; ++i) {
      std::vector<float>& x = chain[i];
      x.assign(static_cast<std::size_t>(i ? K : times(K, K)), 0.0f);
      for (const std::string& network : prefixes) {
        if (!model.crf) break;
        const Tensors own{tensor_of, network};
        const auto more = i ? own.vector(prefix + names[i], K) : own.get(prefix + names[i], K, K).all();
        for (std::size_t j = 0; j < x.size(); ++j) x[j] += more[j];
      }
      for (float& one : x)
        if (prefixes.size() > 1) one /= static_cast<float>(prefixes.size());
      const std::string& allowed = model.allowed[i];
      expect(allowed.empty() || allowed.size() == x.size(), "constraints");
      for (std::size_t j = 0; j < allowed.size(); ++j)
        if (!allowed[j]) x[j] = -1e30f;
      for (const float one : x) cooled[i].push_back(one / temperature);
    }
  }

  // Writes the best tags, ids (N,), of packed sentences, and their probabilities p (N,) unless null; only a column with
  // a chain has them. Rows of scores have `wide` numbers.
  void decode(const float* scores, Size wide, Steps steps, std::vector<float>& scratch, Id* ids, double* p) const {
    const Size N = steps.N;
    if (!chained) {
      expect(!p, "a chain, for probabilities");
      for (Size i = 0; i < N; ++i) {
        const float* row = scores + i * wide + begin;
        ids[i] = static_cast<Id>(std::max_element(row, row + K) - row);
      }
      return;
    }
    float* own = ensure_capacity(scratch, 2 * N * K);
    for (Size i = 0; i < N; ++i) std::copy_n(scores + i * wide + begin, K, own + i * K);
    kernels<float>().crf_best(own, steps, chain[0].data(), chain[1].data(), chain[2].data(), ids, K);
    if (!p) return;
    float* shares = own + N * K;
    for (Size i = 0; i < N * K; ++i) own[i] /= temperature;
    kernels<float>().crf_marginals(own, steps, cooled[0].data(), cooled[1].data(), cooled[2].data(), shares, K);
    for (Size i = 0; i < N; ++i, shares += K) {
      double total = 0;
      for (Size k = 0; k < K; ++k) total += static_cast<double>(shares[k]);
      p[i] = static_cast<double>(shares[ids[i]]) / total;
    }
  }
};

}  // namespace
}  // namespace elman
