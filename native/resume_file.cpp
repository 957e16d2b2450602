// Append-only file with an advisory lock; the text format is core's.
#include "native/resume_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/text.h"
#include "native/console.h"
#include "native/output_file.h"

namespace attnlab {
namespace {

Expected<std::string> read_everything(int descriptor) {
  std::string text;
  char block[1 << 16];
  for (;;) {
    const ssize_t got = pread(descriptor, block, sizeof block, static_cast<off_t>(text.size()));
    if (got == 0) return text;
    if (got > 0) {
      text.append(block, static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      return Error{system_reason(errno)};
    }
  }
}

/// Whether an error of flock() means that the file system has no locks, like some network and
/// parallel file systems. Jobs are kept there all the same: without a lock is better than not at
/// all.
bool has_no_locks(int error) {
  return error == ENOSYS || error == ENOLCK || error == EOPNOTSUPP || error == EINVAL;
}

}  // namespace

Expected<ResumeFile> ResumeFile::open(const std::string& shown, const std::string& name,
                                      const JournalOwner& owner) {
  if (name.empty()) return Error{std::string(trimmed(shown)) + " needs the name of a file"};
  const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK;
  int descriptor = ::open(name.c_str(), flags);
  const bool made = descriptor < 0 && errno == ENOENT;
  if (made) descriptor = ::open(name.c_str(), flags | O_CREAT, 0666);
  if (descriptor < 0) {
    return Error{shown + " cannot be opened: " + system_reason(errno)};
  }
  ResumeFile file(shown, name, descriptor);
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    return file.failure("it is not a regular file");
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return file.failure("another attnlab is writing it at this moment");
    if (!has_no_locks(errno)) {
      return file.failure("it cannot be locked (" + system_reason(errno) + ")");
    }
    file.remark_ = name + " cannot be locked on this file system (" + system_reason(errno) +
                   "): start no second attnlab with it meanwhile";
  }
  if (const Expected<void> loaded = file.load(owner); !loaded) {
    return file.failure(loaded.error().sentence);
  }
  if (made) sync_folder(folder_of(name));
  return file;
}

Expected<void> ResumeFile::load(const JournalOwner& owner) {
  const Expected<std::string> text = read_everything(descriptor_);
  if (!text) return text.error();
  Expected<Journal> journal = read_journal(*text, owner);
  if (!journal) return journal.error();
  outputs_ = std::move(journal->outputs);
  dropped_lines_ = journal->dropped_lines;
  const std::size_t keep = journal->intact_bytes;
  if (keep < text->size() && ftruncate(descriptor_, static_cast<off_t>(keep)) != 0) {
    return Error{"its damaged end cannot be cut off (" + system_reason(errno) + ")"};
  }
  if (keep > 0) return {};
  // New, or killed while it wrote its first line.
  if (const auto written = write_all(descriptor_, journal_header(owner)); !written) {
    return written;
  }
  if (!bring_to_disk(descriptor_, true)) return Error{system_reason(errno)};
  return {};
}

Expected<void> ResumeFile::append(const std::vector<JobOutput>& finished) {
  if (finished.empty()) return {};
  std::string lines;
  for (const JobOutput& output : finished) lines += journal_line(output);
  if (const Expected<void> written = write_all(descriptor_, lines); !written) {
    return Error{"cannot write " + name_ + ": " + written.error().sentence};
  }
  if (!bring_to_disk(descriptor_, true)) {
    return Error{"cannot write " + name_ + ": " + system_reason(errno)};
  }
  // A removed file is still written, but lost when this process ends, with hours of work.
  struct stat status {};
  if (fstat(descriptor_, &status) == 0 && status.st_nlink == 0) {
    return Error{name_ + " was removed while it was being written"};
  }
  return {};
}

Error ResumeFile::failure(const std::string& reason) const {
  return Error{shown_ + " cannot be used: " + reason};
}

ResumeFile::ResumeFile(ResumeFile&& other) noexcept
    : shown_(std::move(other.shown_)),
      name_(std::move(other.name_)),
      remark_(std::move(other.remark_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      outputs_(std::move(other.outputs_)),
      dropped_lines_(other.dropped_lines_) {}

ResumeFile& ResumeFile::operator=(ResumeFile&& other) noexcept {
  std::swap(shown_, other.shown_);
  std::swap(name_, other.name_);
  std::swap(remark_, other.remark_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(outputs_, other.outputs_);
  std::swap(dropped_lines_, other.dropped_lines_);
  return *this;
}

Expected<std::string> read_file(const std::string& name) {
  const int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Error{system_reason(errno)};
  struct stat status {};
  const bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  Expected<std::string> text = regular ? read_everything(descriptor)
                                       : Expected<std::string>(Error{"it is not a regular file"});
  close(descriptor);
  return text;
}

ResumeFile::~ResumeFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace attnlab
