#include "binding.hpp"

#include <cstring>
#include <vector>

namespace elman {
namespace {

constexpr std::size_t MOST = 32;  // maximum number of arguments of a native function

// Handles to NumPy, created when the first kernel is called and never freed.
struct NumPy {
  nb::object module = nb::module_::import_("numpy"), empty = module.attr("empty"), zeros = module.attr("zeros"),
             contiguous = module.attr("ascontiguousarray"), f32 = dtype("float32"), f64 = dtype("float64"),
             i32 = dtype("int32");
  nb::object dtype(const char* name) { return module.attr("dtype")(name); }
  const nb::object& dtype_of(char type) const { return type == 'f' ? f32 : type == 'd' ? f64 : i32; }
};
const NumPy& numpy() {
  static const NumPy* const found = new NumPy();
  return *found;
}

const char* name_of(char type) {
  switch (type) {
    case 'f': return "float32";
    case 'd': return "float64";
    case 'e': return "float16";
    case 'b': return "int8";
    case 'i': return "int32";
    default: return "float32 or float64";
  }
}

// The memory of a Python array, valid during this object's lifetime.
class Array {
 public:
  Array() = default;
  ~Array() {
    if (held_) PyBuffer_Release(&view_);
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  // Raises TypeError unless the object is an array of that dtype and number of dimensions. Resolves T to a dtype.
  void open(nb::handle object, const Parameter& p, char& real) {
    const int wanted = p.in_place ? PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE : PyBUF_FORMAT | PyBUF_STRIDES;
    if (!get(object, wanted)) refuse(p, real);
    const char* format = view_.format ? view_.format : "B";
    char found = std::strlen(format) == 1 ? *format : '\0';
    if (found == 'l' && view_.itemsize == sizeof(Id)) found = 'i';
    if (p.type == 'T' && !real && (found == 'f' || found == 'd')) real = found;
    if (!found || found != (p.type == 'T' ? real : p.type) || view_.ndim != static_cast<int>(p.shape.size()))
      refuse(p, real);
    if (PyBuffer_IsContiguous(&view_, 'C')) return;
    PyBuffer_Release(&view_), held_ = false;
    copy_ = numpy().contiguous(object);
    if (!get(copy_, PyBUF_FORMAT | PyBUF_STRIDES)) refuse(p, real);
  }
  void* allocate(const NumPy& np, const Parameter& p, char type, const Sizes& sizes) {
    nb::object shape = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(p.shape.size())));
    for (std::size_t i = 0; i < p.shape.size(); ++i)
      PyTuple_SetItem(shape.ptr(), static_cast<Py_ssize_t>(i), PyLong_FromSsize_t(p.shape[i](sizes)));
    copy_ = (p.zeros ? np.zeros : np.empty)(shape, np.dtype_of(type));
    if (!get(copy_, PyBUF_SIMPLE)) nb::raise_python_error();
    return view_.buf;
  }
  Size dim(std::size_t axis) const { return view_.shape[axis]; }
  void* data() const { return view_.buf; }
  nb::object& owner() { return copy_; }

 private:
  bool get(nb::handle object, int wanted) {
    held_ = PyObject_GetBuffer(object.ptr(), &view_, wanted) == 0;
    if (!held_) PyErr_Clear();
    return held_;
  }
  [[noreturn]] static void refuse(const Parameter& p, char real) {
    const std::string what = p.in_place ? "a writable C-contiguous array" : "an array";
    throw nb::type_error((p.name + ": expected " + what + " of " + name_of(p.type == 'T' ? real : p.type) + ", " +
                          std::to_string(p.shape.size()) + "-dimensional")
                             .c_str());
  }
  Py_buffer view_;
  bool held_ = false;
  nb::object copy_;
};

class Kernel {
 public:
  explicit Kernel(const Row& row) : row_(row), signature_(row.signature) {
    for (const char* c = row.sizes; *c; ++c)
      if (*c != ' ') sizes_.push_back(static_cast<unsigned char>(*c));
    std::string expected;  // argument codes of the native function
    const auto add = [&](const Parameter& p, bool result) {
      if (p.kind == Parameter::array || p.kind == Parameter::lengths || p.kind == Parameter::offsets)
        expected += std::string(1, p.type == 'T' ? 'f' : p.type) + (result || p.in_place ? "*" : "");
      else if (p.kind == Parameter::steps)
        expected += "S";
      else if (p.kind != Parameter::size)
        expected += result ? p.kind == Parameter::number ? "d*" : "n*" : p.kind == Parameter::number ? "x" : "?";
    };
    for (const Parameter& p : signature_.arguments) add(p, false);
    for (const Parameter& p : signature_.results) add(p, true);
    expected.append(sizes_.size(), 'N');
    if (expected != row.codes || signature_.arguments.size() + signature_.results.size() + sizes_.size() > MOST)
      throw std::logic_error(std::string(row.name) + ": the native function has arguments " + row.codes +
                             ", but those of signatures.def are " + expected);
  }

