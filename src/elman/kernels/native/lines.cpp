// Binds the line tagger to Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
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
  auto bytes = std::make_shared<const Buffer>(object);
  const View view(bytes->data(), static_cast<std::size_t>(bytes->size()));
  return {nb::cast<std::string>(one[0]), nb::cast<std::vector<Size>>(one[1]), view, std::move(bytes)};
}

// Asks Python for the features of a word; called without the GIL. Raises UnicodeDecodeError if the word is not UTF-8.
void ask(const nb::object& extract, View word, const LineModel::Take& take) {
  Held held;
  const auto text = nb::steal(PyUnicode_DecodeUTF8(word.data(), static_cast<Py_ssize_t>(word.size()), nullptr));
  if (!text.is_valid()) nb::raise_python_error();
  for (nb::handle feature : extract(text)) take(utf8(feature));
}

// A tagger whose tags are Python objects, too.
struct PythonTagger : LineTagger {
  nb::object tags;
  PythonTagger(LineModel&& model, nb::object tags) : LineTagger(std::move(model)), tags(std::move(tags)) {}
};

void init(PythonTagger* tagger, nb::sequence vocabulary, nb::sequence features, nb::object extract, bool ascii, nb::sequence tags,
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
  model.extract = [extract](View word, const LineModel::Take& take) { ask(extract, word, take); };
  model.ascii = ascii;
  new (tagger) PythonTagger(std::move(model), nb::tuple(tags));
}

nb::bytes tag(PythonTagger& tagger, nb::bytes text) {
  const View view(text.c_str(), text.size());
  std::string out;
  {
    Released release;
    out = tagger.tag(view);
  }
  return nb::bytes(out.data(), out.size());
}

bool is_sequence(nb::handle object) { return PyList_CheckExact(object.ptr()) || PyTuple_CheckExact(object.ptr()); }

// Adds a sentence; returns false unless it is a list or tuple of at most `longest` words, of the type str and not empty.
bool add_sentence(Workspace& d, nb::handle words, Py_ssize_t longest) {
  if (!is_sequence(words)) return false;
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(words.ptr());
  if (n > longest) return false;
  if (n) d.sentences.push_back({static_cast<Size>(d.ends.size()), n});
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* word = PySequence_Fast_GET_ITEM(words.ptr(), i);
    Py_ssize_t size = 0;
    const char* data = PyUnicode_CheckExact(word) ? PyUnicode_AsUTF8AndSize(word, &size) : nullptr;
    if (!data) PyErr_Clear();  // half a surrogate pair, or no memory
    if (!size) return false;
    d.bytes.append(data, static_cast<std::size_t>(size)), d.ends.push_back(d.bytes.size());
  }
  return true;
}
// Returns the tags of n words from `at` on as a list.
nb::object tags_of(const PythonTagger& tagger, const Workspace& d, Py_ssize_t n, std::size_t& at) {
  const auto list = nb::steal(PyList_New(n));
  if (!list.is_valid()) nb::raise_python_error();
  for (Py_ssize_t i = 0; i < n; ++i, ++at) {
    PyObject* tag = PyTuple_GET_ITEM(tagger.tags.ptr(), d.best[at]);
    Py_INCREF(tag);
    PyList_SET_ITEM(list.ptr(), i, tag);
  }
  return list;
}

// Returns the tags of each sentence; None if one is not what add_sentence takes.
nb::object tag_sentences(PythonTagger& tagger, nb::list sentences, Py_ssize_t longest) {
  std::unique_ptr<Workspace> work = tagger.borrow();
  work->bytes.clear(), work->ends.clear(), work->sentences.clear();
  std::vector<Py_ssize_t> lengths;
  bool fit = true;
  for (nb::handle words : sentences) {
    fit = add_sentence(*work, words, longest);
    if (!fit) break;
    lengths.push_back(PySequence_Fast_GET_SIZE(words.ptr()));
  }
  if (fit) {
    Released release;
    tagger.tag_words(*work);
  }
  nb::list found;
  std::size_t at = 0;
  for (std::size_t i = 0; fit && i < lengths.size(); ++i) found.append(tags_of(tagger, *work, lengths[i], at));
  tagger.give_back(std::move(work));
  return fit ? nb::object(found) : nb::none();
}
nb::object tag_words(PythonTagger& tagger, nb::handle words, Py_ssize_t longest) {
  std::unique_ptr<Workspace> work = tagger.borrow();
  work->bytes.clear(), work->ends.clear(), work->sentences.clear();
  nb::object found = nb::none();
  if (add_sentence(*work, words, longest)) {
    {
      Released release;
      tagger.tag_words(*work);
    }
    std::size_t at = 0;
    found = tags_of(tagger, *work, static_cast<Py_ssize_t>(work->ends.size()), at);
  }
  tagger.give_back(std::move(work));
  return found;
}

}  // namespace

void bind_lines(nb::module_& m) {
  nb::class_<PythonTagger>(m, "LineTagger")
      .def("__init__", init, nb::arg("vocabulary"), nb::arg("features"), nb::arg("extract"), nb::arg("ascii"), nb::arg("tags"),
           nb::arg("tensors"), nb::arg("prefixes"), nb::arg("sizes"), nb::arg("chain").none(), nb::arg("int8"))
      .def("tag", tag)
      .def("tag_words", tag_words, nb::arg("words").none(), nb::arg("longest"))
      .def("tag_sentences", tag_sentences, nb::arg("sentences"), nb::arg("longest"));
}

}  // namespace elman
