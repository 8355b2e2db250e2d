// Ids of a minibatch: the distinct ones, sets of them, and the rows of packed sentences; reference/ids.py states it.
#pragma once
#include "types.hpp"

namespace elman {

void distinct_ids(const Id* ids, Id* used, Id* where, Size* many, Size M, Size V);
void take_bags(const Id* ids, const Id* offsets, const Id* which, Id* taken, Id* begins, Size W, Size P);
void pack_sentences(const Id* begins, const Id* lengths, Id* sizes, Id* rows, Id* places, Size S, Size N, Size T);

}  // namespace elman
