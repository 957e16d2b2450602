// The journal on disk: what is kept, what is cut off, what is refused.
#include "native/resume_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/cli/fake_experiment.h"

namespace attnlab {
namespace {

namespace fs = std::filesystem;

/// A folder that disappears with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "attnlab-test.XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

JobOutput output(const RunSpec& spec, std::uint32_t index) {
  return {index, fake_output(spec, index), true};
}

Expected<ResumeFile> open_journal(const std::string& name, const RunSpec& spec,
                                  const std::string& version) {
  return ResumeFile::open("--resume " + name, name, journal_owner(spec, version));
}

/// A journal with jobs 0, 1, 2 of the spec.
std::string journal_of(const RunSpec& spec) {
  std::string text = journal_header(spec, "1");
  for (std::uint32_t i = 0; i < 3; ++i) text += journal_line(output(spec, i));
  return text;
}

TEST_CASE("jobs written to a new journal come back in order when it is opened again") {
  const Folder folder;
  const RunSpec spec = fake_spec(5, 1);
  {
    auto file = open_journal(folder.file("run"), spec, "1");
    REQUIRE(file);
    CHECK(file->take_outputs().empty());
    REQUIRE(file->append({output(spec, 4), output(spec, 1)}));
  }
  auto file = open_journal(folder.file("run"), spec, "1");
  REQUIRE(file);
  const auto outputs = file->take_outputs();
  REQUIRE(outputs.size() == 2);
  CHECK(outputs[0].index == 4);
  CHECK(outputs[0].bytes == fake_output(spec, 4));
  CHECK(outputs[1].index == 1);
  CHECK(file->dropped_lines() == 0);
}

TEST_CASE("a journal torn at any byte keeps every whole line and can be continued") {
  const Folder folder;
  const RunSpec spec = fake_spec(5, 1);
  const std::string whole = journal_of(spec), header = journal_header(spec, "1");
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::string torn = whole.substr(0, length);
    put(folder.file("run"), torn);
    auto file = open_journal(folder.file("run"), spec, "1");
    REQUIRE(file);
    const std::string kept = torn.substr(0, torn.rfind('\n') + 1);  // npos + 1 is 0
    const std::string intact = kept.empty() ? header : kept;
    CHECK(contents(folder.file("run")) == intact);
    const auto lines = std::count(intact.begin(), intact.end(), '\n');
    CHECK(file->take_outputs().size() == static_cast<std::size_t>(lines - 1));
    REQUIRE(file->append({output(spec, 3)}));
    CHECK(contents(folder.file("run")) == intact + journal_line(output(spec, 3)));
  }
}

TEST_CASE("a damaged line and everything after it is cut off") {
  const Folder folder;
  const RunSpec spec = fake_spec(5, 1);
  std::string text = journal_of(spec);
  const std::size_t second =
      journal_header(spec, "1").size() + journal_line(output(spec, 0)).size();
  text[second + 6] ^= 1;
  put(folder.file("run"), text);
  auto file = open_journal(folder.file("run"), spec, "1");
  REQUIRE(file);
  CHECK(file->take_outputs().size() == 1);
  CHECK(file->dropped_lines() == 2);
  CHECK(contents(folder.file("run")).size() == second);
}

TEST_CASE("a file of another run, of another version or of another kind is refused untouched") {
  const Folder folder;
  const RunSpec spec = fake_spec(5, 1);
  RunSpec other_seed = spec;
  other_seed.seed = 2;
  for (const std::string& text :
       {journal_of(fake_spec(6, 1)), journal_of(other_seed), std::string("notes of mine\n"),
        std::string("notes without an end"), journal_header(spec, "0"), std::string(3, '\0')}) {
    put(folder.file("run"), text);
    const auto file = open_journal(folder.file("run"), spec, "1");
    REQUIRE_FALSE(file);
    CHECK(file.error().sentence.find("--resume " + folder.file("run")) != std::string::npos);
    CHECK(contents(folder.file("run")) == text);
  }
}

TEST_CASE("a second process cannot open a journal that is being written") {
  const Folder folder;
  const RunSpec spec = fake_spec(5, 1);
  const auto first = open_journal(folder.file("run"), spec, "1");
  REQUIRE(first);
  const auto second = open_journal(folder.file("run"), spec, "1");
  REQUIRE_FALSE(second);
  CHECK(second.error().sentence.find("another attnlab") != std::string::npos);
}

TEST_CASE("folders, devices and missing folders are no journals") {
  const Folder folder;
  const RunSpec spec = fake_spec(5, 1);
  for (const std::string& name :
       {folder.file("."), std::string("/dev/null"), std::string(), folder.file("missing/run")}) {
    CHECK_FALSE(open_journal(name, spec, "1"));
  }
}

}  // namespace
}  // namespace attnlab
