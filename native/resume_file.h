// The journal of finished jobs on disk: with it, a run that was interrupted, killed or stopped by a
// power failure continues where it stopped.
#pragma once

#include <string>
#include <vector>

#include "core/codecs/codecs.h"

namespace attnlab {

/// An open journal, locked against a second process until it is destroyed where the file system has
/// locks; remark() says where it has none.
class ResumeFile {
 public:
  /// Opens the file, or creates it. Intact jobs are in take_outputs(); a damaged end is cut off.
  /// Refuses, and does not change, a file of another owner, a file that is not a journal and a
  /// journal that another process is writing. `shown` names the file in sentences.
  static Expected<ResumeFile> open(const std::string& shown, const std::string& name,
                                   const JournalOwner& owner);

  ResumeFile(ResumeFile&& other) noexcept;
  ResumeFile& operator=(ResumeFile&& other) noexcept;
  ~ResumeFile();

  /// Adds finished jobs and brings them to disk, so that a kill loses at most the jobs that were
  /// not finished.
  Expected<void> append(const std::vector<JobOutput>& finished);

  /// Jobs finished earlier, in file order; handed out once.
  std::vector<JobOutput> take_outputs() { return std::move(outputs_); }
  /// Damaged or half-written lines that were cut off; they are computed again.
  std::size_t dropped_lines() const { return dropped_lines_; }
  const std::string& name() const { return name_; }
  /// What the reader should know about the file; empty: nothing.
  const std::string& remark() const { return remark_; }

 private:
  ResumeFile(std::string shown, std::string name, int descriptor)
      : shown_(std::move(shown)), name_(std::move(name)), descriptor_(descriptor) {}
  Expected<void> load(const JournalOwner& owner);
  Error failure(const std::string& reason) const;

  std::string shown_, name_, remark_;
  int descriptor_ = -1;
  std::vector<JobOutput> outputs_;
  std::size_t dropped_lines_ = 0;
};

/// The whole text of a file, or the system's reason why not.
Expected<std::string> read_file(const std::string& name);

}  // namespace attnlab
