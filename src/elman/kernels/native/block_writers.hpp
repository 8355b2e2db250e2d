// Writers of blocks: the tags of words in a text format, in UTF-8. What they refuse, by returning false, is left to the
// writers of elman.data.formats, which state the formats and have the messages.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "block_readers.hpp"

namespace elman {
namespace {
// A label column as it is written: the best tag of each word of the block, and its probability unless p is null.
struct Answers {
  const std::vector<std::string>& tags;
  const WrittenColumn& column;
  const Id* ids;
  const double* p;
  View tag(Size word) const { return tags[static_cast<std::size_t>(ids[word])]; }
};
using Columns = std::vector<Answers>;

// Returns a probability in units of 0.0001, rounded as Python does.
inline int four_digits(double p) {
  const double scaled = p * 10000, whole = std::floor(scaled);
  if (std::fabs(scaled - whole - 0.5) >= 1e-6) return static_cast<int>(whole) + (scaled - whole > 0.5);
  char exact[16];  // the product is rounded: ask for the exact digits
  std::snprintf(exact, sizeof exact, "%.4f", p);
  int number = 0;
  for (const char c : View(exact))
    if ('0' <= c && c <= '9') number = number * 10 + (c - '0');
  return number;
}

// Appends a probability with four digits behind the point; short: without the zeros at the end.
inline void append_probability(std::string& out, double p, bool is_short) {
  int number = four_digits(p);
  char digits[6] = {'0', '.', '0', '0', '0', '0'};
  for (int i = 5; i != 1; --i) digits[i] = static_cast<char>('0' + number % 10), number /= 10;
  digits[0] = static_cast<char>('0' + number);
  std::size_t n = 6;
  while (is_short && n > 3 && digits[n - 1] == '0') --n;
  out.append(digits, n);
}

// Whether all probabilities are from 0 to 1; networks with huge weights have others.
inline bool are_probabilities(const Block& block, const Columns& columns) {
  for (const Answers& column : columns)
    for (Size i = 0; column.p && i < block.size(); ++i)
      if (!(column.p[i] >= 0 && column.p[i] <= 1)) return false;
  return true;
}

// Whether words have none of the characters that end lines and fields, which a word of text or JSON may have.
inline bool fit_table(const Block& block) {
  return std::all_of(block.words.begin(), block.words.end(),
                     [](View word) { return word.find_first_of(View("\t\r\n\0", 4)) == View::npos; });
}

inline bool write_word_tag(View text, const Block& block, const Columns& columns, std::string& out) {
  out.reserve(text.size() + block.words.size() * 6);
  std::size_t done = 0;
  for (Size i = 0; i < block.size(); ++i) {
    const std::size_t end = block.places[static_cast<std::size_t>(i)];
    out.append(text.substr(done, end - done)).append(1, '_').append(columns[0].tag(i));
    done = end;
  }
  out.append(text.substr(done));
  return columns.size() == 1;
}

inline bool write_tags(View text, const Block& block, const Columns& columns, std::string& out) {
  for (std::size_t s = 0; s < block.sentences.size(); ++s) {
    const Sentence& sentence = block.sentences[s];
    for (Size i = 0; i < sentence.length; ++i) {
      if (i) out.append(1, ' ');
      out.append(columns[0].tag(sentence.begin + i));
    }
    const std::size_t begin = s ? block.ends[s - 1] : 0;
    const View line = text.substr(begin, block.ends[s] - begin);
    out.append(line.substr(without_end(line).size()));
  }
  return columns.size() == 1;
}

inline bool write_new_columns(View, const Block& block, const Columns& columns, std::string& out) {
  if (!fit_table(block) || !are_probabilities(block, columns)) return false;
  for (const Sentence& sentence : block.sentences) {
    for (Size i = sentence.begin; i < sentence.begin + sentence.length; ++i) {
      const View word = block.words[static_cast<std::size_t>(i)];
      if (word.substr(0, 10) == "-DOCSTART-") return false;
      out.append(word);
      for (const Answers& column : columns) {
        out.append(1, '\t').append(column.tag(i));
        if (column.p) out.append(1, '\t'), append_probability(out, column.p[i], false);
      }
      out.append(1, '\n');
    }
    out.append(1, '\n');
  }
  return true;
}

// Appends MISC with the probabilities of a word at its end, in place of earlier ones.
inline void append_misc(std::string& out, View misc, const Columns& columns, Size word) {
  const std::size_t start = out.size();
  for (std::size_t begin = misc == "_" ? 2 : 0; begin <= misc.size();) {
    const std::size_t end = std::min(misc.find('|', begin), misc.size());
    const View item = misc.substr(begin, end - begin);
    begin = end + 1;
    constexpr View NAME = "Confidence";
    const std::size_t mark = item.find('=');
    const bool named = item.substr(0, NAME.size()) == NAME && mark != View::npos;
    const bool of_column = named && mark > NAME.size() + 1 && item[NAME.size()] == '[' && item[mark - 1] == ']';
    if (item.empty() || item == "_" || of_column || (named && mark == NAME.size())) continue;
    out.append(item).append(1, '|');
  }
  for (const Answers& column : columns) {
    out.append("Confidence");
    if (columns.size() > 1) out.append(1, '[').append(column.column.key).append(1, ']');
    out.append(1, '='), append_probability(out, column.p[word], false), out.append(1, '|');
  }
  if (out.size() > start) out.pop_back();
}

// Columns in the order of their fields.
inline std::vector<const Answers*> by_field(const Columns& columns) {
  std::vector<const Answers*> sorted;
  for (const Answers& column : columns) sorted.push_back(&column);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Answers* a, const Answers* b) { return a->column.field < b->column.field; });
  return sorted;
}

