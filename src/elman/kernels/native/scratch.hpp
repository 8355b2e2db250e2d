// Scratch memory, in an unnamed namespace: code for one instruction set must not be linked into another.
#pragma once
#include <new>

#include "types.hpp"

namespace elman {
namespace {

// An uninitialized buffer aligned to a cache line, freed by its destructor.
template <class T>
struct Scratch {
  T* data;
  explicit Scratch(Size n) : data(static_cast<T*>(::operator new(static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T),
                                                                 std::align_val_t(64)))) {}
  ~Scratch() { ::operator delete(data, std::align_val_t(64)); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  operator T*() const { return data; }
};
template <class T>
inline void copy(T* to, const T* from, Size n) {
  __builtin_memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
}
template <class T>
inline void clear(T* to, Size n) {
  __builtin_memset(to, 0, static_cast<std::size_t>(n) * sizeof(T));
}

}  // namespace
}  // namespace elman
