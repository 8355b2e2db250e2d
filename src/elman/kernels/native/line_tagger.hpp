// Tags blocks of text, bytes in and bytes out, with a trained LSTM; `elman tag` uses it for large text. No word becomes
// a Python object, and NumPy is not needed; lines.cpp binds it. Results are bit-identical to elman.models.inference,
// which documents the computation. block_readers.hpp finds the words, block_writers.hpp writes the tags.
#pragma once
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "block_writers.hpp"
#include "checks.hpp"
#include "int8.hpp"
#include "label_column.hpp"
#include "text.hpp"
#include "weights.hpp"
#include "workspace.hpp"

namespace elman {
namespace {

constexpr Size CHUNK = 768;  // words per pass, so that their states stay in the L2 cache
constexpr Size FRESH = 256;  // new words whose inputs are computed together

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
  std::function<void(View, const Take&)> affixes;  // calls back with the features of a word that is not ASCII
  Size table_bytes = 48 << 20;                     // size of all tables at which they are cleared
  Size spare = 16384;                              // spare rows beyond that, for the words of one text
};

class LineTagger {
 public:
  explicit LineTagger(LineModel&& model)
      : int8_(model.int8),
        affixes_(std::move(model.affixes)),
        words_(std::move(model.words)),
        features_(std::move(model.features)),
        E_(model.E),
        F_(features_.size() ? model.F : 0),
        H_(model.H),
        spare_(model.spare) {
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
    D_ = model.both ? 2 : 1;
    for (const std::string& prefix : prefixes) {
      const Tensors own{model.tensor_of, prefix};
      Member m{own.get("embedding", words_.size() + 1, E_), {}, {}, {}, {}};
      if (F_) m.features = own.get("features", features_.size(), F_).all();
      m.directions.emplace_back(own, "layer0.forward", E_ + F_, H_, int8_, false);
      if (model.both) m.directions.emplace_back(own, "layer0.backward", E_ + F_, H_, int8_, true);
      m.w_oh = own.get("output.w_oh", K_, D_ * H_).all(), m.b_o = own.vector("output.b_o", K_);
      members_.push_back(std::move(m));
    }
    row_ = P_ * PANEL * (int8_ ? 2 : 4);
    most_ = std::max<Size>(1024, model.table_bytes / (row_ * D_ * static_cast<Size>(members_.size())));
  }

  // Returns the tagged text of a block of whole sentences in UTF-8; none if the formats leave the block to the readers
  // and writers in Python. Several threads may call it at once.
  std::optional<Tagged> tag(View text, const BlockFormat& format, const BlockOptions& options) {
    for (const WrittenColumn& column : options.written)
      expect(0 <= column.column && column.column < static_cast<Size>(columns_.size()), "a column of the model");
    std::unique_ptr<Workspace> work;
    {
      const std::lock_guard<std::mutex> hold(lock_);
      if (!idle_.empty()) work = std::move(idle_.back()), idle_.pop_back();
    }
    if (!work) work = std::make_unique<Workspace>();
    Tagged tagged;
    bool fits = format.read(text, options, work->block);
    if (fits) {
      answer(*work, options.confidences);
      std::vector<Answers> answers;
      for (const WrittenColumn& column : options.written) {
        const auto i = static_cast<std::size_t>(column.column);
        const double* p = options.confidences ? work->p[i].data() : nullptr;
        answers.push_back({columns_[i].tags, column, work->best[i].data(), p});
      }
      fits = format.write(text, work->block, answers, tagged.text);
      tagged.sentences = work->block.sentences.size(), tagged.words = work->block.words.size();
    }
    const std::lock_guard<std::mutex> hold(lock_);
    idle_.push_back(std::move(work));
    if (!fits) return std::nullopt;
    return tagged;
  }