// Appends the fields of a line in CoNLL-U, some of them replaced.
inline void append_fields(std::string& out, View line, const std::vector<const Answers*>& sorted,
                          const Columns& columns, Size word) {
  constexpr Size MISC = 9;
  std::size_t copied = 0, at = 0;
  Size field = 0;
  const auto advance = [&](Size to) {
    if (to == MISC) at = line.rfind('\t') + 1, field = to;  // the last of the fields
    for (; field < to; ++field) at = line.find('\t', at) + 1;
    out.append(line.substr(copied, at - copied));
    copied = at;
  };
  for (const Answers* column : sorted) {
    if (columns[0].p && column->column.field == MISC) continue;
    advance(column->column.field);
    out.append(column->tag(word));
    copied = at = std::min(line.find('\t', at), line.size());
  }
  if (columns[0].p) {
    advance(MISC);
    append_misc(out, sorted.back()->column.field == MISC ? sorted.back()->tag(word) : line.substr(at), columns, word);
  } else {
    out.append(line.substr(copied));
  }
}

inline bool are_fields(const Columns& columns, Size n) {
  return !columns.empty() && std::all_of(columns.begin(), columns.end(), [n](const Answers& column) {
    return 0 <= column.column.field && column.column.field < n;
  });
}

inline bool write_new_conllu(View, const Block& block, const Columns& columns, std::string& out) {
  if (!fit_table(block) || !are_probabilities(block, columns) || !are_fields(columns, 10)) return false;
  const auto sorted = by_field(columns);
  std::string line;
  for (const Sentence& sentence : block.sentences) {
    for (Size i = 0; i < sentence.length; ++i) {
      char digits[24];
      const char* end = std::to_chars(digits, digits + sizeof digits, i + 1).ptr;
      line.assign(digits, static_cast<std::size_t>(end - digits)).append(1, '\t').append(block.words[static_cast<std::size_t>(sentence.begin + i)]);
      line.append("\t_\t_\t_\t_\t_\t_\t_\t_");
      append_fields(out, line, sorted, columns, sentence.begin + i);
      out.append(1, '\n');
    }
    out.append(1, '\n');
  }
  return true;
}

// Writes a table as it was read, but for the lines of words: change(line) appends one, without its end.
template <class Change>
inline void rewrite(View text, const Block& block, const Columns& columns, std::string& out, Change change) {
  const std::size_t added = !columns.empty() && columns[0].p ? 24 : 4;  // bytes of an answer, more or less
  out.reserve(text.size() + block.words.size() * columns.size() * added);
  std::size_t done = 0;
  for (Size i = 0; i < block.size(); ++i) {
    const std::size_t begin = block.places[static_cast<std::size_t>(i)];
    out.append(text.substr(done, begin - done));
    const View body = without_end(text.substr(begin, text.find('\n', begin) - begin));
    change(i, body);
    done = begin + body.size();
  }
  out.append(text.substr(done));
}

