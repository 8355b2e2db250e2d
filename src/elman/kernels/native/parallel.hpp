// Work of a kernel in several threads. Compiled once: code of the standard library must not be compiled for one
// instruction set and linked into another.
#pragma once
#include "types.hpp"

namespace elman {

// Calls work(context, job) for each job, in as many threads as `threads` allows, and waits for the end; throws the
// first exception. What no thread can be started for runs in the calling thread.
void run_jobs(Size jobs, Size threads, void (*work)(void*, Size), void* context);

template <class Work>
void run_jobs(Size jobs, Size threads, Work work) {
  run_jobs(jobs, threads, [](void* context, Size job) { (*static_cast<Work*>(context))(job); }, &work);
}

}  // namespace elman