 private:
  // Finds the best tags of the words of a block, and their probabilities.
  void answer(Workspace& d, bool confidences) {
    const Size words = static_cast<Size>(d.block.words.size());
    d.best.resize(columns_.size()), d.p.resize(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      ensure_capacity(d.best[i], words);
      if (confidences) ensure_capacity(d.p[i], words);
    }
    const std::shared_ptr<Store> store = seen(d);
    const Use use{*this, *store};
    d.sentences.clear();
    for (const Sentence& sentence : d.block.sentences)
      if (sentence.length) d.sentences.push_back(sentence);
    // longest sentences first, CHUNK words per pass
    std::stable_sort(d.sentences.begin(), d.sentences.end(),
                     [](const Sentence& a, const Sentence& b) { return a.length > b.length; });
    const Sentence *next = d.sentences.data(), *last = next + d.sentences.size();
    while (next < last) {
      const Sentence* end = next;
      Size total = 0;
      while (end < last && (end == next || total + end->length <= CHUNK)) total += end++->length;
      decode(*store, d, {next, end}, total, confidences);
      next = end;
    }
  }

  // Releases a store when the text that uses it is done.
  struct Use {
    LineTagger& tagger;
    Store& store;
    ~Use() {
      const std::lock_guard<std::mutex> hold(tagger.lock_);
      --store.users;
      tagger.ready_.notify_all();
    }
  };

  // Looks up the words of a text and returns the store that holds the rows of all of them. If that fails (no memory, or
  // an error raised in Python), the store is marked as broken: no further text uses it, and texts that wait for its
  // rows start over with another one.
  std::shared_ptr<Store> seen(Workspace& d) {
    std::unique_lock<std::mutex> hold(lock_);
    for (;;) {
      // a full store is cleared, keeping its memory, once no text uses it
      ready_.wait(hold, [&] { return !store_ || store_->broken || store_->index.size() <= most_ || !store_->users; });
      if (!store_ || store_->broken) store_ = std::make_shared<Store>();
      if (store_->index.size() > most_) store_->index = Index();
      const std::shared_ptr<Store> store = store_;
      ++store->users;
      bool whole = false;
      try {
        whole = computed(*store, d, hold);
      } catch (...) {
        if (!hold.owns_lock()) hold.lock();
        store->broken = true, --store->users;
        ready_.notify_all();
        throw;
      }
      if (whole) return store;
      --store->users;
      ready_.notify_all();
    }
  }

  // Finds the words of a text in a store; threads that wait for new words help to compute them. An error is thrown to
  // the text whose words they are. Returns false if another store has to be used.
  bool computed(Store& store, Workspace& d, std::unique_lock<std::mutex>& hold) {
    const Size first = store.index.size();
    d.types.clear();
    for (const View word : d.block.words) d.types.push_back(store.index.add(word));
    const Size last = store.index.size();
    if (store.tables.empty()) {
      store.capacity = std::max(most_ + spare_, last);
      for (Size i = 0; i < D_ * static_cast<Size>(members_.size()); ++i)
        store.tables.emplace_back(times(store.capacity, row_));
    }
    if (last > store.capacity) {  // other texts continue with this store; they never use these words
      store_ = std::make_shared<Store>();
      return false;
    }
    for (Size i = first; i < last; i += FRESH) store.waiting.emplace_back(i, std::min(i + FRESH, last));
    while (!store.waiting.empty() && !store.broken) {
      const Size row = store.waiting.back().first;
      std::exception_ptr error;
      try {
        compute(store, hold);
      } catch (...) {
        error = std::current_exception();
      }
      if (!hold.owns_lock()) hold.lock();
      if (!error || store.broken) continue;
      store.broken = true, store.failed = row, store.error = std::move(error);
      ready_.notify_all();
    }
    ready_.wait(hold, [&] { return store.broken || store.doing.empty() || *store.doing.begin() >= last; });
    if (store.error && first <= store.failed && store.failed < last)
      std::rethrow_exception(std::exchange(store.error, nullptr));
    return !store.broken;
  }

