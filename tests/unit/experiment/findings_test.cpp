#include "core/findings/findings.h"

#include <doctest/doctest.h>

#include <set>

#include "core/catalogue/catalogue.h"
#include "core/catalogue/field_functions.h"
#include "core/codecs/codecs.h"
#include "core/codecs/link_text.h"
#include "core/picture/svg.h"
#include "core/picture/together.h"

using namespace attnlab;

namespace {

/// Tables and claims as the document shows them, and every figure's picture.
std::string shown(const RunSpec& spec, const Findings& findings) {
  std::string text = result_json(spec, findings.result, {"1", "test", "none"}, 0, 0);
  for (const Figure& figure : findings.figures) {
    text += figure_svg(figure, {});
    for (const FieldPanel& field : figure.fields().panels) {
      text += std::to_string(field.value(field.data, 0.25, -0.5));
    }
    for (const Handle& handle : figure.handles) text += handle.parameter + handle.label;
    text += figure.invitation;
  }
  return text;
}

RunSpec first_run(const Experiment& experiment) {
  return {&experiment, *preset_parameters(experiment, experiment.presets.front().name), 3};
}

}  // namespace

TEST_CASE("findings of every experiment show the same after encoding and decoding") {
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    const RunSpec spec = first_run(*experiment);
    const Findings findings = experiment->find(spec, {});
    CHECK_FALSE(findings.figures.empty());
    const Bytes bytes = encode_findings(findings);
    const Expected<Findings> read = decode_findings(bytes, field_function);
    REQUIRE(read);
    CHECK(shown(spec, *read) == shown(spec, findings));
    CHECK(encode_findings(*read) == bytes);
  }
}

TEST_CASE(
    "a figure invites to drag its handles, and its exported picture, where nothing moves, does "
    "not") {
  std::size_t asked = 0;
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    for (const Figure& figure : experiment->find(first_run(*experiment), {}).figures) {
      CHECK(figure_svg(figure, {}).find("Drag") == std::string::npos);
      if (figure.invitation.empty()) continue;
      ++asked;
      CHECK_FALSE(figure.handles.empty());
    }
  }
  CHECK(asked >= 3);
}

TEST_CASE("figures have names that a link can carry, each its own") {
  for (const Experiment* experiment : experiments())
    for (const Preset& preset : experiment->presets) {
      CAPTURE(experiment->id + ", " + preset.name);
      const RunSpec spec{experiment, *preset_parameters(*experiment, preset.name), kDefaultSeed};
      std::set<std::string> names = {kTogether};
      for (const Figure& figure : experiment->find(spec, {}).figures) {
        CAPTURE(figure.id);
        CHECK(name_in(figure.id) == figure.id);
        CHECK(names.insert(figure.id).second);
      }
    }
  CHECK(part_id("learning-curve", "mean-cosine 0.5") == "learning-curve_mean-cosine-0-5");
}

TEST_CASE("a figure that travels alone is drawn the same, also for a page") {
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    std::vector<Figure> figures = experiment->find(first_run(*experiment), {}).figures;
    add_together(figures);
    for (const Figure& figure : figures) {
      const Bytes bytes = encode_figure(figure);
      const Expected<Figure> read = decode_figure(bytes, field_function);
      REQUIRE(read);
      const SvgOptions on_page{.height = 0, .interactive = true};
      CHECK(figure_svg(*read, on_page) == figure_svg(figure, on_page));
      CHECK_FALSE(decode_figure(std::span(bytes).first(bytes.size() - 1), field_function));
    }
  }
}

TEST_CASE("outputs of jobs are the same after encoding and decoding") {
  const std::vector<JobOutput> outputs = {{0, {1, 2, 0, 255}, true}, {7, {}, false}};
  const Expected<std::vector<JobOutput>> read = decode_outputs(encode_outputs(outputs));
  REQUIRE(read);
  REQUIRE(read->size() == outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    CHECK((*read)[i].index == outputs[i].index);
    CHECK((*read)[i].bytes == outputs[i].bytes);
    CHECK((*read)[i].complete == outputs[i].complete);
  }
}

TEST_CASE("torn findings are refused, wherever they end") {
  const RunSpec spec = first_run(*find_experiment("icl-attention"));
  const Bytes bytes = encode_findings(spec.experiment->find(spec, {}));
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 16) {
    CHECK_FALSE(decode_findings(std::span(bytes).first(size), field_function));
  }
}

TEST_CASE("findings whose cells do not fit the types of their columns are refused") {
  Findings findings;
  findings.result.tables = {{"t", "", {{"n", "", "", ColumnType::kWhole}}, {{std::int64_t{2}}}}};
  const Expected<Findings> read = decode_findings(encode_findings(findings), field_function);
  REQUIRE(read);
  CHECK(read->result.tables[0].columns[0].type == ColumnType::kWhole);
  findings.result.tables[0].rows[0][0] = 2.5;
  CHECK_FALSE(decode_findings(encode_findings(findings), field_function));
}
