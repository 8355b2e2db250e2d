#include "parallel.hpp"

#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace elman {

void run_jobs(Size jobs, Size threads, void (*work)(void*, Size), void* context) {
  std::atomic<Size> next{0};
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(jobs));
  const auto help = [&] {
    for (Size job; (job = next++) < jobs;) try {
        work(context, job);
      } catch (...) {
        errors[static_cast<std::size_t>(job)] = std::current_exception();
      }
  };
  std::vector<std::thread> helpers;
  helpers.reserve(static_cast<std::size_t>(threads < jobs ? threads : jobs));
  try {
    for (Size i = 1; i < threads && i < jobs; ++i) helpers.emplace_back(help);
  } catch (const std::system_error&) {  // no room for another thread
  }
  help();
  for (std::thread& helper : helpers) helper.join();
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace elman