  nb::object operator()(nb::args args, nb::kwargs kwargs) const {
    nb::handle given[MOST] = {};
    collect(args, kwargs, given);
    const std::vector<Parameter>&arguments = signature_.arguments, &results = signature_.results;
    Array arrays[MOST];
    Sizes sizes{};
    char real = '\0';
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (arguments[i].kind < Parameter::size && !(arguments[i].optional && given[i].is_none()))
        arrays[i].open(given[i], arguments[i], real);
    measure(given, arrays, sizes);

    Slot slots[MOST];
    Slot* next = slots;
    Steps steps{};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Parameter& p = arguments[i];
      if (p.kind == Parameter::size) continue;
      Slot& slot = *next++;
      if (p.kind == Parameter::number) {
        slot.number = PyFloat_AsDouble(given[i].ptr());
        if (slot.number == -1 && PyErr_Occurred()) nb::raise_python_error();
      } else if (p.kind == Parameter::flag) {
        if (!PyBool_Check(given[i].ptr())) throw nb::type_error((p.name + ": expected True or False").c_str());
        slot.flag = given[i].is(Py_True);
      } else if (p.optional && given[i].is_none()) {
        slot.pointer = nullptr;
      } else {
        slot.pointer = arrays[i].data();
        check_values(p, arrays[i], sizes, steps);
        if (p.kind == Parameter::steps) slot.pointer = &steps;
      }
    }
    Slot scalars[2];
    std::size_t many = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Parameter& p = results[i];
      if (p.kind == Parameter::array)
        next++->pointer = arrays[arguments.size() + i].allocate(numpy(), p, p.type == 'T' ? real : p.type, sizes);
      else
        next++->pointer =
            p.kind == Parameter::number ? static_cast<void*>(&scalars[many++].number) : &scalars[many++].size;
    }
    for (const unsigned char letter : sizes_) next++->size = sizes[letter];
    {
      Released release;
      (real == 'd' ? row_.twice : row_.single)(slots);
    }
    if (results.empty()) return nb::none();
    many = 0;
    const auto result = [&](std::size_t i) -> nb::object {
      if (results[i].kind == Parameter::array) return std::move(arrays[arguments.size() + i].owner());
      const Slot& scalar = scalars[many++];
      return results[i].kind == Parameter::number ? nb::object(nb::float_(scalar.number))
                                                  : nb::object(nb::int_(scalar.size));
    };
    if (results.size() == 1) return result(0);
    nb::object all = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(results.size())));
    for (std::size_t i = 0; i < results.size(); ++i)
      PyTuple_SetItem(all.ptr(), static_cast<Py_ssize_t>(i), result(i).release().ptr());
    return all;
  }

 private:
  void collect(const nb::args& args, const nb::kwargs& kwargs, nb::handle* given) const {
    const std::vector<Parameter>& arguments = signature_.arguments;
    const auto demand = [&](bool holds) {
      if (!holds) throw nb::type_error((std::string(row_.name) + "() takes " + row_.signature).c_str());
    };
    const std::size_t n = args.size();
    demand(n + kwargs.size() <= arguments.size());
    for (std::size_t i = 0; i < n; ++i) given[i] = PyTuple_GetItem(args.ptr(), static_cast<Py_ssize_t>(i));
    if (kwargs.size())
      for (const auto& [key, value] : kwargs) {
        std::size_t i = n;
        while (i < arguments.size() && arguments[i].name != nb::cast<const char*>(key)) ++i;
        demand(i < arguments.size());
        given[i] = value;
      }
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (!given[i].is_valid()) demand(arguments[i].has_default), given[i] = Py_None;
  }

  // Returns the size of each letter. Raises ValueError unless all shapes and conditions hold.
  void measure(const nb::handle* given, const Array* arrays, Sizes& sizes) const {
    const std::vector<Parameter>& arguments = signature_.arguments;
    bool fits = true;
    for (const Binding& b : signature_.bindings) {
      Size size;
      if (arguments[b.parameter].kind == Parameter::size) {
        size = PyNumber_AsSsize_t(given[b.parameter].ptr(), nullptr);
        if (size == -1 && PyErr_Occurred()) nb::raise_python_error();
      } else {
        size = arrays[b.parameter].dim(b.axis) - b.constant;
        size = size >= 0 ? size / b.factor : size;
      }
      sizes[b.letter] = size;
      fits &= size >= 0;
    }
    for (std::size_t i = 0; fits && i < arguments.size(); ++i) {
      const Parameter& p = arguments[i];
      if (p.kind == Parameter::steps || p.kind >= Parameter::size || (p.optional && given[i].is_none())) continue;
      for (std::size_t axis = 0; axis < p.shape.size(); ++axis) fits &= arrays[i].dim(axis) == p.shape[axis](sizes);
    }
    for (const auto& [low, high] : signature_.conditions) {
      if (!fits) break;
      const Size a = low(sizes), b = high(sizes);
      fits = a >= 0 && a <= b;
    }
    if (!fits) throw std::invalid_argument("shapes do not fit: " + signature_.shapes());
  }

  static void check_values(const Parameter& p, const Array& array, const Sizes& sizes, Steps& steps) {
    const Id* data = static_cast<const Id*>(array.data());
    const Size n = p.type == 'i' ? array.dim(0) : 0;
    if (p.kind == Parameter::steps)
      steps = expect_steps(data, n, p.rule[0](sizes), p.rule[1](sizes));
    else if (p.kind == Parameter::lengths)
      expect_lengths(data, n, p.rule[0](sizes));
    else if (p.kind == Parameter::offsets)
      expect_offsets(data, n - 1, p.rule[0](sizes));
    else if (!p.rule.empty())
      expect_ids(data, n, p.rule[0](sizes));
  }

  Row row_;
  Signature signature_;
  std::vector<unsigned char> sizes_;
};

}  // namespace

void bind_kernel(nb::module_& m, const Row& row) {
  const Kernel* const kernel = new Kernel(row);  // never freed, as the module is never unloaded
  m.def(row.name, [kernel](nb::args args, nb::kwargs kwargs) { return (*kernel)(args, kwargs); }, row.signature);
}

}  // namespace elman
