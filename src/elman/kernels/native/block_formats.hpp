// The pairs of formats in which blocks are read and written.
#pragma once
#include "arrow_blocks.hpp"
#include "block_readers.hpp"
#include "block_writers.hpp"
#include "json_reader.hpp"

namespace elman {
namespace {

// What is read, what is written, and how. tests/taggers/test_blocks.py compares each row with elman.data.formats.
struct BlockFormat {
  const char *input, *output;
  bool (*read)(View text, const BlockOptions& options, Block& block);
  bool (*write)(View text, const Block& block, const Columns& columns, std::string& out);
};
constexpr BlockFormat BLOCK_FORMATS[] = {
    {"text", "word_tag", read_text, write_word_tag},
    {"text", "tags", read_text, write_tags},
    {"text", "columns", read_text, write_new_columns},
    {"text", "conllu", read_text, write_new_conllu},
    {"text", "jsonl", read_text, write_new_jsonl},
    {"conllu", "conllu", read_conllu, write_conllu},
    {"columns", "columns", read_columns, write_columns},
    {"text", "arrow", read_text, write_new_arrow},
    {"jsonl", "jsonl", read_jsonl, write_jsonl},
    {"arrow", "arrow", read_arrow, write_arrow},
};

}  // namespace
}  // namespace elman
