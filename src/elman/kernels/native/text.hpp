// Words of text: ids in order of appearance, splitting of lines, and features. reference/text.py is the Python version.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "types.hpp"

namespace elman {

using View = std::string_view;

// Converts a count of words or features to an id.
inline Id id_of(std::size_t n) {
  if (n > std::numeric_limits<Id>::max()) throw std::overflow_error("more words than 32 bits can number");
  return static_cast<Id>(n);
}

// Maps distinct strings to 0, 1, 2 … If memory for a new string runs out, nothing changes.
class Index {
 public:
  Index() : slots_(1024, -1) {}
  Size size() const { return static_cast<Size>(ends_.size()); }
  View word(Size i) const {
    const std::size_t begin = i ? ends_[static_cast<std::size_t>(i) - 1] : 0;
    return {bytes_.data() + begin, ends_[static_cast<std::size_t>(i)] - begin};
  }
  // -1: unknown
  Id find(View word) const {
    const std::uint64_t hash = hash_of(word);
    return slots_[slot(word, hash)];
  }
  Id add(View word) {
    const std::uint64_t hash = hash_of(word);
    std::size_t at = slot(word, hash);
    if (slots_[at] >= 0) return slots_[at];
    const std::size_t words = ends_.size(), bytes = bytes_.size();
    const Id id = id_of(words);
    if ((words + 1) * 2 > slots_.size()) grow(), at = slot(word, hash);
    try {
      bytes_.append(word), ends_.push_back(bytes_.size()), hashes_.push_back(hash);
    } catch (...) {
      bytes_.resize(bytes), ends_.resize(words), hashes_.resize(words);
      throw;
    }
    return slots_[at] = id;
  }

 private:
  static std::uint64_t mixed(std::uint64_t x) {
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
  }
  static std::uint64_t hash_of(View word) {
    std::uint64_t hash = word.size() * 0x9e3779b97f4a7c15u, eight;
    std::size_t i = 0;
    for (; i + 8 <= word.size(); i += 8) {
      std::memcpy(&eight, word.data() + i, 8);
      hash = mixed(hash ^ eight);
    }
    eight = 0;
    if (i < word.size()) std::memcpy(&eight, word.data() + i, word.size() - i);
    return mixed(hash ^ eight);
  }
  std::size_t slot(View word, std::uint64_t hash) const {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] >= 0 &&
           (hashes_[static_cast<std::size_t>(slots_[at])] != hash || this->word(slots_[at]) != word))
      at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    std::vector<Id> slots(slots_.size() * 4, -1);
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
      std::size_t at = hashes_[i] & (slots.size() - 1);
      while (slots[at] >= 0) at = (at + 1) & (slots.size() - 1);
      slots[at] = static_cast<Id>(i);
    }
    slots_.swap(slots);
  }
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Id> slots_;
};

// Calls word(begin, end) for each word of each line and line(end) after each line. Lines end at line feeds; only spaces
// separate words; a line of nothing but separators has no words.
template <class Word, class Line>
inline void cut(View text, Word word, Line line) {
  std::size_t start = 0;
  while (start < text.size()) {
    const void* found = std::memchr(text.data() + start, '\n', text.size() - start);
    const std::size_t next =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + 1 : text.size();
    std::size_t end = next;
    while (end > start && (text[end - 1] == '\n' || text[end - 1] == '\r')) --end;
    bool blank = true;
    for (std::size_t i = start; blank && i < end; ++i)
      blank = text[i] == ' ' || text[i] == '\t' || text[i] == '\r';
    for (std::size_t i = start; !blank && i < end;) {
      const void* space = std::memchr(text.data() + i, ' ', end - i);
      const std::size_t stop = space ? static_cast<std::size_t>(static_cast<const char*>(space) - text.data()) : end;
      if (stop > i) word(i, stop);
      i = stop + 1;
    }
    line(next);
    start = next;
  }
}

// Calls f(name) for each feature of an ASCII word, as elman.features.affixes defines them.
template <class Function>
inline void affixes(View word, std::string& low, std::string& name, Function f) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto give = [&](const char* kind, View rest) {
    name.assign(kind);
    name.append(rest);
    f(View(name));
  };
  low.assign(word);
  bool capital = false, small = false, digits = false;
  for (char& c : low) {
    capital |= upper(c), small |= lower(c), digits |= digit(c);
    if (upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  const View all(low);
  give("w:", all);
  if (all.find(' ') != View::npos)
    for (std::size_t i = 0; i <= all.size();) {
      const std::size_t stop = std::min(all.find(' ', i), all.size());
      give("w:", all.substr(i, stop - i));
      i = stop + 1;
    }
  for (std::size_t n = 1; n <= 5 && n <= all.size(); ++n) {
    if (n <= 4) give("p:", all.substr(0, n));
    give("s:", all.substr(all.size() - n));
  }
  std::string shape;
  for (char c : word.substr(0, 64)) {
    const char kind = upper(c) ? 'X' : lower(c) ? 'x' : digit(c) ? '0' : c;
    if (shape.empty() || shape.back() != kind) shape.push_back(kind);
  }
  give("x:", shape);
  if (capital) give("f:", !small ? "capitals" : upper(word[0]) ? "capital" : "capital inside");
  if (digits) give("f:", "digit");
  if (word.find('-') != View::npos) give("f:", "hyphen");
  give("l:", std::to_string(word.size() < 20 ? word.size() : 20));
}

}  // namespace elman
