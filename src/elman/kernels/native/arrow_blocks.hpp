// Blocks in the layout of Arrow's lists of texts, which elman.data.formats.arrow_blocks packs and unpacks. Numbers that
// begin an item or a list are int32 in the order of the machine, with the end of the last behind them.
//   read:     rows, words; begin of each row in words; begin of each word in bytes; bytes
//   written:  begin of each row in words; for each column of texts the begin of each in bytes; for each column of
//             probabilities a float for each word; the bytes of the columns of texts, one behind the other
// The columns of texts are the words, if they were read from another layout, and the tags of each label column.
#pragma once
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "block_readers.hpp"
#include "block_writers.hpp"

namespace elman {
namespace {

using Begin = std::int32_t;

// Numbers in a block, which need not be aligned.
struct Begins {
  const char* data;
  std::size_t operator[](std::size_t i) const {
    Begin begin;
    std::memcpy(&begin, data + i * sizeof begin, sizeof begin);
    return static_cast<std::size_t>(begin);
  }
};

// Takes n numbers from the front of a text, which must not fall, nor begin below 0.
inline bool take_begins(View& text, std::size_t n, Begins& begins) {
  if (text.size() / sizeof(Begin) < n) return false;
  begins.data = text.data();
  text.remove_prefix(n * sizeof(Begin));
  std::size_t last = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t next = begins[i];
    if (next < last || next > static_cast<std::size_t>(std::numeric_limits<Begin>::max())) return false;
    last = next;
  }
  return true;
}

inline bool read_arrow(View text, const BlockOptions& options, Block& block) {
  block.clear();
  Begins sizes{}, rows{}, words{};
  if (text.size() < 2 * sizeof(Begin)) return false;
  sizes.data = text.data(), text.remove_prefix(2 * sizeof(Begin));
  const std::size_t n_rows = sizes[0], n_words = sizes[1];
  if (n_rows > text.size() || n_words > text.size()) return false;
  if (!take_begins(text, n_rows + 1, rows) || !take_begins(text, n_words + 1, words)) return false;
  if (rows[0] || rows[n_rows] != n_words || words[0] || words[n_words] != text.size()) return false;
  std::size_t word = 0;
  for (std::size_t row = 1; row <= n_rows; ++row) {
    for (; word < rows[row]; ++word) {
      if (words[word] == words[word + 1]) return false;  // an empty word is an error
      block.add(text.substr(words[word], words[word + 1] - words[word]), 0);
    }
    block.end_sentence(row);
  }
  return short_enough(block, options);
}

template <class Number>
inline void append_number(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Appends the begins of n texts in bytes; text(i) returns one. Returns whether their size fits into a number.
template <class Text>
inline bool append_begins(std::string& out, Size n, Text text) {
  std::size_t end = 0;
  append_number<Begin>(out, 0);
  for (Size i = 0; i < n; ++i) {
    end += text(i).size();
    if (end > static_cast<std::size_t>(std::numeric_limits<Begin>::max())) return false;
    append_number(out, static_cast<Begin>(end));
  }
  return true;
}

inline bool write_arrow_columns(const Block& block, const Columns& columns, bool words, std::string& out) {
  if (!are_probabilities(block, columns)) return false;
  const auto word = [&](Size i) { return block.words[static_cast<std::size_t>(i)]; };
  const Size n = block.size();
  append_number<Begin>(out, 0);
  for (const Sentence& sentence : block.sentences)
    append_number(out, static_cast<Begin>(sentence.begin + sentence.length));
  if (words && !append_begins(out, n, word)) return false;
  for (const Answers& column : columns)
    if (!append_begins(out, n, [&](Size i) { return column.tag(i); })) return false;
  for (const Answers& column : columns)
    for (Size i = 0; column.p && i < n; ++i) append_number(out, static_cast<float>(four_digits(column.p[i]) / 10000.0));
  for (Size i = 0; words && i < n; ++i) out.append(word(i));
  for (const Answers& column : columns)
    for (Size i = 0; i < n; ++i) out.append(column.tag(i));
  return true;
}

inline bool write_arrow(View, const Block& block, const Columns& columns, std::string& out) {
  return write_arrow_columns(block, columns, false, out);
}
inline bool write_new_arrow(View, const Block& block, const Columns& columns, std::string& out) {
  return write_arrow_columns(block, columns, true, out);
}

}  // namespace
}  // namespace elman