inline bool write_conllu(View text, const Block& block, const Columns& columns, std::string& out) {
  if (!are_probabilities(block, columns) || !are_fields(columns, 10)) return false;
  const auto sorted = by_field(columns);
  rewrite(text, block, columns, out, [&](Size word, View body) { append_fields(out, body, sorted, columns, word); });
  return true;
}

// Columns separated by tabs; fields behind the last are new ones. The columns are in the order of their fields.
inline bool write_columns(View text, const Block& block, const Columns& columns, std::string& out) {
  if (!are_probabilities(block, columns)) return false;
  rewrite(text, block, columns, out, [&](Size word, View body) {
    auto next = columns.begin();
    const auto append_tag = [&] {
      out.append(next->tag(word));
      if (next->p) out.append(1, '\t'), append_probability(out, next->p[word], false);
      ++next;
    };
    Size field = 0;
    for (std::size_t begin = 0; begin <= body.size(); ++field) {
      const std::size_t end = std::min(body.find('\t', begin), body.size());
      if (field) out.append(1, '\t');
      if (next != columns.end() && next->column.field == field)
        append_tag();
      else
        out.append(body.substr(begin, end - begin));
      begin = end + 1;
    }
    while (next != columns.end()) out.append(1, '\t'), append_tag();
  });
  return true;
}

inline void append_json(std::string& out, View text) {
  constexpr View ESCAPED = "\"\\\n\r\t\f\b", NAMES = "\"\\nrtfb";
  out.append(1, '"');
  for (const char c : text) {
    const std::size_t found = ESCAPED.find(c);
    if (found != View::npos) {
      out.append(1, '\\').append(1, NAMES[found]);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out.append(code);
    } else {
      out.append(1, c);
    }
  }
  out.append(1, '"');
}

// Appends a list of n values; append(i) appends one.
template <class Append>
inline void append_list(std::string& out, Size n, Append append) {
  out.append(1, '[');
  for (Size i = 0; i < n; ++i) {
    if (i) out.append(", ");
    append(i);
  }
  out.append(1, ']');
}

// Appends the keys of a sentence's tags, and of their probabilities.
inline void append_answers(std::string& out, const Sentence& sentence, const Columns& columns) {
  for (const Answers& column : columns) {
    if (&column != columns.data()) out.append(", ");
    append_json(out, column.column.key), out.append(": ");
    append_list(out, sentence.length, [&](Size i) { append_json(out, column.tag(sentence.begin + i)); });
  }
  if (!columns[0].p) return;
  out.append(", \"confidences\": ");
  const bool several = columns.size() > 1;
  for (const Answers& column : columns) {
    if (several) out.append(&column == columns.data() ? "{" : ", "), append_json(out, column.column.key), out.append(": ");
    append_list(out, sentence.length, [&](Size i) { append_probability(out, column.p[sentence.begin + i], true); });
  }
  if (several) out.append(1, '}');
}

inline bool write_new_jsonl(View, const Block& block, const Columns& columns, std::string& out) {
  if (!are_probabilities(block, columns) || columns.empty()) return false;
  for (const Sentence& sentence : block.sentences) {
    out.append("{\"tokens\": ");
    append_list(out, sentence.length,
                [&](Size i) { append_json(out, block.words[static_cast<std::size_t>(sentence.begin + i)]); });
    out.append(", "), append_answers(out, sentence, columns), out.append("}\n");
  }
  return true;
}

// Adds the tags to the records that were read; lines without words are copied.
inline bool write_jsonl(View text, const Block& block, const Columns& columns, std::string& out) {
  if (!are_probabilities(block, columns) || columns.empty()) return false;
  std::size_t done = 0;
  for (const Sentence& sentence : block.sentences) {
    if (!sentence.length) continue;
    const std::size_t place = block.places[static_cast<std::size_t>(sentence.begin)];
    out.append(text.substr(done, place - done)).append(", ");
    append_answers(out, sentence, columns);
    done = place;
  }
  out.append(text.substr(done));
  return true;
}

}  // namespace
}  // namespace elman
