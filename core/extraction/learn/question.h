// Questions to a black box outside a job (another program, a function in the page): how a job waits
// for answers, and a batch of queries as bytes. web/oracle.js reads the same layout.
#pragma once

#include <coroutine>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/extraction/learn/query.h"

namespace attnlab::extraction {

/// `OutsideQuestion question(bytes); reply = co_await question;` in a job ends the step and gives the
/// answer at the next one, or nothing where nobody answered: the job then ends with a sentence. (Not
/// as a temporary: GCC 12 destroys those of a co_await twice.) Whoever drives the job looks for
/// open() after each step; executors that answer no questions need not know of them. A job runs on
/// one thread at a time and stops at its question, so that one place per thread is enough.
class OutsideQuestion {
 public:
  explicit OutsideQuestion(Bytes bytes) : bytes_(std::move(bytes)) {}
  OutsideQuestion(const OutsideQuestion&) = delete;
  ~OutsideQuestion() { leave(); }

  /// The question at which the job that this thread stepped last has stopped; none: nullptr.
  static OutsideQuestion* open();
  const Bytes& bytes() const { return bytes_; }
  void answer(Bytes bytes) { answer_ = std::move(bytes); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept;
  std::optional<Bytes> await_resume() {
    leave();
    return std::move(answer_);
  }

 private:
  void leave();
  Bytes bytes_;
  std::optional<Bytes> answer_;
};

/// Little-endian: u32 dim, tokens, queries, members; u32 end of each query in the list of members;
/// u32 token number of each member; a zero u32 where that makes the length so far a multiple of 8;
/// then tokens x dim doubles.
Bytes encode_question(const QueryBatch& batch);
/// False for bytes that are not one, or whose numbers do not fit together.
bool decode_question(std::span<const std::uint8_t> bytes, QueryBatch& batch);

/// One double per query, nothing else.
Bytes encode_answers(std::span<const double> answers);
/// False when there is not one finite number for each of `count` queries.
bool decode_answers(std::span<const std::uint8_t> bytes, std::size_t count,
                    std::vector<double>& answers);

}  // namespace attnlab::extraction
