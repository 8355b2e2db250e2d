// The networks of a trained LSTM tagger without their threads: word tables, states and best tags; line_tagger.hpp uses
// them. Results are bit-identical to elman.models.inference, which documents the computation.
#pragma once
#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "int8.hpp"
#include "kernels.hpp"
#include "label_column.hpp"
#include "text.hpp"
#include "weights.hpp"
#include "workspace.hpp"

namespace elman {
namespace {

// What a model file says of a network, or an ensemble of them.
struct LineModel {
  using Take = std::function<void(View)>;

  Index words, features;
  std::vector<ColumnModel> columns;
  std::vector<std::string> prefixes;  // of the names of each network's tensors
  Size E = 0, F = 0, H = 0;
  bool both = false;  // directions
  bool int8 = false;
  TensorOf tensor_of;                              // called by the constructor only
  std::function<void(View, const Take&)> extract;  // calls back with the features of a word
  bool ascii = true;                               // whether those of ASCII words are affixes, which need no call
  Size table_bytes = 32 << 20;                     // size of a network's tables at which all are cleared
  Size spare = 16384;                              // spare rows beyond that, for the words of one text
};

constexpr Size FULL = 32;  // columns of a product that are computed together, whether needed or not

// Sentences that are tagged in one pass.
struct Some {
  const Sentence *begin, *end;
};

// A network, or an ensemble whose scores are averaged.
class LineNetwork {
 public:
  explicit LineNetwork(LineModel&& model)
      : int8_(model.int8),
        extract_(std::move(model.extract)),
        ascii_(model.ascii),
        words_(std::move(model.words)),
        features_(std::move(model.features)),
        E_(model.E),
        F_(features_.size() ? model.F : 0),
        H_(model.H) {
    expect(!model.columns.empty(), "label columns");
    for (std::size_t i = 0; i < model.columns.size(); ++i) {
      columns_.emplace_back(std::move(model.columns[i]), i, K_, model.tensor_of, model.prefixes);
      K_ += columns_.back().K;
    }
    expect(!int8_ || has_int8(), "8-bit products");
    const auto sound = [](Size n) { return 0 < n && n <= LARGEST; };
    const std::vector<std::string>& prefixes = model.prefixes;
    expect(sound(E_) && (!features_.size() || sound(F_)) && sound(H_) && sound(K_) &&
               sound(static_cast<Size>(prefixes.size())),
           "sizes");
    expect(!int8_ || H_ <= WIDEST8, "hidden units, with 8-bit products");
    P_ = panels_of(H_);
    Z_ = (K_ + FULL - 1) / FULL * FULL;
    D_ = model.both ? 2 : 1;
    for (const std::string& prefix : prefixes) {
      const Tensors own{model.tensor_of, prefix};
      Member m{own.get("embedding", words_.size() + 1, E_), {}, {}, {}, {}};
      if (F_) m.features = own.get("features", features_.size(), F_);
      m.directions.emplace_back(own, "layer0.forward", E_ + F_, H_, int8_, false);
      if (model.both) m.directions.emplace_back(own, "layer0.backward", E_ + F_, H_, int8_, true);
      m.w_oh = own.get("output.w_oh", K_, D_ * H_).all(), m.b_o = own.vector("output.b_o", K_);
      m.w_oh.resize(static_cast<std::size_t>(Z_ * D_ * H_)), m.b_o.resize(static_cast<std::size_t>(Z_));
      members_.push_back(std::move(m));
    }
    const auto independent = [](const LabelColumn& column) { return !column.chained; };
    if (int8_ && prefixes.size() == 1 && D_ * H_ <= WIDEST8 &&
        std::all_of(columns_.begin(), columns_.end(), independent))
      for (const LabelColumn& column : columns_) {
        const Member& only = members_[0];
        small_.emplace_back(only.w_oh.data() + column.begin * D_ * H_, only.b_o.data() + column.begin, column.K,
                            D_ * H_);
      }
    row_ = P_ * PANEL * (int8_ ? 2 : 4);
  }

  const std::vector<LabelColumn>& columns() const { return columns_; }
  Size row() const { return row_; }       // bytes of a word in a table
  Size directions() const { return D_; }  // tables of a network
  Size tables() const { return D_ * static_cast<Size>(members_.size()); }

  // Computes the rows of new words, from row `first` on.
  void fill(Store& store, Size first, const std::vector<std::string>& words) const {
    const Size n = static_cast<Size>(words.size()), X = E_ + F_;
    std::vector<Id> ids, offsets;
    bags(words, ids, offsets);
    std::vector<float> rows(ids.size() * static_cast<std::size_t>(F_));  // of the features, one after the other
    std::vector<Id> places(ids.size());
    std::iota(places.begin(), places.end(), 0);
    std::vector<float> x(static_cast<std::size_t>(n * X)), sums(static_cast<std::size_t>(n * F_));
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Member& member = members_[m];
      for (std::size_t i = 0; i < ids.size(); ++i)
        member.features.row(ids[i], rows.data() + static_cast<Size>(i) * F_);
      if (F_) kernels<float>().bag_forward(rows.data(), places.data(), offsets.data(), sums.data(), n, F_);
      for (Size i = 0; i < n; ++i) {
        // -1 (unknown) becomes row 0, the unknown word
        member.embedding.row(words_.find(words[static_cast<std::size_t>(i)]) + 1, x.data() + i * X);
        if (F_) std::copy_n(sums.data() + i * F_, F_, x.data() + i * X + E_);
      }
      for (Size d = 0; d < D_; ++d) {
        const Direction& direction = member.directions[static_cast<std::size_t>(d)];
        char* to = store.tables[m * static_cast<std::size_t>(D_) + static_cast<std::size_t>(d)].data + first * row_;
#ifdef ELMAN_HAS_int8
        if (int8_) {
          linear_halves(x.data(), direction.w.data(), direction.b.data(), reinterpret_cast<std::uint16_t*>(to), n, X,
                        P_);
          continue;
        }
#endif
        kernels<float>().linear_forward(x.data(), direction.w.data(), direction.b.data(), reinterpret_cast<float*>(to),
                                        n, X, P_ * PANEL);
      }
    }
  }