  // Computes a block of waiting rows with the lock released; after an exception the lock is not held.
  void compute(Store& store, std::unique_lock<std::mutex>& hold) {
    const auto [begin, end] = store.waiting.back();
    const auto mark = store.doing.insert(begin);
    store.waiting.pop_back();
    std::vector<std::string> words;  // copies: the index may grow meanwhile
    for (Size i = begin; i < end; ++i) words.emplace_back(store.index.word(i));
    hold.unlock();
    fill(store, begin, words);
    hold.lock();
    store.doing.erase(mark);
    ready_.notify_all();
  }

  // Computes the rows of new words, from row `first` on.
  void fill(Store& store, Size first, const std::vector<std::string>& words) const {
    const Size n = static_cast<Size>(words.size()), X = E_ + F_, wide = P_ * PANEL;
    std::vector<Id> ids, offsets;
    bags(words, ids, offsets);
    std::vector<float> x(static_cast<std::size_t>(n * X)), sums(static_cast<std::size_t>(n * F_)),
        a(static_cast<std::size_t>(n * wide));
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const Member& member = members_[m];
      if (F_) kernels<float>().bag_forward(member.features.data(), ids.data(), offsets.data(), sums.data(), n, F_);
      for (Size i = 0; i < n; ++i) {
        // -1 (unknown) becomes row 0, the unknown word
        member.embedding.row(words_.find(words[static_cast<std::size_t>(i)]) + 1, x.data() + i * X);
        if (F_) std::copy_n(sums.data() + i * F_, F_, x.data() + i * X + E_);
      }
      for (Size d = 0; d < D_; ++d) {
        const Direction& direction = member.directions[static_cast<std::size_t>(d)];
        char* to = store.tables[m * static_cast<std::size_t>(D_) + static_cast<std::size_t>(d)].data + first * row_;
        kernels<float>().linear_forward(x.data(), direction.w.data(), direction.b.data(), a.data(), n, X, wide);
#ifdef ELMAN_HAS_int8
        if (int8_) {
          halves(a.data(), reinterpret_cast<std::uint16_t*>(to), n, wide / UNITS);
          continue;
        }
#endif
        std::memcpy(to, a.data(), static_cast<std::size_t>(n * wide) * sizeof(float));
      }
    }
  }

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
      } else if (std::any_of(word.begin(), word.end(), [](char c) { return c & 0x80; })) {
        affixes_(word, take);
      } else {
        affixes(word, low, name, take);
      }
      std::sort(ids.begin() + start, ids.end());
      ids.erase(std::unique(ids.begin() + start, ids.end()), ids.end());
      offsets.push_back(id_of(ids.size()));
    }
  }

  struct Some {
    const Sentence *begin, *end;
  };

  // Finds the best tags of sentences (longest first) with N words in total.
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
    float *h = ensure_capacity(work.h, N * wide), *scores = ensure_capacity(work.scores, N * K_), *more = nullptr;
    if (members_.size() > 1) more = ensure_capacity(work.more, N * K_);
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
      kernels<float>().linear_forward(h, member.w_oh.data(), member.b_o.data(), m ? more : scores, N, wide, K_);
      for (Size i = 0; m && i < N * K_; ++i) scores[i] += more[i];
    }
    for (Size i = 0; more && i < N * K_; ++i) scores[i] /= static_cast<float>(members_.size());
    double* p = confidences ? ensure_capacity(work.own_p, N) : nullptr;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      columns_[c].decode(scores, K_, steps, work.scratch, ids, p);
      for (Size i = 0; i < N; ++i) work.best[c][static_cast<std::size_t>(rows[i])] = ids[i];
      for (Size i = 0; p && i < N; ++i) work.p[c][static_cast<std::size_t>(rows[i])] = p[i];
    }
  }

  bool int8_;
  std::function<void(View, const LineModel::Take&)> affixes_;
  Index words_, features_;
  std::vector<LabelColumn> columns_;
  Size E_, F_, H_, K_ = 0, spare_, P_, D_, row_, most_;  // K_: tags of all columns
  std::vector<Member> members_;
  std::mutex lock_;
  std::condition_variable ready_;
  std::shared_ptr<Store> store_;
  std::vector<std::unique_ptr<Workspace>> idle_;  // workspaces not in use
};

}  // namespace
}  // namespace elman
