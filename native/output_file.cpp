// Temporary file, fsync, rename.
#include "native/output_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "native/console.h"

namespace attnlab {
namespace {

/// A new file next to `path`, open for writing; its name goes to `temporary`. -1 with errno set.
int open_temporary(const std::string& path, std::string& temporary) {
  temporary = path + ".XXXXXX";
  return mkostemp(temporary.data(), O_CLOEXEC);
}

/// The permissions of the file that is replaced, or of a newly created file.
mode_t permissions_for(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return status.st_mode & 0777;
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

/// The target of a chain of symbolic links, whether it exists or not; a circular link stays as it
/// is.
std::string followed(std::string path) {
  constexpr int kMostLinks = 40;
  for (int links = 0; links < kMostLinks; ++links) {
    if (char resolved[PATH_MAX]; realpath(path.c_str(), resolved) != nullptr) return resolved;
    char target[PATH_MAX];
    const ssize_t length = readlink(path.c_str(), target, sizeof target);
    if (length <= 0 || length == static_cast<ssize_t>(sizeof target)) return path;
    const std::string next(target, static_cast<std::size_t>(length));
    path = next.starts_with('/') ? next : folder_of(path) + "/" + next;
  }
  return path;
}

/// Sets a file's permissions; false with errno set where that fails.
bool permit(int descriptor, mode_t permissions) {
  if (fchmod(descriptor, permissions) == 0) return true;
  const int reason = errno;
  struct stat status {};
  if (fstat(descriptor, &status) == 0 && (status.st_mode & 0777) == permissions) return true;
  errno = reason;
  return false;
}

/// Whether a file that is there can be overwritten: its permissions do not tell, for it may be
/// immutable or only for appending (chattr). False with errno set.
bool can_be_opened(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (descriptor >= 0) close(descriptor);
  return descriptor >= 0;
}

/// Overwrites a file that is there.
Expected<void> write_in_place(const std::string& path, std::string_view text) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (descriptor < 0) return Error{system_reason(errno)};
  Expected<void> done = write_all(descriptor, text);
  if (done && !bring_to_disk(descriptor)) done = Error{system_reason(errno)};
  if (close(descriptor) != 0 && done) done = Error{system_reason(errno)};
  return done;
}

/// The stream that the shell has already opened for this file (/dev/stdout, a link to it, or the
/// file behind `>> log`), or -1. To put a new file in its place would lose what the stream gets.
int open_stream(const std::string& name) {
  constexpr int kMostOfShells = 9;
  if (name == "-") return STDOUT_FILENO;
  struct stat wanted {};
  if (stat(name.c_str(), &wanted) != 0) return -1;
  for (int descriptor = STDOUT_FILENO; descriptor <= kMostOfShells; ++descriptor) {
    struct stat status {};
    const int mode = fcntl(descriptor, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY || fstat(descriptor, &status) != 0) continue;
    if (status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino) return descriptor;
  }
  return -1;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code failure;
  const auto canonical_a = std::filesystem::weakly_canonical(std::filesystem::absolute(a), failure);
  const auto canonical_b = std::filesystem::weakly_canonical(std::filesystem::absolute(b), failure);
  if (!failure && canonical_a == canonical_b) return true;
  return std::filesystem::equivalent(a, b, failure);
}

bool bring_to_disk(int descriptor, bool data_only) {
  if ((data_only ? fdatasync(descriptor) : fsync(descriptor)) == 0) return true;
  return errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
}

void sync_folder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

Expected<OutputFile> OutputFile::check(const std::string& name, const std::string& asked_by) {
  const auto error = [&](const std::string& reason) {
    return Error{asked_by + name + " cannot be written: " + reason};
  };
  if (name.empty()) return Error{"--out needs the name of a file"};
  std::string path = followed(name);
  bool exists = false;
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return error("it is a folder; give the name of a file in it");
    const bool device = S_ISCHR(status.st_mode);
    if (!S_ISREG(status.st_mode) && !device) {
      return error("it is not a regular file; without --out the result goes to standard output");
    }
    if (!can_be_opened(path)) return error(system_reason(errno));
    if (device) return OutputFile(name, std::move(path), Way::kDevice);
    exists = true;
  } else if (errno != ENOENT) {
    return error(system_reason(errno));
  }
  std::string temporary;
  const int descriptor = open_temporary(path, temporary);
  if (descriptor < 0 && !exists) {
    return error("no file can be made in " + folder_of(path) + " (" + system_reason(errno) + ")");
  }
  if (descriptor >= 0) {
    close(descriptor);
    unlink(temporary.c_str());
  }
  return OutputFile(name, std::move(path), descriptor < 0 ? Way::kInPlace : Way::kReplace);
}

Expected<std::string> OutputFile::write(std::string_view text) const {
  const auto error = [&](const std::string& reason) {
    return Error{"cannot write " + name_ + ": " + reason};
  };
  if (way_ != Way::kReplace) {
    if (const auto done = write_in_place(path_, text); !done) return error(done.error().sentence);
    if (way_ == Way::kDevice) return std::string();
    return name_ + " was written in place, because no file can be made beside it";
  }
  std::string temporary, remark;
  const int descriptor = open_temporary(path_, temporary);
  if (descriptor < 0) return error(system_reason(errno));
  Expected<void> done = write_all(descriptor, text);
  if (done && !permit(descriptor, permissions_for(path_))) {
    remark = "the permissions of " + name_ + " cannot be set (" + system_reason(errno) +
             "): perhaps only you can read it";
  }
  if (done && !bring_to_disk(descriptor)) done = Error{system_reason(errno)};
  if (close(descriptor) != 0 && done) done = Error{system_reason(errno)};
  if (!done) {
    unlink(temporary.c_str());
    return error(done.error().sentence);
  }
  if (rename(temporary.c_str(), path_.c_str()) != 0) {
    const std::string reason = system_reason(errno);
    if (const auto written = write_in_place(path_, text); !written) {
      return error("it cannot be replaced (" + reason + ") nor written in place (" +
                   written.error().sentence + "); the result is in " + temporary);
    }
    unlink(temporary.c_str());
    return name_ + " was written in place, because it cannot be replaced (" + reason + ")";
  }
  sync_folder(folder_of(path_));
  return remark;
}

int write_file(const OutputFile& file, std::string_view text, bool quiet) {
  const Expected<std::string> written = file.write(text);
  if (!written) return refuse(written.error(), kExitEnvironment);
  if (!quiet && !written->empty()) say(*written);
  return kExitDone;
}

Expected<Destination> Destination::check(const std::optional<std::string>& name) {
  Destination destination;
  if (name) destination.stream_ = open_stream(*name);
  if (destination.stream_ < 0) {
    Expected<OutputFile> file = OutputFile::check(*name);
    if (!file) return file.error();
    destination.file_ = std::move(*file);
    return destination;
  }
  const int mode = fcntl(destination.stream_, F_GETFL);
  if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY) {
    return Error{"standard output cannot be written; --out FILE writes to a file"};
  }
  return destination;
}

std::size_t Destination::columns() const {
  return file_ ? 0 : terminal_columns(stream_);
}

int Destination::deliver(std::string_view text, bool kept, bool quiet) const {
  if (!file_) return print(text, stream_);
  const int code = write_file(*file_, text, quiet);
  if (code == kExitDone || kept) return code;
  say("the result goes to standard output instead");
  static_cast<void>(print(text));
  return code;
}

}  // namespace attnlab
