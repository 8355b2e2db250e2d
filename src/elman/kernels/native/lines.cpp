// Binds the line tagger to Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <new>
#include <stdexcept>
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

// A label column: (tags, chain, temperature); chain: None, or whether it is a CRF, and what is allowed.
ColumnModel column_of(nb::handle object) {
  const auto from = nb::cast<nb::tuple>(object);
  expect(from.size() == 3, "columns of three");
  ColumnModel column;
  for (nb::handle tag : from[0]) column.tags.emplace_back(utf8(tag));
  column.temperature = nb::cast<double>(from[2]);
  if (from[1].is_none()) return column;
  const auto chain = nb::cast<nb::tuple>(from[1]);
  expect(chain.size() == 4, "chains of four");
  column.chained = true, column.crf = nb::cast<bool>(chain[0]);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto allowed = nb::cast<nb::bytes>(chain[i + 1]);
    column.allowed[i].assign(allowed.c_str(), allowed.size());
  }
  return column;
}

// A tagger; the tags of its first column are Python objects, too.
struct PythonTagger : LineTagger {
  nb::tuple tags;
  PythonTagger(LineModel&& model, nb::tuple tags) : LineTagger(std::move(model)), tags(std::move(tags)) {}
};

void init(PythonTagger* tagger, nb::sequence vocabulary, nb::sequence features, nb::object extract, bool ascii,
          nb::sequence columns, nb::dict tensors, std::vector<std::string> prefixes, nb::tuple sizes, bool int8) {
  LineModel model;
  for (nb::handle word : vocabulary) model.words.add(utf8(word));
  for (nb::handle name : features) model.features.add(utf8(name));
  for (nb::handle column : columns) model.columns.push_back(column_of(column));
  expect(!model.columns.empty() && nb::len(sizes) == 4, "label columns, and sizes of four");
  model.E = nb::cast<Size>(sizes[0]), model.F = nb::cast<Size>(sizes[1]), model.H = nb::cast<Size>(sizes[2]);
  model.both = nb::cast<bool>(sizes[3]);
  model.prefixes = std::move(prefixes), model.int8 = int8;
  model.tensor_of = [&tensors](const std::string& name) { return tensor_of(tensors, name); };
  model.extract = [extract](View word, const LineModel::Take& take) { ask(extract, word, take); };
  model.ascii = ascii;
  new (tagger) PythonTagger(std::move(model), nb::tuple(nb::object(columns[0][0])));
}

const BlockFormat& format_of(const std::string& input, const std::string& output) {
  for (const BlockFormat& format : BLOCK_FORMATS)
    if (input == format.input && output == format.output) return format;
  throw std::invalid_argument("no such pair of formats: " + input + " and " + output);
}

// Returns (text, sentences, words); None for a block that is left to the readers and writers in Python. `written` has
// (column of the model, key, field), `table` the fields of a line of columns and which of them is the word.
nb::object tag(PythonTagger& tagger, nb::bytes text, const std::string& input, const std::string& output,
               nb::sequence written, bool confidences, Size longest, nb::tuple table) {
  BlockOptions options;
  for (nb::handle each : written) {
    const auto column = nb::cast<nb::tuple>(each);
    expect(column.size() == 3, "columns of three");
    options.written.push_back(
        {nb::cast<Size>(column[0]), std::string(utf8(column[1])), nb::cast<Size>(column[2])});
  }
  expect(!options.written.empty() && table.size() == 2, "columns that are written, and a table of two numbers");
  options.confidences = confidences, options.longest = longest;
  options.width = nb::cast<Size>(table[0]), options.word = nb::cast<Size>(table[1]);
  expect(0 <= options.word && options.word <= options.width, "a word in the table");
  const BlockFormat& format = format_of(input, output);
  const View view(text.c_str(), text.size());
  std::unique_ptr<Workspace> work = tagger.borrow();
  bool fits;
  {
    Released release;
    fits = tagger.tag(view, format, options, *work);
  }
  nb::object found = nb::none();
  if (fits)
    found = nb::make_tuple(nb::bytes(work->out.data(), work->out.size()), work->block.sentences.size(),
                           work->block.words.size());
  tagger.give_back(std::move(work));
  return found;
}

