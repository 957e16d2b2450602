// Loaded in front of the C library (LD_PRELOAD) by tests/cli/faults.mjs: records the calls that
// bring a file to the disk, and makes calls fail as on a full disk, an unusual file system or a
// small machine.
//   ATTNLAB_CALLS=FILE        one line per call: "write NAME", "fsync NAME", "rename FROM TO"
//   ATTNLAB_FAIL=CALL N ERROR the N-th call of that kind (1 is the first; 0: every one) fails with
//                             that number; several of these with commas
//   ATTNLAB_REFUSE=BYTES N    requests for so much memory or more are refused, from the N-th on
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* __libc_memalign(std::size_t alignment, std::size_t size);

namespace {

bool refused(std::size_t size) {
  static const char* const wanted = getenv("ATTNLAB_REFUSE");
  static std::atomic<unsigned long> count{0};
  if (wanted == nullptr) return false;
  char* rest = nullptr;
  return size >= strtoull(wanted, &rest, 10) && ++count >= strtoul(rest, nullptr, 10);
}

/// Records the call; true, with errno set, when it is the call that has to fail.
bool fails(const char* call, const char* what) {
  if (const char* const file = getenv("ATTNLAB_CALLS")) {
    char line[2 * PATH_MAX + 32];
    const int length = snprintf(line, sizeof line, "%s %s\n", call, what);
    const int log = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    syscall(SYS_write, log, line, static_cast<std::size_t>(length));
    close(log);
  }
  static std::atomic<int> counts[8];
  const char* wanted = getenv("ATTNLAB_FAIL");
  for (std::atomic<int>& count : counts) {
    char name[32];
    int which = 0, error = 0;
    if (wanted == nullptr || sscanf(wanted, "%31s %d %d", name, &which, &error) != 3) return false;
    if (strcmp(name, call) == 0 && (++count == which || which == 0)) {
      errno = error;
      return true;
    }
    wanted = strchr(wanted, ',');
    if (wanted != nullptr) ++wanted;
  }
  return false;
}

bool fails(const char* call, int descriptor) {
  char link[64], name[PATH_MAX] = {};
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  if (readlink(link, name, sizeof name - 1) <= 0 || name[0] != '/') return false;
  return fails(call, name);
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  if (descriptor > STDERR_FILENO && fails("write", descriptor)) return -1;
  return syscall(SYS_write, descriptor, bytes, size);
}

int fsync(int descriptor) {
  return fails("fsync", descriptor) ? -1 : static_cast<int>(syscall(SYS_fsync, descriptor));
}

int fdatasync(int descriptor) {
  return fails("fdatasync", descriptor) ? -1 : static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

int fchmod(int descriptor, mode_t mode) noexcept {
  if (fails("fchmod", descriptor)) return -1;
  return static_cast<int>(syscall(SYS_fchmod, descriptor, mode));
}

int flock(int descriptor, int operation) noexcept {
  if (fails("flock", descriptor)) return -1;
  return static_cast<int>(syscall(SYS_flock, descriptor, operation));
}

int mkostemp(char* name, int flags) {
  if (fails("mkostemp", name)) return -1;
  return mkostemps(name, 0, flags);
}

int rename(const char* from, const char* to) noexcept {
  char both[2 * PATH_MAX];
  snprintf(both, sizeof both, "%s %s", from, to);
  if (fails("rename", both)) return -1;
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

void* malloc(std::size_t size) noexcept {
  return refused(size) ? nullptr : __libc_malloc(size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return refused(size) ? nullptr : __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  *memory = refused(size) ? nullptr : __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"
