// The commands of attnlab; each returns the exit code.
#pragma once

#include "native/arguments.h"

namespace attnlab {

/// Experiments with parameters, ranges, defaults and presets on standard output.
int list_experiments(const ListRequest& request);

/// Runs an experiment and writes its result: see docs/cli.md for files, interruption and memory.
int run_experiment(const RunRequest& request);

/// Takes another program apart: see docs/oracle-protocol.md for what it must answer.
int extract_black_box_program(const ExtractRequest& request);

/// Computes a grid of one experiment, or a shard of it, into a folder.
int run_sweep(const SweepRequest& request);

/// Joins the journals of a sweep's shards into a folder, and writes the table once all are there.
int merge_sweep(const MergeRequest& request);

/// Known answers and closed forms on this machine; kExitRunFailed when one does not hold.
int run_selftest();

/// Verdicts of many seeds against runs with far more data: see docs/calibration.md.
int calibrate_claims(const CalibrateRequest& request);

/// Measures the kernels and the jobs per second of a small learning curve.
int run_benchmarks(const BenchRequest& request);

}  // namespace attnlab
