// Takes the GIL, also while the program ends.
#pragma once
#include <Python.h>

namespace elman {

void take_gil(PyThreadState* state);
PyGILState_STATE ensure_gil();

}  // namespace elman
