// Binds the line tagger to Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <new>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "line_tagger.hpp"

namespace elman {

namespace {

View utf8(nb::handle word) {
  Py_ssize_t size;
  const char* data = PyUnicode_AsUTF8AndSize(word.ptr(), &size);
  if (!data) nb::raise_python_error();
  return {data, static_cast<std::size_t>(size)};
}

// Returns a tensor of a model file, which elman.models.file.Stored holds.
Tensor tensor_of(const nb::dict& tensors, const std::string& name) {
  expect(tensors.contains(name.c_str()), name.c_str());
  const nb::tuple one = nb::cast<nb::tuple>(tensors[name.c_str()]);
  expect(one.size() == 3, name.c_str());
  const nb::object object = one[2];
  const Buffer bytes(object);
  return {nb::cast<std::string>(one[0]), nb::cast<std::vector<Size>>(one[1]),
          std::string(bytes.data(), static_cast<std::size_t>(bytes.size()))};
}

// Asks Python for the features of a word; called without the GIL. Raises UnicodeDecodeError if the word is not UTF-8.
void ask_affixes(const nb::object& affixes, View word, const LineModel::Take& take) {
  Held held;
  const auto text = nb::steal(PyUnicode_DecodeUTF8(word.data(), static_cast<Py_ssize_t>(word.size()), nullptr));
  if (!text.is_valid()) nb::raise_python_error();
  for (nb::handle feature : affixes(text)) take(utf8(feature));
}

void init(LineTagger* tagger, nb::sequence vocabulary, nb::sequence features, nb::object affixes, nb::sequence tags,
          nb::dict tensors, std::vector<std::string> prefixes, nb::tuple sizes, nb::object chain, bool int8) {
  LineModel model;
  for (nb::handle word : vocabulary) model.words.add(utf8(word));
  for (nb::handle name : features) model.features.add(utf8(name));
  for (nb::handle tag : tags) model.tags.emplace_back(utf8(tag));
  expect(nb::len(sizes) == 4 && (chain.is_none() || nb::len(chain) == 4), "sizes and chain of four");
  model.E = nb::cast<Size>(sizes[0]), model.F = nb::cast<Size>(sizes[1]), model.H = nb::cast<Size>(sizes[2]);
  model.both = nb::cast<bool>(sizes[3]);
  if (!chain.is_none()) {
    const auto from = nb::cast<nb::tuple>(chain);
    LineModel::Chain& to = model.chain.emplace();
    to.crf = nb::cast<bool>(from[0]);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto allowed = nb::cast<nb::bytes>(from[i + 1]);
      to.allowed[i].assign(allowed.c_str(), allowed.size());
    }
  }
  model.prefixes = std::move(prefixes), model.int8 = int8;
  model.tensor_of = [&tensors](const std::string& name) { return tensor_of(tensors, name); };
  model.affixes = [affixes](View word, const LineModel::Take& take) { ask_affixes(affixes, word, take); };
  new (tagger) LineTagger(std::move(model));
}

nb::bytes tag(LineTagger& tagger, nb::bytes text) {
  const View view(text.c_str(), text.size());
  std::string out;
  {
    Released release;
    out = tagger.tag(view);
  }
  return nb::bytes(out.data(), out.size());
}

}  // namespace

void bind_lines(nb::module_& m) {
  nb::class_<LineTagger>(m, "LineTagger")
      .def("__init__", init, nb::arg("vocabulary"), nb::arg("features"), nb::arg("affixes"), nb::arg("tags"),
           nb::arg("tensors"), nb::arg("prefixes"), nb::arg("sizes"), nb::arg("chain").none(), nb::arg("int8"))
      .def("tag", tag);
}

}  // namespace elman
