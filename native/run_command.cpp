// `attnlab run`: check everything, open the files, compute on the pool, write the result.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/codecs/citation.h"
#include "core/codecs/codecs.h"
#include "core/catalogue/catalogue.h"
#include "core/picture/svg.h"
#include "core/base/text.h"
#include "native/build.h"
#include "native/commands.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/job_loop.h"
#include "native/memory_limit.h"
#include "native/output_file.h"
#include "native/ranks.h"
#include "native/report.h"
#include "native/resume_file.h"

namespace attnlab {
namespace {

/// Everything a run needs, checked and opened before the first job starts.
struct Prepared {
  Plan plan;
  unsigned threads = 1;
  std::optional<OutputFile> out;
  std::optional<ResumeFile> journal;
};

Expected<Prepared> prepare(const RunRequest& request) {
  Prepared prepared;
  if (const auto allowed = check_threads(request.threads); !allowed) return allowed.error();
  Expected<Plan> plan = request.spec.experiment->plan(request.spec);
  if (!plan) return plan.error();
  prepared.plan = std::move(*plan);
  if (const auto alone = check_alone(prepared.plan); !alone) return alone.error();
  const double limit_bytes =
      std::min(request.memory_bytes, usable_memory_bytes()) / ranks_on_this_machine();
  if (const auto fits = check_memory(request.spec, prepared.plan, limit_bytes); !fits) {
    return fits.error();
  }
  if (request.out) {
    Expected<OutputFile> out = OutputFile::check(*request.out);
    if (!out) return out.error();
    prepared.out = std::move(*out);
    if (request.resume && same_file(*request.out, *request.resume)) {
      return Error{"--out and --resume name the same file " + quoted_text(*request.out)};
    }
  }
  if (request.resume) {
    Expected<ResumeFile> journal =
        ResumeFile::open("--resume " + *request.resume, *request.resume,
                         journal_owner(request.spec, build_info().version));
    if (!journal) return journal.error();
    prepared.journal = std::move(*journal);
  }
  prepared.threads = affordable_threads(request.threads, prepared.plan.jobs.size(),
                                        prepared.plan.job_bytes, limit_bytes, request.quiet);
  return prepared;
}

std::string wanted_figure_svg(const RunRequest& request, const std::vector<Figure>& figures) {
  if (figures.empty()) return {};
  const auto named = std::find_if(figures.begin(), figures.end(), [&](const Figure& figure) {
    return figure.id == request.figure;
  });
  return figure_svg(named == figures.end() ? figures.front() : *named,
                    {.dark = request.dark, .source = source_line(request.spec, build_info())});
}

std::string findings_text(const RunRequest& request, const Findings& findings, std::size_t jobs,
                          double elapsed_s) {
  const Result& result = findings.result;
  switch (request.format) {
    case OutputFormat::kCsv:
      return result.tables.empty() ? "" : table_csv(result.tables.front());
    case OutputFormat::kJson:
      return result_json(request.spec, result, build_info(), jobs, elapsed_s);
    case OutputFormat::kSvg:
      return wanted_figure_svg(request, findings.figures);
    case OutputFormat::kBibtex:
      return run_bibtex(request.spec, build_info());
    case OutputFormat::kTable:
      break;
  }
  return report_text(request.spec, result);
}

int deliver(const RunRequest& request, const Prepared& prepared, const Run& run, double elapsed_s) {
  const Findings findings = request.spec.experiment->find(request.spec, run.outputs());
  if (request.format != OutputFormat::kTable && !request.quiet) {
    for (const std::string& note : findings.result.notes) say("note: " + note);
  }
  const std::string text = findings_text(request, findings, run.jobs_total(), elapsed_s);
  if (!prepared.out) return print(text);
  const Expected<void> written = prepared.out->write(text);
  return written ? kExitDone : refuse(written.error(), kExitEnvironment);
}

}  // namespace

int run_experiment(const RunRequest& request) {
  catch_interrupts();
  Expected<Prepared> prepared = prepare(request);
  if (!prepared) return refuse(prepared.error());
  Run run(request.spec, prepared->plan);
  RunClock clock;
  ResumeFile* const journal = prepared->journal ? &*prepared->journal : nullptr;
  if (journal != nullptr) adopt_finished(run, *journal, {}, request.quiet);
  Expected<void> computed;
  {
    const std::unique_ptr<JobExecutor> executor = make_executor(prepared->threads);
    if (executor->concurrency() == 0) {
      return refuse({"the system gives no thread to compute with"}, kExitEnvironment);
    }
    computed = compute(run, clock, *executor, journal, {}, request.quiet);
  }
  if (!computed) return refuse(computed.error(), kExitEnvironment);
  if (run.state() != Run::State::kFinished) return refuse_unfinished(run, journal);
  return deliver(request, *prepared, run, clock.elapsed());
}

}  // namespace attnlab
