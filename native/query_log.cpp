#include "native/query_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/text.h"
#include "native/console.h"
#include "native/oracle_lines.h"
#include "native/output_file.h"

namespace attnlab {
namespace {

std::string header(std::size_t dim) {
  return "{\"attnlab_log\":1,\"dim\":" + std::to_string(dim) + "}\n";
}

std::string query_start(const extraction::QueryBatch& batch, std::size_t i) {
  return "{\"x\": " + tokens_json(batch, i) + ", \"y\": ";
}

/// Why a first line does not belong to this log; nullopt when it does. Logs of earlier versions
/// also name the command; it is ignored.
std::optional<std::string> mismatch(const std::string& line, std::size_t dim) {
  const nlohmann::json document = nlohmann::json::parse(line, nullptr, false);
  if (!document.is_object() || document.value("attnlab_log", nlohmann::json()) != 1) {
    return "it is no log of attnlab extract";
  }
  const nlohmann::json there = document.value("dim", nlohmann::json());
  if (there == dim) return std::nullopt;
  return "it is a log of dimension " + there.dump() + ", not " + std::to_string(dim);
}

}  // namespace

Expected<QueryReplay> QueryReplay::open(const std::string& file, std::size_t dim,
                                        std::size_t width) {
  const auto error = [&](const std::string& reason) {
    return Error{"--replay " + file + " cannot be used: " + reason};
  };
  if (file.empty()) return Error{"--replay needs the name of a file"};
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return error(system_reason(errno));
  if (!S_ISREG(status.st_mode)) return error("it is not a regular file");
  QueryReplay replay;
  replay.file_ = file;
  replay.width_ = width;
  replay.stream_.open(file, std::ios::binary);
  if (!replay.stream_) return error(system_reason(errno));
  std::string line;
  if (!std::getline(replay.stream_, line) || replay.stream_.eof()) {
    return error("it is no log of attnlab extract");
  }
  if (const auto reason = mismatch(line, dim)) return error(*reason);
  replay.first_answer_ = replay.used_bytes_ = line.size() + 1;
  return replay;
}

Expected<std::optional<std::vector<double>>> QueryReplay::next(const extraction::QueryBatch& batch,
                                                               std::size_t i) {
  using Answer = std::optional<std::vector<double>>;
  if (at_end_) return Answer();
  std::string line;
  std::getline(stream_, line);
  if (!stream_ || stream_.eof()) {  // end of file, or a torn line
    at_end_ = true;
    return Answer();
  }
  const std::string place =
      "line " + std::to_string(used_answers_ + 2) + " of --replay " + file_ + " ";
  const std::string start = query_start(batch, i);
  if (!line.starts_with(start)) {
    return Error{place +
                 "is not the query that this run asks there: it is the log of another "
                 "method or rank, or was changed"};
  }
  std::string_view rest = std::string_view(line).substr(start.size());
  if (!rest.ends_with('}')) return Error{place + "has no answer"};
  rest.remove_suffix(1);
  Answer answer = read_answer("{\"y\": " + std::string(rest) + "}", width_);
  if (!answer) {
    return Error{place + "has " + quoted_text(rest) + " for an answer, not " +
                 (width_ == 1 ? "a finite number"
                              : "a list of " + std::to_string(width_) + " finite numbers")};
  }
  used_bytes_ += line.size() + 1;
  ++used_answers_;
  return answer;
}

Expected<QueryLog> QueryLog::check(const std::string& file, std::size_t dim,
                                   const QueryReplay* replay) {
  const auto error = [&](const std::string& reason) {
    return Error{"--log " + file + " cannot be written: " + reason};
  };
  if (file.empty()) return Error{"--log needs the name of a file"};
  const bool same = replay != nullptr && same_file(file, replay->file());
  struct stat status {};
  if (stat(file.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) return error("it is not a regular file");
    if (!same && status.st_size > 0) {
      return error("it is there already; add --replay " + file + " to continue from it");
    }
    if (access(file.c_str(), W_OK) != 0) return error(system_reason(errno));
  } else if (errno != ENOENT || access(folder_of(file).c_str(), W_OK) != 0) {
    return error(system_reason(errno));
  }
  return QueryLog(file, dim, replay, same);
}

Expected<void> QueryLog::begin() {
  if (descriptor_ >= 0) return {};
  const auto error = [&] { return Error{"cannot write " + file_ + ": " + system_reason(errno)}; };
  descriptor_ = open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) return error();
  if (same_) {
    const auto keep = static_cast<off_t>(replay_->used_bytes());
    if (ftruncate(descriptor_, keep) != 0) return error();
    return {};
  }
  if (const auto named = write_all(descriptor_, header(dim_)); !named || replay_ == nullptr) {
    return named;
  }
  std::ifstream earlier(replay_->file(), std::ios::binary);
  earlier.seekg(static_cast<std::streamoff>(replay_->first_answer()));
  std::string block(1 << 16, '\0');
  for (std::size_t left = replay_->used_bytes() - replay_->first_answer(); left > 0;) {
    earlier.read(block.data(), static_cast<std::streamsize>(std::min(left, block.size())));
    const auto got = static_cast<std::size_t>(earlier.gcount());
    if (got == 0) return Error{"--replay " + replay_->file() + " became shorter meanwhile"};
    if (const auto written = write_all(descriptor_, {block.data(), got}); !written) return written;
    left -= got;
  }
  return {};
}

Expected<void> QueryLog::append(const extraction::QueryBatch& batch, std::size_t first,
                                std::span<const double> answers, std::size_t width) {
  if (answers.empty()) return {};
  if (const auto begun = begin(); !begun) return begun;
  std::string lines;
  for (std::size_t k = 0; k * width < answers.size(); ++k) {
    lines += query_start(batch, first + k) + answer_json(answers.subspan(k * width, width)) + "}\n";
  }
  const Expected<void> written = write_all(descriptor_, lines);
  if (!written) return Error{"cannot write " + file_ + ": " + written.error().sentence};
  return {};
}

QueryLog::QueryLog(QueryLog&& other) noexcept
    : file_(std::move(other.file_)),
      dim_(other.dim_),
      replay_(other.replay_),
      same_(other.same_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

QueryLog& QueryLog::operator=(QueryLog&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(dim_, other.dim_);
  std::swap(replay_, other.replay_);
  std::swap(same_, other.same_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

QueryLog::~QueryLog() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace attnlab
