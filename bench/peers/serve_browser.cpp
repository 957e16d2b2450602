// Our side of the comparison inside a browser's worker; browser/our_worker.js calls it.
//   peers_prepare(name, parts, part)  1, or 0 where there is no such work; part -1: all of it
//   peers_run()                       one run
//   peers_units()                     units of work in one run
//   peers_result()                    makes the numbers to compare, at peers_values(); their number
#include <emscripten/emscripten.h>

#include <optional>
#include <utility>
#include <vector>

#include "bench/peers/workloads.h"
#include "core/numerics/linear_algebra.h"

namespace {

std::optional<attnlab::Workload> work;
std::vector<double> values;

void one_after_the_other(std::size_t parts, const std::function<void(std::size_t)>& part) {
  for (std::size_t p = 0; p < parts; ++p) part(p);
}

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE int peers_prepare(const char* name, int parts, int part) {
  work.reset();
  auto made =
      attnlab::make_workload(name, static_cast<std::size_t>(parts), one_after_the_other, part);
  if (!made) return 0;
  work = std::move(*made);
  return 1;
}

EMSCRIPTEN_KEEPALIVE void peers_run() {
  work->run();
}

EMSCRIPTEN_KEEPALIVE double peers_units() {
  return static_cast<double>(work->units);
}

EMSCRIPTEN_KEEPALIVE int peers_result() {
  values = work->result();
  return static_cast<int>(values.size());
}

EMSCRIPTEN_KEEPALIVE const double* peers_values() {
  return values.data();
}

EMSCRIPTEN_KEEPALIVE const char* peers_simd() {
  return attnlab::simd_target_name();
}

}  // extern "C"
