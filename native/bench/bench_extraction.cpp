#include "native/bench/bench_extraction.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/extraction/learn/low_rank.h"
#include "core/extraction/learn/single_head.h"
#include "core/extraction/learn/transformer.h"

namespace attnlab {
using namespace extraction;
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Head random_head(std::size_t dim, std::size_t rank) {
  RandomStream stream(1, hash_name("bench/extraction"), static_cast<std::uint32_t>(dim));
  Head head{random_weight(stream, dim, rank, 1), std::vector<double>(dim)};
  stream.fill_normal(head.value);
  return head;
}

void add(std::vector<BenchRow>& rows, std::string name, Inquiry<Outcome> inquiry, Oracle& oracle) {
  const double begin = now_s();
  const Expected<bool> ended = converse(inquiry, oracle, std::numeric_limits<double>::infinity());
  const double seconds = now_s() - begin;
  if (!ended || inquiry.result().status != ExtractionStatus::kRecovered) return;
  const std::uint64_t queries = oracle.learning_queries();
  rows.push_back({std::move(name) + ", " + std::to_string(queries) + " queries",
                  static_cast<double>(queries) / seconds, "queries/s", 0, ""});
}

FeedForward random_network(std::size_t dim, std::size_t hidden) {
  RandomStream stream(1, hash_name("bench/network"), 0);
  FeedForward network{Matrix<double>(hidden, dim), std::vector<double>(hidden),
                      std::vector<double>(hidden), 0};
  stream.fill_normal(network.input.values());
  for (double& entry : network.input.values()) entry /= std::sqrt(static_cast<double>(dim));
  stream.fill_normal(network.bias);
  stream.fill_normal(network.output);
  return network;
}

}  // namespace

std::vector<BenchRow> bench_extraction() {
  std::vector<BenchRow> rows;
  {
    HeadsOracle oracle(random_head(512, 512));
    HeadKnowledge known(512);
    add(rows, "extract-single d=512", learn_single_head(known, {}), oracle);
  }
  {
    HeadsOracle oracle(random_head(64, 4));
    HeadKnowledge known(64);
    std::size_t rank = 0;
    RangeFinderOptions options;
    options.rank = 4;
    add(rows, "extract-low-rank d=64 r=4", learn_low_rank(known, rank, options), oracle);
  }
  {
    TransformerOracle oracle(random_head(16, 16).weight, random_network(16, 16));
    TransformerKnowledge known(16);
    add(rows, "extract-transformer d=k=16", learn_transformer(known, {}), oracle);
  }
  return rows;
}

}  // namespace attnlab
