#include "core/experiment/steps.h"

#include <exception>
#include <new>
#include <string>

namespace attnlab {

#if defined(__cpp_exceptions)
void fail_by_exception(JobContext& job) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    job.fail({"the job ran out of memory"});
  } catch (const std::exception& failure) {
    job.fail({std::string("the job stopped on an internal error: ") + failure.what()});
  } catch (...) {
    job.fail({"the job stopped on an internal error"});
  }
}
#else
void fail_by_exception(JobContext&) {}  // never called: the page is compiled without exceptions
#endif

}  // namespace attnlab
