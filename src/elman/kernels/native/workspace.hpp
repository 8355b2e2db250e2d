// The memory in which lines.cpp tags: tables of words shared by threads, and the workspace of one text.
#pragma once
#ifdef __linux__
#include <sys/mman.h>
#endif

#include <memory>
#include <new>
#include <set>
#include <utility>
#include <vector>

#include "text.hpp"

namespace elman {
namespace {

// Memory that takes no space until it is written to; in large pages if possible, since rows are read at random.
struct Bytes {
  static constexpr std::size_t PAGE = std::size_t(1) << 21;
  char* data;
  explicit Bytes(Size n) : data(static_cast<char*>(::operator new(static_cast<std::size_t>(n), std::align_val_t(PAGE)))) {
#ifdef __linux__
    madvise(data, static_cast<std::size_t>(n), MADV_HUGEPAGE);
#endif
  }
  ~Bytes() { ::operator delete(data, std::align_val_t(PAGE)); }
  Bytes(Bytes&& other) noexcept : data(std::exchange(other.data, nullptr)) {}
  Bytes& operator=(Bytes&&) = delete;
};

// The words met so far and the input of the first layer for each of them. Rows that are written never change.
struct Store {
  Index index;
  Size capacity = 0;                           // rows
  std::vector<Bytes> tables;                   // of each direction of each network
  std::vector<std::pair<Size, Size>> waiting;  // begin and end of rows that are not computed yet
  std::multiset<Size> doing;                   // begin of rows that a thread is computing
  Size users = 0;                              // texts that are being tagged with it
  bool broken = false;                         // an error happened in it
};

struct Sentence {
  Size begin, length;  // words
};

// The arrays for tagging a text; kept from one text to the next, since fresh memory costs time.
struct Workspace {
  std::vector<Id> types, best, sizes, packed, ids;
  std::vector<std::size_t> ends;
  std::vector<Size> rows;
  std::vector<Sentence> sentences;
  std::vector<float> h, scores, more;
};
// Makes a vector hold at least n; returns its items, whose values are arbitrary.
template <class T>
T* ensure_capacity(std::vector<T>& v, Size n) {
  if (v.size() < static_cast<std::size_t>(n)) v.resize(static_cast<std::size_t>(n));
  return v.data();
}

}  // namespace
}  // namespace elman
