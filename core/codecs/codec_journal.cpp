// The journal of finished jobs. One line each, every line with its own checksum, so that after a
// crash all lines before the damaged one can be used:
//   attnlab-journal 1 VERSION QUERY CRC      (QUERY: full_query_text of the run)
//   INDEX BASE64 CRC
#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"

namespace attnlab {
namespace {

constexpr std::string_view kMagic = "attnlab-journal 1 ";

std::string crc_text(std::string_view text) {
  const Bytes bytes(text.begin(), text.end());
  const std::uint32_t crc = crc32(bytes);
  std::string hex;
  for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[crc >> shift & 15];
  return hex;
}

std::string sealed(const std::string& line) {
  return line + " " + crc_text(line) + "\n";
}

/// The line without its checksum; nullopt when it is incomplete or damaged. `line` has no "\n".
std::optional<std::string_view> unsealed(std::string_view line) {
  const std::size_t space = line.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view content = line.substr(0, space);
  if (line.substr(space + 1) != crc_text(content)) return std::nullopt;
  return content;
}

/// A version as one word.
std::string one_word(std::string_view version) {
  std::string word(version);
  for (char& c : word) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') c = '_';
  }
  return word;
}

std::optional<JobOutput> output_of(std::string_view content) {
  const std::size_t space = content.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto index = read_integer(content.substr(0, space));
  auto bytes = read_base64(content.substr(space + 1));
  if (!index || *index < 0 || *index > UINT32_MAX || !bytes) return std::nullopt;
  return JobOutput{static_cast<std::uint32_t>(*index), std::move(*bytes), true};
}

std::string other_run(const std::string& what, const std::string& there, const std::string& here) {
  return "the resume file belongs to another run: " + what + " was " + there + " there and is " +
         here + " here";
}

/// The first thing in which the header's run differs from this one.
std::string run_difference(const std::string& query, const RunSpec& spec) {
  const std::string_view there_id = std::string_view(query).substr(0, query.find('&'));
  const std::string here_id = "e=" + spec.experiment->id;
  if (there_id != here_id) {
    return other_run("experiment", std::string(there_id.substr(there_id.starts_with("e=") ? 2 : 0)),
                     spec.experiment->id);
  }
  const RunSpec there = read_query(query, *spec.experiment).spec;
  for (const Parameter& parameter : spec.experiment->schema.parameters) {
    const std::string before = there.parameters.text(parameter.name);
    const std::string now = spec.parameters.text(parameter.name);
    if (before != now) return other_run(parameter.name, before, now);
  }
  if (there.seed != spec.seed) {
    return other_run("seed", exact_text(static_cast<std::int64_t>(there.seed)),
                     exact_text(static_cast<std::int64_t>(spec.seed)));
  }
  return "the resume file belongs to another run: this program does not have its parameters";
}

Expected<void> check_header(std::string_view text, const JournalOwner& owner) {
  const auto there = read_journal_header(text);
  if (!there) return there.error();
  const auto& [name, version] = *there;
  if (name != owner.name) return Error{owner.difference(name)};
  if (version == owner.version) return {};
  return Error{"the resume file was written by version " + version + " and this is version " +
               owner.version + "; the numbers of two versions are not mixed"};
}

std::size_t count_lines(std::string_view text) {
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n';
  return lines + (!text.empty() && text.back() != '\n');
}

}  // namespace

JournalOwner journal_owner(const RunSpec& spec, std::string_view version) {
  return {full_query_text(spec), one_word(version),
          [spec](const std::string& other) { return run_difference(other, spec); }};
}

std::string journal_header(const JournalOwner& owner) {
  return sealed(std::string(kMagic) + one_word(owner.version) + " " + owner.name);
}

std::string journal_header(const RunSpec& spec, std::string_view version) {
  return journal_header(journal_owner(spec, version));
}

Expected<std::pair<std::string, std::string>> read_journal_header(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto content = unsealed(line);
  const std::vector<std::string> words = split(content.value_or(""), ' ');
  if (!line.starts_with(kMagic) || words.size() != 4) {
    return Error{"the resume file is not a journal of attnlab, or its first line is damaged"};
  }
  return std::pair(words[3], words[2]);
}

std::string journal_line(const JobOutput& output) {
  return sealed(exact_text(static_cast<std::int64_t>(output.index)) + " " +
                base64_text(output.bytes));
}

Expected<Journal> read_journal(std::string_view text, const RunSpec& spec,
                               std::string_view version) {
  return read_journal(text, journal_owner(spec, version));
}

Expected<Journal> read_journal(std::string_view text, const JournalOwner& owner) {
  Journal journal;
  if (journal_header(owner).starts_with(text) && !text.ends_with('\n')) {
    journal.dropped_lines = text.empty() ? 0 : 1;
    return journal;
  }
  if (auto header = check_header(text, owner); !header) return header.error();
  journal.intact_bytes = text.find('\n') + 1;
  for (;;) {
    const std::string_view rest = text.substr(journal.intact_bytes);
    const std::size_t end = rest.find('\n');
    const auto content =
        end == std::string_view::npos ? std::nullopt : unsealed(rest.substr(0, end));
    auto output = content ? output_of(*content) : std::nullopt;
    if (!output) {
      journal.dropped_lines = count_lines(rest);
      return journal;
    }
    journal.outputs.push_back(std::move(*output));
    journal.intact_bytes += end + 1;
  }
}

}  // namespace attnlab
