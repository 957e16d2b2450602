// The log of a black box: every query with its answer, one JSON line each, so that an interrupted
// run can continue and a finished one can be repeated without the box.
#pragma once

#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/expected.h"
#include "core/extraction/learn/query.h"

namespace attnlab {

/// Answers of an earlier run, in the order of its queries. A log belongs to a dimension and to the
/// questions in it. It does not name the command that answered: that may hold a key, and the same
/// box may be started in another way.
class QueryReplay {
 public:
  /// Refuses a file that is not a log, and the log of another dimension, in a sentence that names
  /// the flag.
  /// `width`: numbers in an answer.
  static Expected<QueryReplay> open(const std::string& file, std::size_t dim,
                                    std::size_t width = 1);

  /// The answer to query i of a batch, which must be the next one of the log; nullopt at its end.
  /// A half-written last line does not count. An error when the log holds another query there.
  Expected<std::optional<std::vector<double>>> next(const extraction::QueryBatch& batch,
                                                    std::size_t i);

  /// Bytes of the log up to the last answer that was used; a copy of the log needs these.
  std::size_t used_bytes() const { return used_bytes_; }
  std::size_t first_answer() const { return first_answer_; }  ///< where the first line ends
  std::size_t used_answers() const { return used_answers_; }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::ifstream stream_;
  std::size_t first_answer_ = 0, used_bytes_ = 0, used_answers_ = 0;
  std::size_t width_ = 1;
  bool at_end_ = false;
};

/// Appends answers as they arrive. The file is written from the first answer on.
class QueryLog {
 public:
  /// Refuses a file that cannot be written, and one that is there already and is not the one that
  /// is replayed.
  static Expected<QueryLog> check(const std::string& file, std::size_t dim,
                                  const QueryReplay* replay);
  QueryLog(QueryLog&& other) noexcept;
  QueryLog& operator=(QueryLog&& other) noexcept;
  ~QueryLog();

  /// Answers of `width` numbers each to queries first, first + 1, ... of a batch, in one write.
  Expected<void> append(const extraction::QueryBatch& batch, std::size_t first,
                        std::span<const double> answers, std::size_t width = 1);
  /// Copies the part of the replay that was used so far; append() does it if it is called first.
  Expected<void> begin();

  const std::string& file() const { return file_; }

 private:
  QueryLog(std::string file, std::size_t dim, const QueryReplay* replay, bool same)
      : file_(std::move(file)), dim_(dim), replay_(replay), same_(same) {}
  std::string file_;
  std::size_t dim_;
  const QueryReplay* replay_;
  bool same_;  // the log and the replay are one file
  int descriptor_ = -1;
};

}  // namespace attnlab
