// Tags blocks of text, bytes in and bytes out, with a trained LSTM; `elman tag` uses it for large text. No word becomes
// a Python object, and NumPy is not needed; lines.cpp binds it. Results are bit-identical to elman.models.inference,
// which documents the computation. block_formats.hpp says which formats.
#pragma once
#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "block_formats.hpp"
#include "checks.hpp"
#include "line_network.hpp"

namespace elman {
namespace {

constexpr Size CHUNK = 768;  // words per pass, so that their states stay in the L2 cache
constexpr Size TILE = 6;     // sentences whose states are computed together (ROWS of int8.cpp)
constexpr Size FRESH = 256;  // new words whose inputs are computed together
constexpr std::size_t LARGE_OUTPUT = 1 << 22;  // bytes of tagged text whose memory is not kept for the next block

class LineTagger {
 public:
  explicit LineTagger(LineModel&& model) : spare_(model.spare), network_(std::move(model)) {
    most_ = std::max<Size>(1024, model.table_bytes / (network_.row() * network_.directions()));
  }

  // Tags a block of whole sentences in UTF-8, to work.out; returns false if the formats leave the block to the readers
  // and writers in Python. Several threads may call it at once, each with its workspace.
  bool tag(View text, const BlockFormat& format, const BlockOptions& options, Workspace& work) {
    const std::vector<LabelColumn>& columns = network_.columns();
    for (const WrittenColumn& column : options.written)
      expect(0 <= column.column && column.column < static_cast<Size>(columns.size()), "a column of the model");
    if (!format.read(text, options, work.block)) return false;
    answer(work, options.confidences);
    std::vector<Answers> answers;
    for (const WrittenColumn& column : options.written) {
      const auto i = static_cast<std::size_t>(column.column);
      const double* p = options.confidences ? work.p[i].data() : nullptr;
      answers.push_back({columns[i].tags, column, work.best[i].data(), p});
    }
    if (work.out.capacity() > LARGE_OUTPUT) std::string().swap(work.out);
    work.out.clear();
    return format.write(text, work.block, answers, work.out);
  }

  // Finds the best tags of the words of a block that are the bytes of the workspace, each up to its place.
  void tag_words(Workspace& d) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < d.block.words.size(); ++i) {
      const std::size_t end = d.block.places[i];
      d.block.words[i] = View(d.bytes).substr(begin, end - begin);
      begin = end;
    }
    answer(d, false);
  }

  // Returns a workspace that no other thread uses. Python's lock may be held here and in give_back, but must not be where
  // `lock_` is taken: who holds that may wait for Python's lock, to free an error raised in Python.
  std::unique_ptr<Workspace> borrow() {
    const std::lock_guard<std::mutex> hold(idle_lock_);
    if (idle_.empty()) return std::make_unique<Workspace>();
    std::unique_ptr<Workspace> work = std::move(idle_.back());
    idle_.pop_back();
    return work;
  }
  void give_back(std::unique_ptr<Workspace> work) {
    const std::lock_guard<std::mutex> hold(idle_lock_);
    idle_.push_back(std::move(work));
  }

 private:
  // Finds the best tags of the words of a block, and their probabilities.
  void answer(Workspace& d, bool confidences) {
    const std::size_t columns = network_.columns().size();
    d.best.resize(columns), d.p.resize(columns);
    for (std::size_t i = 0; i < columns; ++i) {
      ensure_capacity(d.best[i], d.block.size());
      if (confidences) ensure_capacity(d.p[i], d.block.size());
    }
    const std::shared_ptr<Store> store = seen(d);
    const Use use{*this, *store};
    d.sentences.clear();
    for (const Sentence& sentence : d.block.sentences)
      if (sentence.length) d.sentences.push_back(sentence);
    // longest sentences first, CHUNK words per pass
    if (d.sentences.size() > 1)
      std::stable_sort(d.sentences.begin(), d.sentences.end(),
                       [](const Sentence& a, const Sentence& b) { return a.length > b.length; });
    const Sentence *next = d.sentences.data(), *last = next + d.sentences.size();
    while (next < last) {
      const Sentence* end = next;
      Size total = 0;
      while (end < last && (end == next || total + end->length <= CHUNK)) total += end++->length;
      while (end < last && end - next > TILE && (end - next) % TILE) total -= (--end)->length;
      network_.decode(*store, d, {next, end}, total, confidences);
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
      for (Size i = 0; i < network_.tables(); ++i) store.tables.emplace_back(times(store.capacity, network_.row()));
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
    network_.fill(store, begin, words);
    hold.lock();
    store.doing.erase(mark);
    ready_.notify_all();
  }

  Size spare_, most_;
  LineNetwork network_;
  std::mutex lock_, idle_lock_;
  std::condition_variable ready_;
  std::shared_ptr<Store> store_;
  std::vector<std::unique_ptr<Workspace>> idle_;  // workspaces not in use
};

}  // namespace
}  // namespace elman
