// Append-only file with an advisory lock; the text format is core's.
#include "native/resume_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

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

}  // namespace

Expected<ResumeFile> ResumeFile::open(const std::string& name, const RunSpec& spec,
                                      const std::string& version) {
  if (name.empty()) return Error{"--resume needs the name of a file"};
  const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK;
  int descriptor = ::open(name.c_str(), flags);
  const bool made = descriptor < 0 && errno == ENOENT;
  if (made) descriptor = ::open(name.c_str(), flags | O_CREAT, 0666);
  if (descriptor < 0) {
    return Error{"--resume " + name + " cannot be opened: " + system_reason(errno)};
  }
  ResumeFile file(name, descriptor);
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    return file.failure("it is not a regular file");
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return file.failure("another attnlab is writing it at this moment");
    return file.failure("it cannot be locked (" + system_reason(errno) + ")");
  }
  if (const Expected<void> loaded = file.load(spec, version); !loaded) {
    return file.failure(loaded.error().sentence);
  }
  if (made) sync_folder(folder_of(name));
  return file;
}

Expected<void> ResumeFile::load(const RunSpec& spec, const std::string& version) {
  const Expected<std::string> text = read_everything(descriptor_);
  if (!text) return text.error();
  Expected<Journal> journal = read_journal(*text, spec, version);
  if (!journal) return journal.error();
  outputs_ = std::move(journal->outputs);
  dropped_lines_ = journal->dropped_lines;
  const std::size_t keep = journal->intact_bytes;
  if (keep < text->size() && ftruncate(descriptor_, static_cast<off_t>(keep)) != 0) {
    return Error{"its damaged end cannot be cut off (" + system_reason(errno) + ")"};
  }
  if (keep > 0) return {};
  // New, or killed while it wrote its first line.
  if (const auto written = write_all(descriptor_, journal_header(spec, version)); !written) {
    return written;
  }
  if (fdatasync(descriptor_) != 0) return Error{system_reason(errno)};
  return {};
}

Expected<void> ResumeFile::append(const std::vector<JobOutput>& finished) {
  for (const JobOutput& output : finished) {
    if (const Expected<void> written = write_all(descriptor_, journal_line(output)); !written) {
      return Error{"cannot write " + name_ + ": " + written.error().sentence};
    }
    if (fdatasync(descriptor_) != 0) {
      return Error{"cannot write " + name_ + ": " + system_reason(errno)};
    }
  }
  return {};
}

Error ResumeFile::failure(const std::string& reason) const {
  return Error{"--resume " + name_ + " cannot be used: " + reason};
}

ResumeFile::ResumeFile(ResumeFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      outputs_(std::move(other.outputs_)),
      dropped_lines_(other.dropped_lines_) {}

ResumeFile& ResumeFile::operator=(ResumeFile&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(outputs_, other.outputs_);
  std::swap(dropped_lines_, other.dropped_lines_);
  return *this;
}

ResumeFile::~ResumeFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace attnlab
