// Arrays from Python and what has to be true of them before a kernel runs. Letters as in elman.kernels.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "table.hpp"

namespace elman {

namespace nb = nanobind;

// Asks for the interpreter. At the exit of a program whose thread is still at work (a daemon), Python up to 3.13 ends
// the thread here, by an unwinding that no destructor of C++ lets through: std::terminate would end the process with an
// abort. So the thread sleeps till the process has ended, as it does in Python from 3.14 on.
template <class Ask>
inline void or_sleep(Ask ask) {
  try {
    ask();
  } catch (...) {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
}
// The interpreter is left to others.
struct Released {
  PyThreadState* state = PyEval_SaveThread();
  Released() = default;
  Released(const Released&) = delete;
  ~Released() {
    or_sleep([this] { PyEval_RestoreThread(state); });
  }
};
// The interpreter is ours, in the midst of work without it.
struct Held {
  PyGILState_STATE state;
  Held() {
    or_sleep([this] { state = PyGILState_Ensure(); });
  }
  Held(const Held&) = delete;
  ~Held() { PyGILState_Release(state); }
};

template <class T, Size D>
using In = nb::ndarray<const T, nb::ndim<D>, nb::c_contig, nb::device::cpu>;
template <class T, Size D>
using Out = nb::ndarray<T, nb::ndim<D>, nb::c_contig, nb::device::cpu>;
using Ids = In<Id, 1>;

template <class Array>
inline Size dim(const Array& array, Size axis) {
  return static_cast<Size>(array.shape(static_cast<std::size_t>(axis)));
}
template <class Array>
inline bool has(const Array& array, Size rows, Size columns) {
  return dim(array, 0) == rows && dim(array, 1) == columns;
}
inline void expect(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("shapes do not fit: ") + what);
}
// Whether H columns from `column` on lie in rows of `wide`; numbers from Python may be any.
inline bool within(Size column, Size H, Size wide) { return column >= 0 && H >= 0 && column <= wide && H <= wide - column; }
inline Size times(Size a, Size b) {
  Size product;
  expect(a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, &product), "sizes that memory can hold");
  return product;
}
// The bytes of an object, as long as this lives.
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
inline void expect_ids(const Ids& ids, Size size) {
  const Id* data = ids.data();
  for (Size i = 0, n = dim(ids, 0); i < n; ++i)
    if (data[i] < 0 || data[i] >= size) throw nb::index_error("an id is outside the table");
}
// Sizes that never increase and sum to N, with B states.
inline Steps expect_steps(const Ids& sizes, Size N, Size B) {
  const Id* data = sizes.data();
  Size total = 0, last = B;
  for (Size t = 0, n = dim(sizes, 0); t < n; ++t) {
    expect(data[t] > 0 && data[t] <= last, "sizes have to be positive and never increase");
    last = data[t];
    total += last;
  }
  expect(total == N, "sizes have to sum to the rows");
  return {data, dim(sizes, 0), N, dim(sizes, 0) ? data[0] : 0};
}
// Where each of U sets begins in the M ids, and behind the last one M.
inline void expect_offsets(const Ids& offsets, Size M) {
  const Id* data = offsets.data();
  const Size U = dim(offsets, 0) - 1;
  expect(U >= 0 && data[0] == 0 && data[U] == M, "offsets have to run from 0 to the number of ids");
  for (Size u = 0; u < U; ++u) expect(data[u] <= data[u + 1], "offsets have to rise");
}

}  // namespace elman
