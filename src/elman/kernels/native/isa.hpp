// The instruction set in use.
#pragma once
#include <string>
#include <vector>

#include "kernels.hpp"

namespace elman {

// Returns the tables of the instruction sets that this processor supports, narrowest first.
std::vector<const Table*> runnable();
// Uses an instruction set from now on. Throws if there is none of this name.
void set_isa(const std::string& name);

}  // namespace elman
