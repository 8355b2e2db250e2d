// Maximum spanning dependency trees from label scores; see trees.cpp.
#pragma once
#include "types.hpp"

namespace elman {

void best_tree(const double* scores, Id* heads, Size N);
void arc_trees(const float* scores, const Id* lengths, Id* heads, Size C, Size B);
void best_trees(const float* labels, const float* relations, const Id* lengths, const Id* kinds, const Id* columns,
                const float* ratios, double power, Id* heads, Size L, Size R, Size T, Size F, Size root, Size D,
                Size sentences);

}  // namespace elman