  // Finds the best tags of sentences (longest first) with N words in total, and their probabilities.
  void decode(const Store& store, Workspace& work, Some some, Size N, bool confidences) const {
    const Size wide = D_ * H_;
    Id *packed = ensure_capacity(work.packed, N), *ids = ensure_capacity(work.ids, N);
    Size* rows = ensure_capacity(work.rows, N);
    work.sizes.clear();
    Size at = 0, going = some.end - some.begin;
    for (Size t = 0; at < N; ++t) {
      while (some.begin[going - 1].length <= t) --going;
      work.sizes.push_back(static_cast<Id>(going));
      for (Size b = 0; b < going; ++b, ++at) {
        rows[at] = some.begin[b].begin + t;
        packed[at] = work.types[static_cast<std::size_t>(rows[at])];
      }
    }
    const Steps steps{work.sizes.data(), static_cast<Size>(work.sizes.size()), N, work.sizes[0]};
    float *h = ensure_capacity(work.h, N * wide), *scores = ensure_capacity(work.scores, N * Z_), *more = nullptr;
    if (members_.size() > 1) more = ensure_capacity(work.more, N * Z_);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Member& member = members_[m];
      for (Size d = 0; d < D_; ++d) {
        const Direction& direction = member.directions[static_cast<std::size_t>(d)];
        const char* table = store.tables[m * static_cast<std::size_t>(D_) + static_cast<std::size_t>(d)].data;
#ifdef ELMAN_HAS_int8
        if (int8_) {
          lstm_states_int8(reinterpret_cast<const std::uint16_t*>(table), packed, steps, direction.w8.data(),
                           direction.scale.data(), direction.start.data(), h, direction.reverse, H_, d * H_, wide);
          continue;
        }
#endif
        kernels<float>().lstm_states(reinterpret_cast<const float*>(table), packed, steps, direction.exact.data(), h,
                                     direction.reverse, H_, d * H_, wide);
      }
      if (!small_.empty()) continue;
      kernels<float>().linear_forward(h, member.w_oh.data(), member.b_o.data(), m ? more : scores, N, wide, Z_);
      for (Size i = 0; m && i < N * Z_; ++i) scores[i] += more[i];
    }
    for (Size i = 0; more && i < N * Z_; ++i) scores[i] /= static_cast<float>(members_.size());
    double* p = confidences ? ensure_capacity(work.own_p, N) : nullptr;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
#ifdef ELMAN_HAS_int8
      if (!small_.empty()) {
        expect(!p, "a chain, for probabilities");
        const SmallOutput& own = small_[c];
        const float* w = members_[0].w_oh.data() + columns_[c].begin * wide;
        linear_best_int8(h, own.w8.data(), own.scale.data(), own.start.data(), w, own.b.data(), own.error.data(),
                         own.share.data(), ids, N, wide, columns_[c].K, own.P);
        for (Size i = 0; i < N; ++i) work.best[c][static_cast<std::size_t>(rows[i])] = ids[i];
        continue;
      }
#endif
      columns_[c].decode(scores, Z_, steps, work.scratch, ids, p);
      for (Size i = 0; i < N; ++i) work.best[c][static_cast<std::size_t>(rows[i])] = ids[i];
      for (Size i = 0; p && i < N; ++i) work.p[c][static_cast<std::size_t>(rows[i])] = p[i];
    }
  }

 private:
  // Finds the feature ids of each word, sorted and without duplicates.
  void bags(const std::vector<std::string>& words, std::vector<Id>& ids, std::vector<Id>& offsets) const {
    ids.clear(), offsets.assign(1, 0);
    std::string low, name;
    const auto take = [&](View feature) {
      const Id id = features_.find(feature);
      if (id >= 0) ids.push_back(id);
    };
    for (const std::string& spelled : words) {
      const auto start = static_cast<std::ptrdiff_t>(ids.size());
      const View word = spelled;
      if (!F_) {
      } else if (!ascii_ || std::any_of(word.begin(), word.end(), [](char c) { return c & 0x80; })) {
        extract_(word, take);
      } else {
        affixes(word, low, name, take);
      }
      std::sort(ids.begin() + start, ids.end());
      ids.erase(std::unique(ids.begin() + start, ids.end()), ids.end());
      offsets.push_back(id_of(ids.size()));
    }
  }

  bool int8_;
  std::function<void(View, const LineModel::Take&)> extract_;
  bool ascii_;
  Index words_, features_;
  std::vector<LabelColumn> columns_;
  Size E_, F_, H_, K_ = 0, Z_, P_, D_, row_;  // K_: tags of all columns; Z_: padded for the product
  std::vector<Member> members_;
  std::vector<SmallOutput> small_;  // of columns without a chain, if all are and there is one network
};

}  // namespace
}  // namespace elman
