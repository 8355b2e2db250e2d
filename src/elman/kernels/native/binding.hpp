// Kernels as Python functions: arguments are checked against the signature, the kernel runs without the GIL, and its
// results are returned as arrays that NumPy owns.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "arrays.hpp"
#include "signature.hpp"

namespace elman {

// One argument of a native function.
union Slot {
  void* pointer;
  double number;
  Size size;
  bool flag;
};
template <class A>
inline A from_slot(const Slot& slot) {
  if constexpr (std::is_pointer_v<A>)
    return static_cast<A>(slot.pointer);
  else if constexpr (std::is_same_v<A, Steps>)
    return *static_cast<const Steps*>(slot.pointer);
  else if constexpr (std::is_same_v<A, double>)
    return slot.number;
  else if constexpr (std::is_same_v<A, bool>)
    return slot.flag;
  else
    return slot.size;
}
template <class... A, std::size_t... I>
inline void call_with(void (*function)(A...), const Slot* slots, std::index_sequence<I...>) {
  function(from_slot<A>(slots[I])...);
}
template <class... A>
inline void call_with(void (*function)(A...), const Slot* slots) {
  call_with(function, slots, std::index_sequence_for<A...>());
}

// Codes of a native function's argument types: f, d, e (float16), b, i, n (size) for pointers to such items, with * if
// they are written to; S steps, x a number, ? a flag, N a size.
template <class A>
inline std::string code_of() {
  if constexpr (std::is_pointer_v<A>) {
    using To = std::remove_pointer_t<A>;
    using Item = std::remove_cv_t<To>;
    const char code = std::is_same_v<Item, float>           ? 'f'
                      : std::is_same_v<Item, double>        ? 'd'
                      : std::is_same_v<Item, std::uint16_t> ? 'e'
                      : std::is_same_v<Item, std::int8_t>   ? 'b'
                      : std::is_same_v<Item, Id>            ? 'i'
                                                            : 'n';
    return std::string(1, code) + (std::is_const_v<To> ? "" : "*");
  } else {
    return std::is_same_v<A, Steps> ? "S" : std::is_same_v<A, double> ? "x" : std::is_same_v<A, bool> ? "?" : "N";
  }
}
template <class... A>
inline std::string codes_of(void (*)(A...)) {
  return (code_of<A>() + ...);
}

// A row of the table.
struct Row {
  const char *name, *signature, *sizes;
  std::string codes;
  void (*single)(const Slot*);  // for float32, or the only precision
  void (*twice)(const Slot*);   // for float64
};
void bind_kernel(nb::module_& m, const Row& row);

}  // namespace elman
