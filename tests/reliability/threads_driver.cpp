// Loads models and tags text from many threads, without Python in the process; native_threads.py compiles it with
// ThreadSanitizer and starts it.
//
//   threads_driver MODEL TEXT TAGGED ISA PRECISION TABLE_BYTES SPARE THREADS TASKS SEED
//   threads_driver race     two threads write one number without a lock, which has to be reported
//
// MODEL is what native_threads.model_bytes writes, TEXT has a sentence in each line, TAGGED is written by one thread.
// Prints what was done and how often; exit status 1 if an answer differs from that of one thread.
#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "isa.hpp"
#include "line_tagger.hpp"

namespace {

using elman::LineModel;
using elman::LineTagger;
using elman::Size;
using elman::View;

constexpr std::size_t LINES = 30;            // of a piece of text
const char* const REFUSED = "no \xff text";  // bytes that are not UTF-8

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Reads byte strings, each after its length in 8 bytes.
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
  bool more() const { return at_ < bytes_.size(); }
  std::string next() {
    std::uint64_t length;
    if (bytes_.size() - at_ < sizeof(length)) throw std::runtime_error("the model ends early");
    std::memcpy(&length, bytes_.data() + at_, sizeof(length));
    at_ += sizeof(length);
    if (bytes_.size() - at_ < length) throw std::runtime_error("the model ends early");
    at_ += length;
    return bytes_.substr(at_ - length, length);
  }
  // A byte string that is a list of lines.
  std::vector<std::string> lines() {
    std::istringstream from(next());
    std::vector<std::string> all;
    for (std::string line; std::getline(from, line);) all.push_back(line);
    return all;
  }
  std::vector<Size> numbers() {
    std::istringstream from(next());
    return {std::istream_iterator<Size>(from), {}};
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

struct Options {
  std::string model;
  bool int8;
  Size table_bytes, spare;
};

std::shared_ptr<LineTagger> load(const Options& options) {
  Reader file(read_file(options.model));
  LineModel model;
  for (const std::string& word : file.lines()) model.words.add(word);
  for (const std::string& name : file.lines()) model.features.add(name);
  elman::ColumnModel column;
  column.tags = file.lines(), model.prefixes = file.lines();
  const std::vector<Size> sizes = file.numbers();  // E, F, H, both directions, chain, CRF
  model.E = sizes.at(0), model.F = sizes.at(1), model.H = sizes.at(2), model.both = sizes.at(3);
  column.chained = sizes.at(4), column.crf = sizes.at(5);
  for (std::string& allowed : column.allowed) allowed = file.next();
  model.columns.push_back(std::move(column));
  std::map<std::string, std::vector<std::string>, std::less<>> affixes;  // of words that are not ASCII
  for (std::uint64_t n = std::stoull(file.next()); n; --n) {
    std::string word = file.next();
    affixes[word] = file.lines();
  }
  std::map<std::string, elman::Tensor> tensors;
  while (file.more()) {
    std::string name = file.next(), type = file.next();
    std::vector<Size> shape = file.numbers();
    auto bytes = std::make_shared<const std::string>(file.next());
    tensors[name] = {type, shape, *bytes, bytes};
  }
  model.tensor_of = [&](const std::string& name) { return tensors.at(name); };
  model.extract = [affixes](View word, const LineModel::Take& take) {
    const auto found = affixes.find(word);
    if (found == affixes.end()) throw std::domain_error("not UTF-8");
    for (const std::string& name : found->second) take(name);
  };
  model.int8 = options.int8, model.table_bytes = options.table_bytes, model.spare = options.spare;
  return std::make_shared<LineTagger>(std::move(model));
}

// Returns a text with _TAG after each word.
std::string tag_text(LineTagger& model, View text) {
  elman::BlockOptions options;
  options.written.push_back({0, "tag", 0}), options.longest = elman::LARGEST;
  auto work = model.borrow();
  if (!model.tag(text, elman::BLOCK_FORMATS[0], options, *work)) throw std::runtime_error("a block that is not tagged");
  const std::string tagged = work->out;
  model.give_back(std::move(work));
  return tagged;
}

// Returns pieces of LINES lines.
std::vector<std::string> pieces_of(const std::string& text) {
  std::vector<std::string> pieces;
  std::size_t lines = 0, begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ++lines;
    if (lines < LINES && i + 1 < text.size()) continue;
    pieces.push_back(text.substr(begin, i + 1 - begin));
    lines = 0, begin = i + 1;
  }
  return pieces;
}

// Lets threads go on once all of them have come.
class Barrier {
 public:
  explicit Barrier(int threads) : missing_(threads) {}
  void wait() {
    std::unique_lock<std::mutex> hold(lock_);
    if (--missing_ == 0) all_.notify_all();
    all_.wait(hold, [this] { return missing_ <= 0; });
  }

