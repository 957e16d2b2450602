// Result files that are there completely or not at all, wherever the file system can do that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/expected.h"

namespace attnlab {

/// A file that will be written at the end of a run.
class OutputFile {
 public:
  /// Refuses, before anything is computed, a name that cannot be written: an empty name, a folder,
  /// a device, a folder that is missing or not writable. Creates no file. Accepts a file that can
  /// only be written in place, because its folder takes no new file.
  /// `asked_by` begins the sentence: the flag that named the file, or the empty text.
  static Expected<OutputFile> check(const std::string& name,
                                    const std::string& asked_by = "--out ");

  /// Writes to a temporary name in the same folder, brings it to disk and renames it; on an error
  /// the temporary file is removed and an older file of that name is untouched. Where the file
  /// cannot be replaced (it is mounted by itself, say), it is written in place, and if that fails
  /// the temporary file stays and the error names it.
  /// Returns a remark where the file is not as expected, otherwise the empty text.
  Expected<std::string> write(std::string_view text) const;

  const std::string& name() const { return name_; }
  /// The file itself where name() is a symbolic link, also one whose target is not there yet.
  const std::string& path() const { return path_; }

 private:
  enum class Way : unsigned char {
    kReplace,
    kInPlace,  ///< no file can be made beside it
    kDevice,   ///< in place, as for every device (/dev/null)
  };
  OutputFile(std::string name, std::string path, Way way)
      : name_(std::move(name)), path_(std::move(path)), way_(way) {}
  std::string name_;  // as given, for messages
  std::string path_;  // with symbolic links followed
  Way way_;
};

/// Where a result goes: a file, or an open stream.
class Destination {
 public:
  /// Without a name and for "-": standard output, which must be open. A file that is open as a
  /// stream of the shell (/dev/stdout, or `>> log`) gets the result through this stream. Otherwise
  /// OutputFile::check().
  static Expected<Destination> check(const std::optional<std::string>& name);

  const std::optional<OutputFile>& file() const { return file_; }
  /// Columns of the terminal that shows the result, 0 where none does.
  std::size_t columns() const;

  /// Delivers the result and returns the exit code. A result that its file does not take goes to
  /// standard output instead, unless it is `kept` elsewhere and can be made again from there.
  int deliver(std::string_view text, bool kept, bool quiet) const;

 private:
  std::optional<OutputFile> file_;
  int stream_ = 1;  ///< where there is no file: a descriptor
};

/// Writes a file and says the remark or the error; returns the exit code.
int write_file(const OutputFile& file, std::string_view text, bool quiet);

/// "FOLDER/FILE" -> "FOLDER", "FILE" -> ".".
std::string folder_of(const std::string& path);

/// Whether two names lead to the same file, also when it does not exist yet.
bool same_file(const std::string& a, const std::string& b);

/// Brings a file to disk (`data_only`: without the times of access). True as well where the file
/// system has no such call; false with errno set when the disk reports an error.
bool bring_to_disk(int descriptor, bool data_only = false);

/// Brings a folder's entries to disk (after a rename or a new file); best effort.
void sync_folder(const std::string& folder);

}  // namespace attnlab