bool is_sequence(nb::handle object) { return PyList_CheckExact(object.ptr()) || PyTuple_CheckExact(object.ptr()); }

// Adds a sentence; returns false unless it is a list or tuple of at most `longest` words, of the type str and not empty.
bool add_sentence(Workspace& d, nb::handle words, Py_ssize_t longest) {
  if (!is_sequence(words)) return false;
  const bool list = PyList_CheckExact(words.ptr());
  const Py_ssize_t n = list ? PyList_Size(words.ptr()) : PyTuple_Size(words.ptr());
  if (n > longest) return false;
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* word = list ? PyList_GetItem(words.ptr(), i) : PyTuple_GetItem(words.ptr(), i);
    Py_ssize_t size = 0;
    const char* data = PyUnicode_CheckExact(word) ? PyUnicode_AsUTF8AndSize(word, &size) : nullptr;
    if (!data) PyErr_Clear();  // half a surrogate pair, or no memory
    if (!size) return false;
    d.bytes.append(data, static_cast<std::size_t>(size)), d.block.add(View(), d.bytes.size());
  }
  d.block.end_sentence(d.bytes.size());
  return true;
}

// Returns the tags of a sentence in the first column as a list.
nb::object tags_of(const PythonTagger& tagger, const Workspace& d, const Sentence& sentence) {
  const auto list = nb::steal(PyList_New(sentence.length));
  if (!list.is_valid()) nb::raise_python_error();
  for (Size i = 0; i < sentence.length; ++i) {
    PyObject* tag = PyTuple_GetItem(tagger.tags.ptr(), d.best[0][static_cast<std::size_t>(sentence.begin + i)]);
    Py_INCREF(tag);
    PyList_SetItem(list.ptr(), i, tag);
  }
  return list;
}

// Returns a workspace without words.
std::unique_ptr<Workspace> empty_workspace(PythonTagger& tagger) {
  std::unique_ptr<Workspace> work = tagger.borrow();
  work->block.clear(), work->bytes.clear();
  return work;
}

void tag_released(PythonTagger& tagger, Workspace& d) {
  Released release;
  tagger.tag_words(d);
}

// Returns the tags of each sentence; None if one is not what add_sentence takes.
nb::object tag_sentences(PythonTagger& tagger, nb::list sentences, Py_ssize_t longest) {
  std::unique_ptr<Workspace> work = empty_workspace(tagger);
  nb::object found = nb::none();
  bool fit = true;
  for (nb::handle words : sentences) fit = fit && add_sentence(*work, words, longest);
  if (fit) {
    tag_released(tagger, *work);
    nb::list tags;
    for (const Sentence& sentence : work->block.sentences) tags.append(tags_of(tagger, *work, sentence));
    found = tags;
  }
  tagger.give_back(std::move(work));
  return found;
}

nb::object tag_words(PythonTagger& tagger, nb::handle words, Py_ssize_t longest) {
  std::unique_ptr<Workspace> work = empty_workspace(tagger);
  nb::object found = nb::none();
  if (add_sentence(*work, words, longest)) {
    tag_released(tagger, *work);
    found = tags_of(tagger, *work, work->block.sentences[0]);
  }
  tagger.give_back(std::move(work));
  return found;
}

// Returns the pairs of formats that are read and written.
nb::list block_formats() {
  nb::list pairs;
  for (const BlockFormat& format : BLOCK_FORMATS) pairs.append(nb::make_tuple(format.input, format.output));
  return pairs;
}

}  // namespace

void bind_lines(nb::module_& m) {
  nb::class_<PythonTagger>(m, "LineTagger")
      .def("__init__", init, nb::arg("vocabulary"), nb::arg("features"), nb::arg("extract"), nb::arg("ascii"),
           nb::arg("columns"), nb::arg("tensors"), nb::arg("prefixes"), nb::arg("sizes"), nb::arg("int8"))
      .def("tag", tag, nb::arg("text"), nb::arg("input"), nb::arg("output"), nb::arg("written"),
           nb::arg("confidences"), nb::arg("longest"), nb::arg("table"))
      .def("tag_words", tag_words, nb::arg("words").none(), nb::arg("longest"))
      .def("tag_sentences", tag_sentences, nb::arg("sentences"), nb::arg("longest"));
  m.def("block_formats", block_formats);
}

}  // namespace elman
