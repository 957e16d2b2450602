// The table `trials` of family A: the rows that the other tables are means of.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/numerics/statistics.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using attnlab::test::named;
using attnlab::test::run_all;
using attnlab::test::spec_with;

namespace {

/// A small run of every experiment with trials, with kernels (levels) where heads are swept.
std::vector<RunSpec> small_runs() {
  const test::Values sizes = {{"dim", "4"}, {"test-samples", "64"}, {"trials", "3"}};
  const auto run = [&](const char* experiment, test::Values values) {
    values.insert(values.end(), sizes.begin(), sizes.end());
    return spec_with(named(experiment), values);
  };
  return {run("rf-learning-curve", {{"target", "mean-power,maximum,mean-cosine"},
                                    {"degree", "1,2"},
                                    {"keys", "3"},
                                    {"heads", "30"},
                                    {"noise", "0.3"},
                                    {"samples", "8,32,300"}}),
          run("rf-complexity",
              {{"degree", "1,2"}, {"keys", "3"}, {"heads", "15"}, {"samples", "16,64"}}),
          run("rf-length", {{"keys", "1,3"}, {"heads", "20"}, {"samples", "16,64"}}),
          run("rf-heads",
              {{"heads", "5,20"}, {"models", "rfa,rfa-kernel"}, {"keys", "3"}, {"samples", "40"}}),
          run("rf-bias", {{"bias-scale", "0,2.5"}, {"keys", "3"}, {"samples", "40"}}),
          run("rf-trained", {{"heads", "3"}, {"keys", "3"}, {"samples", "16,64"}, {"steps", "4"}})};
}

/// The cells of a row up to the column, as one text: which point it belongs to.
std::string key_of(const std::vector<Cell>& row, std::size_t columns) {
  std::string key;
  for (std::size_t c = 0; c < columns; ++c) key += exact_text(row[c]) + "|";
  return key;
}

double number(const Table& table, std::size_t row, const char* column) {
  return number_in(table.rows[row][table.column(column)]);
}

}  // namespace

TEST_CASE("the trials of a point have its mean, standard error and number, to the last bit") {
  for (const RunSpec& spec : small_runs()) {
    CAPTURE(spec.experiment->id);
    const std::vector<JobOutput> outputs = run_all(spec);
    CHECK(spec.experiment->find(spec, outputs).result.table("trials") == nullptr);
    const Result result = whole_result(spec, outputs);
    const Table& means = result.tables.front();
    const Table* trials = result.table("trials");
    REQUIRE(trials != nullptr);
    CHECK(static_cast<bool>(check_types(*trials)));
    const std::size_t key_columns = means.column("mean");
    CHECK(trials->column("trial") == key_columns);
    std::map<std::string, std::vector<double>> errors;
    for (std::size_t r = 0; r < trials->rows.size(); ++r) {
      errors[key_of(trials->rows[r], key_columns)].push_back(number(*trials, r, "test_error"));
      CHECK(number(*trials, r, "training_error") >= 0);
      CHECK(number(*trials, r, "ridge") > 0);
    }
    CHECK(errors.size() == means.rows.size());
    for (std::size_t r = 0; r < means.rows.size(); ++r) {
      const Estimate estimate = mean_and_error(errors[key_of(means.rows[r], key_columns)]);
      CHECK(estimate.count == 3);
      CHECK(number(means, r, "mean") == estimate.mean);
      CHECK(number(means, r, "std_error") == estimate.std_error);
      CHECK(number(means, r, "trials") == estimate.count);
    }
  }
}

TEST_CASE("n(0.5) of a trial is where the line through its own errors falls to 0.5") {
  for (const RunSpec& spec : small_runs()) {
    const Table trials = spec.experiment->details(spec, run_all(spec)).front();
    CAPTURE(spec.experiment->id);
    if (spec.experiment->id == "rf-heads" || spec.experiment->id == "rf-bias") {
      CHECK(trials.column("n_half") == trials.columns.size());
      continue;
    }
    const std::size_t n = trials.column("n"), trial = trials.column("trial");
    std::map<std::string, std::vector<std::size_t>> curves;  // rows of a trial, in increasing n
    for (std::size_t r = 0; r < trials.rows.size(); ++r) {
      std::string key;
      for (std::size_t c = 0; c <= trial; ++c) {
        if (c != n) key += exact_text(trials.rows[r][c]) + "|";
      }
      curves[key].push_back(r);
    }
    int reached = 0;
    for (const auto& [key, rows] : curves) {
      CAPTURE(key);
      std::string status = "not reached";
      double n_half = 0;
      for (std::size_t i = 0; i < rows.size() && status == "not reached"; ++i) {
        const double error = number(trials, rows[i], "test_error");
        if (error > 0.5) continue;
        status = i == 0 ? "below the smallest n" : "reached";
        if (i == 0) continue;
        const double before = number(trials, rows[i - 1], "test_error");
        const double share = (before - 0.5) / (before - error);
        n_half = number(trials, rows[i - 1], "n") *
                 std::pow(number(trials, rows[i], "n") / number(trials, rows[i - 1], "n"), share);
      }
      for (const std::size_t row : rows) {
        CHECK(std::get<std::string>(trials.rows[row][trials.column("n_half_status")]) == status);
        const Cell& cell = trials.rows[row][trials.column("n_half")];
        CHECK(std::holds_alternative<std::monostate>(cell) == (status != "reached"));
        if (status == "reached") CHECK(number_in(cell) == doctest::Approx(n_half).epsilon(1e-12));
      }
      reached += status == "reached" ? 1 : 0;
    }
    if (spec.experiment->id == "rf-learning-curve") CHECK(reached > 3);
  }
}

TEST_CASE("outputs of journals without training errors are read: only those cells are empty") {
  const RunSpec spec = small_runs().front();
  const std::vector<JobOutput> outputs = run_all(spec);
  std::vector<JobOutput> old;
  for (const JobOutput& output : outputs) {
    ByteReader reader(output.bytes);
    ByteWriter writer;
    const std::uint32_t points = reader.u32();
    writer.u32(points);
    for (std::uint32_t i = 0; i < points; ++i) {
      writer.real(reader.real());
      writer.real(reader.real());
      writer.u32(reader.u32());
      reader.real();
    }
    REQUIRE(reader.at_end());
    old.push_back({output.index, writer.take()});
  }
  const Result now = whole_result(spec, outputs), then = whole_result(spec, old);
  CHECK(then.notes == now.notes);
  for (std::size_t t = 0; t < now.tables.size(); ++t) {
    Table expected = now.tables[t];
    const std::size_t training = expected.column("training_error");
    for (std::vector<Cell>& row : expected.rows) {
      if (training < row.size()) row[training] = Cell();
    }
    CHECK(then.tables[t].rows == expected.rows);
  }
}

TEST_CASE("the trials of a run that is not finished are those of its finished jobs") {
  const RunSpec spec = small_runs().front();
  std::vector<JobOutput> outputs = run_all(spec);
  const std::size_t all = spec.experiment->details(spec, outputs).front().rows.size();
  const std::size_t cases = 4, sizes = 2;  // of the first stage
  outputs.resize(1);
  CHECK(spec.experiment->details(spec, outputs).front().rows.size() == cases * sizes);
  CHECK(spec.experiment->details(spec, {}).front().rows.empty());
  CHECK(all == cases * 3 * 4 * 3);  // sizes x models x trials
}
