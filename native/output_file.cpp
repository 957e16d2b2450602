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
  std::string path = name;
  if (char resolved[PATH_MAX]; realpath(name.c_str(), resolved) != nullptr) path = resolved;
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return error("it is a folder; give the name of a file in it");
    if (!S_ISREG(status.st_mode)) {
      return error("it is not a regular file; without --out the result goes to standard output");
    }
    if (access(path.c_str(), W_OK) != 0) return error(system_reason(errno));
  } else if (errno != ENOENT) {
    return error(system_reason(errno));
  }
  std::string temporary;
  const int descriptor = open_temporary(path, temporary);
  if (descriptor < 0) {
    return error("no file can be made in " + folder_of(path) + " (" + system_reason(errno) + ")");
  }
  close(descriptor);
  unlink(temporary.c_str());
  return OutputFile(name, std::move(path));
}

Expected<void> OutputFile::write(std::string_view text) const {
  std::string temporary;
  const int descriptor = open_temporary(path_, temporary);
  if (descriptor < 0) return Error{"cannot write " + name_ + ": " + system_reason(errno)};
  Expected<void> done = write_all(descriptor, text);
  if (done && (fchmod(descriptor, permissions_for(path_)) != 0 || fsync(descriptor) != 0)) {
    done = Error{system_reason(errno)};
  }
  if (close(descriptor) != 0 && done) done = Error{system_reason(errno)};
  if (done && rename(temporary.c_str(), path_.c_str()) != 0) done = Error{system_reason(errno)};
  if (!done) {
    unlink(temporary.c_str());
    return Error{"cannot write " + name_ + ": " + done.error().sentence};
  }
  sync_folder(folder_of(path_));
  return {};
}

}  // namespace attnlab
