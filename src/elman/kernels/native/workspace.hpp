// Memory of line_tagger.hpp: word tables shared by threads, and the workspace of one text.
#pragma once
#ifdef __linux__
#include <sys/mman.h>
#endif

#include <exception>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "block_readers.hpp"
#include "text.hpp"

namespace elman {
namespace {

// Memory that is allocated lazily when written to; in large pages if possible, since rows are read at random.
struct Bytes {
  static constexpr std::size_t PAGE = std::size_t(1) << 21;
  char* data;
  explicit Bytes(Size n)
      : data(static_cast<char*>(::operator new(static_cast<std::size_t>(n), std::align_val_t(PAGE)))) {
#ifdef __linux__
    madvise(data, static_cast<std::size_t>(n), MADV_HUGEPAGE);
#endif
  }
  ~Bytes() { ::operator delete(data, std::align_val_t(PAGE)); }
  Bytes(Bytes&& other) noexcept : data(std::exchange(other.data, nullptr)) {}
  Bytes& operator=(Bytes&&) = delete;
};

// The words seen so far and the first layer's gate inputs for each of them. Computed rows never change.
struct Store {
  Index index;
  Size capacity = 0;                           // rows
  std::vector<Bytes> tables;                   // one for each direction of each network
  std::vector<std::pair<Size, Size>> waiting;  // ranges of rows not computed yet
  std::multiset<Size> doing;                   // first rows of the ranges being computed
  Size users = 0;                              // texts being tagged with it
  bool broken = false;                         // an error occurred while rows were computed
  Size failed = 0;                             // the first of these rows
  std::exception_ptr error;                    // for the text that needs them
};

// Arrays for tagging a text, reused for the next text, since fresh memory costs time.
struct Workspace {
  Block block;
  std::string bytes;  // of words that are not those of a text
  std::string out;    // the tagged text of the block
  std::vector<Id> types, sizes, packed, ids;
  std::vector<std::vector<Id>> best;   // of each label column, the best tag of each word of the block
  std::vector<std::vector<double>> p;  // and its probability
  std::vector<double> own_p;
  std::vector<Size> rows;
  std::vector<Sentence> sentences;
  std::vector<float> h, scores, more, scratch;
};

// Grows a vector to at least n items; returns a pointer to them, with arbitrary values.
template <class T>
T* ensure_capacity(std::vector<T>& v, Size n) {
  if (v.size() < static_cast<std::size_t>(n)) v.resize(static_cast<std::size_t>(n));
  return v.data();
}

}  // namespace
}  // namespace elman
