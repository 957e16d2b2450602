// Result files that are there completely or not at all.
#pragma once

#include <string>
#include <string_view>

#include "core/base/expected.h"

namespace attnlab {

/// A file that is going to be written at the end of a run.
class OutputFile {
 public:
  /// Refuses, before anything is computed, a name that cannot be written: an empty name, a folder,
  /// a device, a folder that is missing or not writable. Creates no file.
  /// `asked_by` begins the sentence: the flag that named the file, or the empty text.
  static Expected<OutputFile> check(const std::string& name,
                                    const std::string& asked_by = "--out ");

  /// Writes to a temporary name in the same folder, brings it to disk and renames it; on an error
  /// the temporary file is removed and an older file of that name is untouched.
  Expected<void> write(std::string_view text) const;

  const std::string& name() const { return name_; }
  /// The file itself where name() is a symbolic link.
  const std::string& path() const { return path_; }

 private:
  OutputFile(std::string name, std::string path) : name_(std::move(name)), path_(std::move(path)) {}
  std::string name_;  // as given, for messages
  std::string path_;  // with symbolic links followed
};

/// "FOLDER/FILE" -> "FOLDER", "FILE" -> ".".
std::string folder_of(const std::string& path);

/// Whether two names lead to the same file, also when it does not exist yet.
bool same_file(const std::string& a, const std::string& b);

/// Brings a folder's entries to disk (after a rename or a new file); best effort.
void sync_folder(const std::string& folder);

}  // namespace attnlab
