// Readers of blocks: whole sentences of a text format, in UTF-8. They accept what is common and sound. What they refuse,
// by returning false, is left to the readers of elman.data.formats, which state the formats and have the messages.
#pragma once
#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "text.hpp"

namespace elman {
namespace {

struct Sentence {
  Size begin, length;  // words
};

// The words of a block. The place of a word is where its tag goes: behind it in text, in its line in a table.
struct Block {
  std::vector<View> words;
  std::vector<std::size_t> places;
  std::vector<Sentence> sentences;  // also those without words
  std::vector<std::size_t> ends;    // of the sentences, in the text
  std::string unescaped;            // words that are not in the text as they are

  void clear() { words.clear(), places.clear(), sentences.clear(), ends.clear(), unescaped.clear(); }
  Size size() const { return static_cast<Size>(words.size()); }
  void add(View word, std::size_t place) { words.push_back(word), places.push_back(place); }
  void end_sentence(std::size_t end) {
    const Size begin = sentences.empty() ? 0 : sentences.back().begin + sentences.back().length;
    sentences.push_back({begin, size() - begin}), ends.push_back(end);
  }
};

// A label column that is written: `key` is its name in the output, `field` its number in a table, from 0.
struct WrittenColumn {
  Size column;
  std::string key;
  Size field;
};
struct BlockOptions {
  std::vector<WrittenColumn> written;
  bool confidences = false;
  Size longest = 0;  // words of a sentence
  Size width = 0, word = 0;  // columns: fields of a line, and which of them is the word
};

inline bool is_separator(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
inline bool is_blank(View line) { return std::all_of(line.begin(), line.end(), is_separator); }
inline View without_end(View line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

// Calls take(begin, line) for each line, with its end, until it returns false; returns whether it never did.
template <class Take>
inline bool each_line(View text, Take take) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t found = text.find('\n', begin), next = found == View::npos ? text.size() : found + 1;
    if (!take(begin, text.substr(begin, next - begin))) return false;
    begin = next;
  }
  return true;
}

inline bool short_enough(const Block& block, const BlockOptions& options) {
  return std::all_of(block.sentences.begin(), block.sentences.end(),
                     [&](const Sentence& sentence) { return sentence.length <= options.longest; });
}

inline bool read_text(View text, const BlockOptions& options, Block& block) {
  block.clear();
  cut(
      text, [&](std::size_t i, std::size_t j) { block.add(text.substr(i, j - i), j); },
      [&](std::size_t end) { block.end_sentence(end); });
  return short_enough(block, options);
}

// Whether an ID is a range (1-2) or an empty node (8.1).
inline bool is_other_id(View id) {
  const std::size_t mark = id.find_first_of("-.");
  if (mark == View::npos || mark == 0 || mark + 1 == id.size()) return false;
  const auto digit = [](char c) { return '0' <= c && c <= '9'; };
  return std::all_of(id.begin(), id.begin() + static_cast<std::ptrdiff_t>(mark), digit) &&
         std::all_of(id.begin() + static_cast<std::ptrdiff_t>(mark) + 1, id.end(), digit);
}

// Reads lines that are words, comments, or blank ones at the end of sentences. keep(line) returns 1 for a word, which
// it adds, 0 for a line to be copied, -1 for one that is refused.
template <class Keep>
inline bool read_table(View text, const BlockOptions& options, Block& block, Keep keep) {
  constexpr Size MOST = 1'000'000;  // lines of a sentence; more are counted in Python
  block.clear();
  Size lines = 0;
  const bool sound = each_line(text, [&](std::size_t begin, View line) {
    if (is_separator(line[0]) && is_blank(line)) {
      block.end_sentence(begin + line.size());
      lines = 0;
      return true;
    }
    return ++lines < MOST && keep(begin, line);
  });
  if (lines) block.end_sentence(text.size());
  return sound && short_enough(block, options);
}

inline bool read_conllu(View text, const BlockOptions& options, Block& block) {
  constexpr std::ptrdiff_t TABS = 9;
  Size first = 0;  // word of the sentence
  std::size_t sentences = 0;
  return read_table(text, options, block, [&](std::size_t begin, View line) {
    if (line[0] == '#') return true;
    const View body = without_end(line);
    if (std::count(body.begin(), body.end(), '\t') != TABS) return false;
    if (block.sentences.size() != sentences) sentences = block.sentences.size(), first = block.size();
    char digits[24];
    const char* end = std::to_chars(digits, digits + sizeof digits, block.size() - first + 1).ptr;
    const std::size_t tab = body.find('\t');
    const View id = body.substr(0, tab), expected(digits, static_cast<std::size_t>(end - digits));
    if (id != expected) return is_other_id(id);
    const std::size_t stop = body.find('\t', tab + 1);
    block.add(body.substr(tab + 1, stop - tab - 1), begin);
    return stop > tab + 1;
  });
}

// Columns separated by tabs.
inline bool read_columns(View text, const BlockOptions& options, Block& block) {
  return read_table(text, options, block, [&](std::size_t begin, View line) {
    const View body = without_end(line);
    const Size tabs = std::count(body.begin(), body.end(), '\t');
    if (body.substr(0, 2) == "# " && !tabs) return true;
    if (tabs + 1 != options.width || body.substr(0, 10) == "-DOCSTART-") return false;
    std::size_t start = 0;
    for (Size i = 0; i < options.word; ++i) start = body.find('\t', start) + 1;
    const std::size_t stop = std::min(body.find('\t', start), body.size());
    block.add(body.substr(start, stop - start), begin);
    return stop > start;
  });
}

}  // namespace
}  // namespace elman