 private:
  int missing_;
  std::mutex lock_;
  std::condition_variable all_;
};

// What all threads use: one model, another one that is replaced while they tag, and the answers of a single thread.
struct Shared {
  Options options;
  std::vector<std::string> pieces, tagged;
  std::shared_ptr<LineTagger> model, replaced;
  std::mutex lock;  // of all below, and of replaced
  std::map<std::string, int> done;
  std::vector<std::string> wrong;

  void count(const std::string& outcome) {
    const std::lock_guard<std::mutex> hold(lock);
    ++done[outcome];
  }
  void demand(bool holds, const std::string& what) {
    const std::lock_guard<std::mutex> hold(lock);
    if (!holds) wrong.push_back(what);
  }
};

// Tags one to three pieces of the text.
void tag(Shared& shared, LineTagger& model, std::mt19937& draw, const std::string& outcome) {
  std::string text, tagged;
  for (auto n = draw() % 3 + 1; n; --n) {
    const std::size_t i = draw() % shared.pieces.size();
    text += shared.pieces[i], tagged += shared.tagged[i];
  }
  shared.demand(tag_text(model, text) == tagged, outcome + ": other tags than those of one thread");
  shared.count(outcome);
}

void refuse(Shared& shared, std::mt19937& draw) {
  const std::string piece = shared.pieces[draw() % shared.pieces.size()];
  bool refused = false;
  try {
    tag_text(*shared.model, REFUSED + std::to_string(draw() % 5) + "\n" + piece);
  } catch (const std::domain_error&) {
    refused = true;
  }
  shared.demand(refused, "bytes that are not UTF-8 were tagged");
  shared.count("refused");
}

void replace(Shared& shared) {
  std::shared_ptr<LineTagger> fresh = load(shared.options);
  {
    const std::lock_guard<std::mutex> hold(shared.lock);
    shared.replaced.swap(fresh);
  }
  shared.count("replaced a model in use");  // the old one ends here, or with the last text that uses it
}

void work(Shared& shared, Barrier& together, unsigned seed, int tasks) {
  std::mt19937 draw(seed);
  together.wait();
  for (; tasks; --tasks) try {
      const unsigned task = draw() % 16;
      if (task < 8) {
        tag(shared, *shared.model, draw, "tagged with the shared model");
      } else if (task < 12) {
        std::shared_ptr<LineTagger> model;
        {
          const std::lock_guard<std::mutex> hold(shared.lock);
          model = shared.replaced;
        }
        tag(shared, *model, draw, "tagged with a model that is replaced");
      } else if (task < 14) {
        tag(shared, *load(shared.options), draw, "loaded and tagged");
      } else if (task == 14) {
        replace(shared);
      } else {
        refuse(shared, draw);
      }
    } catch (const std::exception& error) {
      shared.demand(false, error.what());
    }
}

int run(char** arguments) {
  Shared shared;
  shared.options = {arguments[0], std::string(arguments[4]) == "int8", std::stoll(arguments[5]),
                    std::stoll(arguments[6])};
  elman::set_isa(arguments[3]);
  const int threads = std::stoi(arguments[7]), tasks = std::stoi(arguments[8]);
  const auto seed = static_cast<unsigned>(std::stoul(arguments[9])) * 1000;
  shared.pieces = pieces_of(read_file(arguments[1]));
  std::ofstream written(arguments[2], std::ios::binary);
  {
    const std::shared_ptr<LineTagger> alone = load(shared.options);
    for (const std::string& piece : shared.pieces) {
      shared.tagged.push_back(tag_text(*alone, piece));
      written << shared.tagged.back();
    }
  }
  shared.model = load(shared.options), shared.replaced = load(shared.options);
  Barrier together(threads);
  std::vector<std::thread> started;
  for (int i = 0; i < threads; ++i)
    started.emplace_back([&, i] { work(shared, together, seed + static_cast<unsigned>(i), tasks); });
  for (std::thread& thread : started) thread.join();
  for (const auto& [outcome, n] : shared.done) std::cout << n << ' ' << outcome << '\n';
  for (const std::string& what : shared.wrong) std::cerr << "wrong: " << what << '\n';
  return shared.wrong.empty() ? 0 : 1;
}

int race() {
  Barrier together(2);
  int number = 0;
  const auto write = [&] {
    together.wait();
    ++number;
  };
  std::thread first(write), second(write);
  first.join(), second.join();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::string(arguments[1]) == "race") return race();
  if (count == 2 && std::string(arguments[1]) == "sets") {  // the instruction sets of this machine, narrowest first
    for (const elman::Table* table : elman::runnable()) {
      elman::set_isa(table->name);
      std::cout << table->name << (elman::has_int8() ? " int8" : "") << '\n';
    }
    return 0;
  }
  if (count != 11) return 2;
  try {
    return run(arguments + 1);
  } catch (const std::exception& error) {
    std::cerr << "wrong: " << error.what() << '\n';
    return 1;
  }
}
