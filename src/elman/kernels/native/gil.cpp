// Takes the GIL. If the program ends while a daemon thread is still running, Python up to 3.13 ends the thread here with
// pthread_exit, which unwinds its stack: through C++ frames that abort, or, where another unwinder is linked in, crash.
// So the thread sleeps until the process has ended, as in Python 3.14. Compiled without exceptions: there the C library
// calls the cleanup handler below before it unwinds any frame further up.
#include "gil.hpp"

#ifndef _WIN32  // where Python ends a thread without unwinding
#include <pthread.h>
#include <unistd.h>
#endif

namespace elman {

#ifndef _WIN32
namespace {
void sleep_until_the_end(void*) {
  for (;;) sleep(3600);
}
}  // namespace
#else
#define pthread_cleanup_push(handler, argument)
#define pthread_cleanup_pop(execute)
#endif

void take_gil(PyThreadState* state) {
  pthread_cleanup_push(sleep_until_the_end, nullptr);
  PyEval_RestoreThread(state);
  pthread_cleanup_pop(0);
}

PyGILState_STATE ensure_gil() {
  PyGILState_STATE state = PyGILState_UNLOCKED;
  pthread_cleanup_push(sleep_until_the_end, nullptr);
  state = PyGILState_Ensure();
  pthread_cleanup_pop(0);
  return state;
}

}  // namespace elman
