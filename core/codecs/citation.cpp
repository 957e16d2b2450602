// The entries as text.
#include "core/codecs/citation.h"

#include "core/base/text.h"

namespace attnlab {
namespace {

struct Paper {
  std::string_view family, key, authors, title, arxiv, year;
};

constexpr Paper kPapers[] = {
    {"A", "arxiv-2307-11353", "Fu and Guo and Bai and Mei",
     "What Can a Single Attention Layer Learn? {A} Study Through the Random Features Lens",
     "2307.11353", "2023"},
    {"B", "arxiv-2601-16873", "Bhattamishra and Shah and Hahn and Kanade",
     "Provably Learning Attention with Queries", "2601.16873", "2026"},
    {"C", "arxiv-2401-17426", "Cui and Ren and He and Tang and Xing",
     "Superiority of Multi-Head Attention in In-Context Linear Regression", "2401.17426", "2024"},
};

/// Characters that BibTeX or LaTeX would read as commands.
std::string tex(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&' || c == '%' || c == '_' || c == '#' || c == '$' || c == '{' || c == '}') {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string paper_entry(const Paper& paper) {
  const std::string number(paper.arxiv);
  return "@misc{" + std::string(paper.key) + ",\n  author = {" + std::string(paper.authors) +
         "},\n  title = {" + std::string(paper.title) + "},\n  year = {" + std::string(paper.year) +
         "},\n  eprint = {" + number +
         "},\n  archivePrefix = {arXiv},\n  url = {https://arxiv.org/abs/" + number + "}\n}\n";
}

}  // namespace

std::string source_line(const RunSpec& spec, const BuildInfo& build) {
  return "Attention Lab " + build.version + ", " + query_text(spec);
}

std::string run_bibtex(const RunSpec& spec, const BuildInfo& build) {
  std::string text;
  for (const Paper& paper : kPapers) {
    if (paper.family == spec.experiment->family) text += paper_entry(paper) + "\n";
  }
  const std::string seed = exact_text(static_cast<std::int64_t>(spec.seed));
  std::string parameters;
  for (const Parameter& parameter : spec.experiment->schema.parameters) {
    parameters += (parameters.empty() ? "" : "; ") + parameter.name + " = " +
                  spec.parameters.text(parameter.name);
  }
  return text + "@misc{attnlab-" + spec.experiment->id + "-seed" + seed +
         ",\n  title = {Attention Lab: " + tex(spec.experiment->title) + " (" +
         spec.experiment->id + ")},\n  howpublished = {Computer program, version " +
         tex(build.version) + ", " + tex(build.target) +
         "},\n  note = {Parameters: " + tex(parameters) + "; seed = " + seed + "}\n}\n";
}

}  // namespace attnlab
