// Reads JSON lines for block_readers.hpp: one object a line, with tokens, a list of texts. All other values have to be
// numbers, true, false, null or texts without a space, under keys that say nothing of words and tags;
// elman.data.formats.json_records documents these.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "block_readers.hpp"

namespace elman {
namespace {

class JsonLine {
 public:
  // `unescaped` must not have to grow: views of it are kept.
  JsonLine(View line, std::string& unescaped) : line_(line), unescaped_(unescaped) {}

  // Calls take(key) at each value of an object, which has to read the value; returns whether the line is one object.
  template <class Take>
  bool object(Take take) {
    space();
    if (!next('{')) return false;
    do {
      View key;
      space();
      if (!text(key)) return false;
      space();
      if (!next(':')) return false;
      space();
      if (!take(key)) return false;
      end_of_last_ = at_;
      space();
    } while (next(','));
    if (!next('}')) return false;
    space();
    return at_ == line_.size();
  }
  // Where the last value ends.
  std::size_t end_of_last() const { return end_of_last_; }

  // Calls take(text) for each text of a list.
  template <class Take>
  bool texts(Take take) {
    if (!next('[')) return false;
    space();
    if (next(']')) return true;
    do {
      View one;
      space();
      if (!text(one) || !take(one)) return false;
      space();
    } while (next(','));
    return next(']');
  }

  bool text(View& value) {
    if (!next('"')) return false;
    const std::size_t begin = at_;
    bool escapes = false;
    for (; at_ < line_.size() && line_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(line_[at_]) < 0x20) return false;
      if (line_[at_] == '\\') escapes = true, ++at_;
    }
    value = line_.substr(begin, std::min(at_, line_.size()) - begin);
    return next('"') && (!escapes || unescape(value));
  }

  bool is_text() const { return at_ < line_.size() && line_[at_] == '"'; }

  // A number, true, false or null.
  bool scalar() {
    for (const View name : {View("true"), View("false"), View("null")})
      if (line_.substr(at_, name.size()) == name) return at_ += name.size(), true;
    const std::size_t begin = at_;
    next('-');
    if (!next('0') && !digits()) return false;
    if (next('.') && !digits()) return false;
    if (next('e') || next('E')) {
      if (!next('+')) next('-');
      if (!digits()) return false;
    }
    return at_ - begin < 300;  // of thousands of digits Python makes no number
  }

 private:
  bool next(char c) {
    const bool found = at_ < line_.size() && line_[at_] == c;
    at_ += found;
    return found;
  }
  void space() {
    while (at_ < line_.size() && is_separator(line_[at_])) ++at_;
  }
  bool digits() {
    const std::size_t begin = at_;
    while (at_ < line_.size() && '0' <= line_[at_] && line_[at_] <= '9') ++at_;
    return at_ > begin;
  }
  // Reads the four digits of \uXXXX at the beginning of a text; -1: there are none.
  static std::int32_t code_at(View text) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return -1;
    std::int32_t code = 0;
    for (std::size_t i = 2; i < 6; ++i) {
      const char c = text[i];
      const int digit = '0' <= c && c <= '9' ? c - '0' : 'a' <= c && c <= 'f' ? c - 'a' + 10 : 'A' <= c && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) return -1;
      code = code * 16 + digit;
    }
    return code;
  }
  // Replaces a text by one without escapes.
  bool unescape(View& value) {
    constexpr View NAMES = "\"\\/bfnrt", CHARACTERS = "\"\\/\b\f\n\r\t";
    const std::size_t begin = unescaped_.size();
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] != '\\') {
        unescaped_.push_back(value[i]);
        continue;
      }
      const std::size_t name = i + 1 < value.size() ? NAMES.find(value[i + 1]) : View::npos;
      if (name != View::npos) {
        unescaped_.push_back(CHARACTERS[name]), ++i;
        continue;
      }
      std::int32_t code = code_at(value.substr(i));
      i += 5;
      if (0xd800 <= code && code < 0xdc00) {  // the first half of a surrogate pair
        const std::int32_t low = code_at(value.substr(std::min(i + 1, value.size())));
        code = 0xdc00 <= low && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
        i += 6;
      }
      if (code < 0 || (0xdc00 <= code && code < 0xe000)) return false;
      append_utf8(code);
    }
    value = View(unescaped_).substr(begin);
    return true;
  }
  void append_utf8(std::int32_t code) {
    const auto push = [&](std::int32_t byte) { unescaped_.push_back(static_cast<char>(byte)); };
    const auto rest = [&](int shift) { push(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x80) {
      push(code);
    } else if (code < 0x800) {
      push(0xc0 | (code >> 6)), rest(0);
    } else if (code < 0x10000) {
      push(0xe0 | (code >> 12)), rest(6), rest(0);
    } else {
      push(0xf0 | (code >> 18)), rest(12), rest(6), rest(0);
    }
  }
  View line_;
  std::string& unescaped_;
  std::size_t at_ = 0, end_of_last_ = 0;
};

// Whether a key may have a value that is not tokens: not one that may hold words or tags, or that is written.
inline bool is_other_key(View key, const BlockOptions& options) {
  constexpr View KEYS[] = {"text",  "data",   "answer",      "words", "spans",  "entities",    "intent",
                           "label", "labels", "annotations", "ner",   "tokens", "confidences"};
  return std::find(std::begin(KEYS), std::end(KEYS), key) == std::end(KEYS) &&
         std::none_of(options.written.begin(), options.written.end(),
                      [&](const WrittenColumn& column) { return column.key == key; });
}

// The place of a word is the end of the last value of its line.
inline bool read_jsonl(View text, const BlockOptions& options, Block& block) {
  constexpr std::size_t LONGEST = 8'000'000;  // bytes of a line; more are counted in Python
  block.clear();
  block.unescaped.reserve(text.size());
  std::vector<View> keys;
  const bool sound = each_line(text, [&](std::size_t begin, View line) {
    keys.clear();
    const Size first = block.size();
    bool has_tokens = false, has_texts = false;
    JsonLine json(line, block.unescaped);
    const auto take = [&](View key) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) return false;
      keys.push_back(key);
      if (key == "tokens") {
        has_tokens = true;
        return json.texts([&](View word) { return block.add(word, 0), !word.empty(); });
      }
      if (!is_other_key(key, options)) return false;
      if (!json.is_text()) return json.scalar();
      View value;
      has_texts = true;
      return json.text(value) && value.find(' ') == View::npos;
    };
    if (!is_blank(line)) {
      if (line.size() > LONGEST || !json.object(take) || !has_tokens) return false;
      if (block.size() == first && has_texts) return false;  // labels without words
    }
    std::fill(block.places.begin() + first, block.places.end(), begin + json.end_of_last());
    block.end_sentence(begin + line.size());
    return true;
  });
  return sound && short_enough(block, options);
}

}  // namespace
}  // namespace elman
