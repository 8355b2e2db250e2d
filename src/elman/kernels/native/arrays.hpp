// Arrays from Python and their checks before native code runs. Letters as in elman.kernels.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "checks.hpp"
#include "gil.hpp"

namespace elman {

namespace nb = nanobind;

// Releases the GIL in a scope.
struct Released {
  PyThreadState* state = PyEval_SaveThread();
  Released() = default;
  Released(const Released&) = delete;
  ~Released() { take_gil(state); }
};
// Holds the GIL within a scope that has released it.
struct Held {
  PyGILState_STATE state = ensure_gil();
  Held() = default;
  Held(const Held&) = delete;
  ~Held() { PyGILState_Release(state); }
};

template <class T, Size D>
using In = nb::ndarray<const T, nb::ndim<D>, nb::c_contig, nb::device::cpu>;
using Ids = In<Id, 1>;

template <class Array>
inline Size dim(const Array& array, Size axis) {
  return static_cast<Size>(array.shape(static_cast<std::size_t>(axis)));
}
// The bytes of an object, valid during this object's lifetime.
class Buffer {
 public:
  explicit Buffer(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE)) nb::raise_python_error();
  }
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  const char* data() const { return static_cast<const char*>(view_.buf); }
  Size size() const { return view_.len; }

 private:
  Py_buffer view_;
};
// Throws IndexError unless all ids are between 0 and size - 1.
inline void expect_ids(const Id* ids, Size n, Size size) {
  for (Size i = 0; i < n; ++i)
    if (ids[i] < 0 || ids[i] >= size) throw nb::index_error("an id is outside the table");
}
// Checks T sizes: never increasing, at most B, with sum N.
inline Steps expect_steps(const Id* sizes, Size T, Size N, Size B) {
  Size total = 0, last = B;
  for (Size t = 0; t < T; ++t) {
    expect(sizes[t] > 0 && sizes[t] <= last, "sizes have to be positive and never increase");
    last = sizes[t];
    total += last;
  }
  expect(total == N, "sizes have to sum to the rows");
  return {sizes, T, N, T ? sizes[0] : 0};
}
// Checks S lengths: not negative, with sum N.
inline void expect_lengths(const Id* lengths, Size S, Size N) {
  Size total = 0;
  for (Size s = 0; s < S; ++s) {
    expect(lengths[s] >= 0, "lengths have to be 0 or more");
    total += lengths[s];
  }
  expect(total == N, "lengths have to sum to the words");
}
// Checks U + 1 offsets: never decreasing, from 0 to M.
inline void expect_offsets(const Id* offsets, Size U, Size M) {
  expect(offsets[0] == 0 && offsets[U] == M, "offsets have to run from 0 to the number of ids");
  for (Size u = 0; u < U; ++u) expect(offsets[u] <= offsets[u + 1], "offsets have to rise");
}

}  // namespace elman
