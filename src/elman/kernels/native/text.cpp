// Python classes and functions of the native core: words, features and numbers to ids, and tags written into text.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "text.hpp"

namespace elman {
namespace {

// A NumPy array that owns a vector.
nb::ndarray<nb::numpy, Id, nb::ndim<1>> array_of(std::vector<Id>&& values) {
  auto kept = std::make_unique<std::vector<Id>>(std::move(values));
  nb::capsule owner(kept.get(), [](void* p) noexcept { delete static_cast<std::vector<Id>*>(p); });
  std::vector<Id>* const given = kept.release();
  return {given->data(), {given->size()}, owner};
}
View bytes_of(nb::handle word) {
  Py_ssize_t size;
  const char* data = PyUnicode_AsUTF8AndSize(word.ptr(), &size);
  if (!data) nb::raise_python_error();
  return {data, static_cast<std::size_t>(size)};
}

struct Words {
  Index index;
  nb::object of_words(nb::sequence words) {
    std::vector<Id> ids;
    for (nb::handle word : words) ids.push_back(index.add(bytes_of(word)));
    return nb::cast(array_of(std::move(ids)));
  }
  // Returns the ids of the windows of concatenated texts; each text has width - 1 more characters than windows.
  nb::object of_windows(nb::str text, Ids lengths, Size width) {
    const View view = bytes_of(text);
    std::vector<Id> ids;
    {
      Released release;
      expect(width > 0, "width has to be above 0");
      std::vector<std::size_t> starts;
      std::size_t at = 0;
      const auto character = [&] {
        expect(at < view.size(), "lengths have to sum to the characters");
        do ++at;
        while (at < view.size() && (view[at] & 0xc0) == 0x80);
      };
      for (Size i = 0, n = dim(lengths, 0); i < n; ++i) {
        starts.assign(1, at);
        expect(lengths.data()[i] >= 0, "lengths have to be 0 or more");
        for (Size j = 1; j < width; ++j) character(), starts.push_back(at);
        for (Size j = 0; j < lengths.data()[i]; ++j) {
          character(), starts.push_back(at);
          const std::size_t begin = starts[static_cast<std::size_t>(j)];
          ids.push_back(index.add(view.substr(begin, at - begin)));
        }
      }
      expect(at == view.size(), "lengths have to sum to the characters");
    }
    return nb::cast(array_of(std::move(ids)));
  }
  nb::tuple of_lines(nb::bytes text) {
    std::vector<Id> ids, lengths;
    const View view(text.c_str(), text.size());
    std::size_t length = 0;
    cut(
        view, [&](std::size_t i, std::size_t j) { ids.push_back(known(view.substr(i, j - i))), ++length; },
        [&](std::size_t) { lengths.push_back(id_of(length)), length = 0; });
    return nb::make_tuple(array_of(std::move(ids)), array_of(std::move(lengths)));
  }
  // Returns the id of a word. Raises UnicodeDecodeError if the bytes are not UTF-8.
  Id known(View word) {
    const Id id = index.find(word);
    if (id >= 0) return id;
    const auto text = nb::steal(PyUnicode_DecodeUTF8(word.data(), static_cast<Py_ssize_t>(word.size()), nullptr));
    if (!text.is_valid()) nb::raise_python_error();
    return index.add(word);
  }
  nb::list since(Size first) const {
    expect(first >= 0, "first has to be 0 or more");
    nb::list words;
    for (Size i = first; i < index.size(); ++i) {
      const View word = index.word(i);
      words.append(nb::str(word.data(), word.size()));
    }
    return words;
  }
};

nb::bytes tag_lines(nb::bytes text, Ids ids, nb::sequence tags) {
  std::vector<std::string> names;
  for (nb::handle tag : tags) names.push_back("_" + std::string(bytes_of(tag)));
  expect_ids(ids.data(), dim(ids, 0), static_cast<Size>(names.size()));
  const View view(text.c_str(), text.size());
  std::string out;
  {
    Released release;
    out.reserve(view.size() + static_cast<std::size_t>(dim(ids, 0)) * 6);
    const Id *next = ids.data(), *end = next + dim(ids, 0);
    std::size_t done = 0;
    bool fits = true;
    cut(
        view,
        [&](std::size_t, std::size_t j) {
          fits = fits && next < end;
          if (!fits) return;
          out.append(view.substr(done, j - done));
          out.append(names[static_cast<std::size_t>(*next++)]);
          done = j;
        },
        [](std::size_t) {});
    expect(fits && next == end, "as many tags as words");
    out.append(view.substr(done));
  }
  return nb::bytes(out.data(), out.size());
}

// Whether all of n numbers are finite: the exponent of infinity and NaN has all bits set.
template <class Bits>
bool finite(const char* data, Size n, Bits exponent) {
  Bits bad = 0;
  for (Size i = 0; i < n; ++i) {
    Bits bits;
    std::memcpy(&bits, data + i * static_cast<Size>(sizeof(Bits)), sizeof(Bits));
    bad = static_cast<Bits>(bad | ((bits & exponent) == exponent));
  }
  return !bad;
}
// Whether all numbers of a buffer are finite; floating-point numbers of `each` bytes.
bool all_finite(nb::object numbers, Size each) {
  expect(each == 2 || each == 4 || each == 8, "numbers of 2, 4 or 8 bytes");
  const Buffer buffer(numbers);
  const Size n = buffer.size() / each;
  Released release;
  if (each == 2) return finite<std::uint16_t>(buffer.data(), n, 0x7c00u);
  if (each == 4) return finite<std::uint32_t>(buffer.data(), n, 0x7f800000u);
  return finite<std::uint64_t>(buffer.data(), n, 0x7ff0000000000000u);
}

struct FeatureIndex {
  Index index;
  explicit FeatureIndex(nb::sequence names) {
    for (nb::handle name : names) index.add(bytes_of(name));
  }
  // Returns the feature ids of each word, sorted and without duplicates, and the indices of non-ASCII words, which get
  // no ids here.
  nb::tuple of_words(nb::sequence words) const {
    std::vector<Id> ids, offsets{0}, others;
    std::string low, name;
    std::size_t place = 0;
    for (nb::handle object : words) {
      const View word = bytes_of(object);
      const auto start = static_cast<std::ptrdiff_t>(ids.size());
      if (word.empty() || std::any_of(word.begin(), word.end(), [](char c) { return c & 0x80; }))
        others.push_back(id_of(place));
      else
        affixes(word, low, name, [&](View feature) {
          const Id id = index.find(feature);
          if (id >= 0) ids.push_back(id);
        });
      std::sort(ids.begin() + start, ids.end());
      ids.erase(std::unique(ids.begin() + start, ids.end()), ids.end());
      offsets.push_back(id_of(ids.size()));
      ++place;
    }
    return nb::make_tuple(array_of(std::move(ids)), array_of(std::move(offsets)), array_of(std::move(others)));
  }
};

// Maps numbers to ids, with one table for each kind of number; -1: unknown.
struct NumberIndex {
  struct Slot {
    std::uint64_t key;
    Id id;
  };
  std::vector<std::vector<Slot>> tables;
  void add(In<std::uint64_t, 1> keys, Ids ids) {
    expect(dim(keys, 0) == dim(ids, 0), "keys and ids (n,)");
    std::size_t size = 16;
    while (size < 2 * static_cast<std::size_t>(dim(keys, 0))) size *= 2;
    tables.emplace_back(size, Slot{0, -1});
    for (Size i = 0; i < dim(keys, 0); ++i)
      tables.back()[slot(tables.back(), keys.data()[i])] = {keys.data()[i], ids.data()[i]};
  }
  // Returns the known ids of keys (U, kinds), row by row, and the offset of each row.
  nb::tuple find(In<std::uint64_t, 2> keys) const {
    const Size U = dim(keys, 0), kinds = dim(keys, 1);
    expect(kinds == static_cast<Size>(tables.size()), "a column of keys for each kind");
    std::vector<Id> ids, offsets{0};
    {
      Released release;
      const std::uint64_t* key = keys.data();
      for (Size u = 0; u < U; ++u) {
        for (const auto& table : tables) {
          const Id id = table[slot(table, *key++)].id;
          if (id >= 0) ids.push_back(id);
        }
        offsets.push_back(id_of(ids.size()));
      }
    }
    return nb::make_tuple(array_of(std::move(ids)), array_of(std::move(offsets)));
  }
  static std::size_t slot(const std::vector<Slot>& table, std::uint64_t key) {
    std::uint64_t x = key * 0x9e3779b97f4a7c15u;
    x ^= x >> 29;
    std::size_t at = (x ^ (x >> 41)) & (table.size() - 1);
    while (table[at].id >= 0 && table[at].key != key) at = (at + 1) & (table.size() - 1);
    return at;
  }
};

}  // namespace

void bind_text(nb::module_& m) {
  nb::class_<Words>(m, "Words")
      .def(nb::init<>())
      .def("of_words", &Words::of_words)
      .def("of_lines", &Words::of_lines)
      .def("of_windows", &Words::of_windows)
      .def("since", &Words::since)
      .def("__len__", [](const Words& words) { return words.index.size(); });
  nb::class_<FeatureIndex>(m, "AffixIndex").def(nb::init<nb::sequence>()).def("of_words", &FeatureIndex::of_words);
  nb::class_<NumberIndex>(m, "NumberIndex")
      .def(nb::init<>())
      .def("add", &NumberIndex::add)
      .def("find", &NumberIndex::find);
  m.def("tag_lines", tag_lines);
  m.def("all_finite", all_finite);
}

}  // namespace elman
