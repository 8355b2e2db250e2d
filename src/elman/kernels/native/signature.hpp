// Signatures of kernels, as written in signatures.def, and the sizes that letters have in a call.
#pragma once
#include <array>
#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "types.hpp"

namespace elman {

// The size of each letter in a call.
using Sizes = std::array<Size, 128>;

// A sum of terms factor · ⌈letter / divisor⌉ plus a constant.
struct Expression {
  struct Term {
    Size factor;
    unsigned char letter;
    Size divisor;
  };
  std::vector<Term> terms;
  Size constant = 0;

  // Letters come from Python and can have any value: an overflow gives -1, which no array has as its size.
  Size operator()(const Sizes& sizes) const {
    Size total = constant;
    for (const Term& term : terms) {
      Size size = sizes[term.letter];
      if (term.divisor > 1) size = size / term.divisor + (size % term.divisor > 0);
      if (__builtin_mul_overflow(size, term.factor, &size) || __builtin_add_overflow(total, size, &total)) return -1;
    }
    return total;
  }
  // Whether the value determines the size of a single letter.
  bool binds() const { return terms.size() == 1 && terms[0].divisor == 1; }
};

struct Parameter {
  enum Kind { array, steps, lengths, offsets, size, number, integer, flag } kind = array;
  std::string name;
  char type = 'T';  // an array's item type: T, or the buffer protocol's f, d, e (float16), b or i
  std::vector<Expression> shape;
  std::vector<Expression> rule;  // ids: V, their limit; steps: N and B; lengths: N; offsets: M
  std::string text;              // for messages
  bool in_place = false, optional = false, has_default = false, zeros = false;
};

// Where a letter's size is read: an axis of an argument's shape, or the argument itself.
struct Binding {
  unsigned char letter;
  std::size_t parameter, axis;
  Size factor, constant;
};

class Signature {
 public:
  std::vector<Parameter> arguments, results;
  std::vector<std::pair<Expression, Expression>> conditions;  // first <= second
  std::vector<Binding> bindings;

  explicit Signature(std::string_view text) : rest_(text) {
    while (peek() && peek() != '-' && peek() != ';') arguments.push_back(parameter()), accept(',');
    if (accept('-') && accept('>'))
      while (peek() && peek() != ';') results.push_back(parameter()), accept(',');
    if (accept(';'))
      while (peek()) {
        Expression low = expression();
        demand(accept('<') && accept('='));
        conditions.emplace_back(std::move(low), expression());
        accept(',');
      }
    bind();
  }
  // "x (N, E), w (H, E)"
  std::string shapes() const {
    std::string all;
    for (const Parameter& p : arguments)
      if (p.kind <= Parameter::size) all += (all.empty() ? "" : ", ") + p.name + " " + p.text;
    return all;
  }

 private:
  char peek() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool accept(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void demand(bool holds) const {
    if (!holds) throw std::logic_error("signatures.def: cannot read the part before: " + std::string(rest_));
  }
  std::string word() {
    std::string found;
    for (char c = peek(); std::isalnum(static_cast<unsigned char>(c)) || c == '_';
         c = rest_.empty() ? '\0' : rest_.front())
      found += c, rest_.remove_prefix(1);
    demand(!found.empty());
    return found;
  }
  Size number(Size otherwise) {
    if (!std::isdigit(static_cast<unsigned char>(peek()))) return otherwise;
    Size n = 0;
    while (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_.front())))
      n = n * 10 + (rest_.front() - '0'), rest_.remove_prefix(1);
    return n;
  }
  Expression expression() {
    Expression sum;
    do {
      const Size n = number(-1);
      if (std::isalpha(static_cast<unsigned char>(peek()))) {
        const auto letter = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        sum.terms.push_back({n < 0 ? 1 : n, letter, accept('/') ? number(1) : 1});
      } else {
        demand(n >= 0);
        sum.constant += n;
      }
    } while (accept('+'));
    return sum;
  }
  std::vector<Expression> expressions() {
    std::vector<Expression> all;
    demand(accept('('));
    while (!accept(')')) all.push_back(expression()), accept(',');
    return all;
  }

  Parameter parameter() {
    Parameter p;
    p.name = word();
    demand(accept(':'));
    const std::string type = word();
    p.in_place = accept('!');
    const std::string_view before = (peek(), rest_);
    std::vector<Expression> inside;
    if (peek() == '(') inside = expressions();
    p.text = std::string(before.substr(0, before.size() - rest_.size()));
    if (type == "steps" || type == "lengths" || type == "offsets") {
      p.kind = type == "steps" ? Parameter::steps : type == "lengths" ? Parameter::lengths : Parameter::offsets;
      p.type = 'i';
      demand(inside.size() == 2);
      if (p.kind == Parameter::steps) {
        p.rule = std::move(inside), p.shape.resize(1), p.text = "(T)";
      } else {
        p.shape = {inside[0]}, p.rule = {inside[1]};
        p.shape[0].constant += p.kind == Parameter::offsets;
        p.text = p.kind == Parameter::offsets ? "(U + 1)" : "(S)";
      }
    } else if (type == "size") {
      p.kind = Parameter::size, p.shape = std::move(inside);
    } else if (type == "float" || type == "int" || type == "bool") {
      p.kind = type == "float" ? Parameter::number : type == "int" ? Parameter::integer : Parameter::flag;
    } else {
      const std::pair<const char*, char> types[] = {{"T", 'T'},   {"f32", 'f'}, {"f64", 'd'},
                                                    {"f16", 'e'}, {"i8", 'b'},  {"i32", 'i'}};
      p.type = '\0';
      for (const auto& [name, code] : types)
        if (type == name) p.type = code;
      demand(p.type);
      p.shape = std::move(inside);
      if (accept('<')) p.rule = {expression()};
    }
    p.optional = accept('?');
    if (accept('=')) {
      p.has_default = p.optional;
      if (p.optional)
        word();
      else
        p.zeros = number(1) == 0;
    }
    return p;
  }

  // Chooses where each letter's size is read; prefers a plain letter (H) to a multiple (4H).
  void bind() {
    for (int plain = 1; plain >= 0; --plain)
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Parameter& p = arguments[i];
        if (p.optional || p.kind == Parameter::steps) continue;
        for (std::size_t axis = 0; axis < p.shape.size(); ++axis) {
          const Expression& e = p.shape[axis];
          if (!e.binds() || (plain && (e.terms[0].factor != 1 || e.constant))) continue;
          bool known = false;
          for (const Binding& b : bindings) known |= b.letter == e.terms[0].letter;
          if (!known) bindings.push_back({e.terms[0].letter, i, axis, e.terms[0].factor, e.constant});
        }
      }
  }

  std::string_view rest_;
};

}  // namespace elman
