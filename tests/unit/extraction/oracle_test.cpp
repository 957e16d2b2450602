#include <string>

#include "core/extraction/learn/oracle.h"
#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

struct Inputs {
  QueryBatch batch;
  std::vector<std::vector<std::vector<double>>> tokens;  // the same, spelled out
};

/// Queries of lengths 1 .. 5 that share tokens, also query tokens.
Inputs shared_inputs(std::size_t dim, double scale) {
  RandomStream stream = stream_of(77);
  Inputs inputs{QueryBatch(dim), {}};
  std::vector<std::vector<double>> pool(9, std::vector<double>(dim));
  for (auto& token : pool) {
    stream.fill_normal(token);
    for (double& x : token) x *= scale;
    inputs.batch.token(token);
  }
  for (std::size_t i = 0; i < 40; ++i) {
    std::vector<std::uint32_t> members;
    inputs.tokens.emplace_back();
    for (std::size_t n = 0; n <= i % 5; ++n) {
      members.push_back(stream.below(9));
      inputs.tokens.back().push_back(pool[members.back()]);
    }
    inputs.batch.query(members);
  }
  return inputs;
}

}  // namespace

TEST_CASE("extraction: a batch answers what the plain loop answers, query by query") {
  for (const std::size_t dim : {1, 2, 5, 17}) {
    const Head a = random_head(dim, 1, 2), b = random_head(dim, 2, 3);
    const Inputs inputs = shared_inputs(dim, 1);
    std::vector<Head> heads;
    heads.push_back(a.clone());
    heads.push_back(b.clone());
    HeadsOracle oracle(std::move(heads));
    const auto answers = oracle.ask(inputs.batch);
    REQUIRE(static_cast<bool>(answers));
    for (std::size_t i = 0; i < inputs.tokens.size(); ++i) {
      const double expected = plain_head(a, inputs.tokens[i]) + plain_head(b, inputs.tokens[i]);
      // dim products of size ~1 in the logits, each rounded: 1e-14 leaves a factor of 20.
      CHECK(std::abs((*answers)[i] - expected) < 1e-13);
    }
    CHECK(oracle.learning_queries() == 40);
    CHECK(oracle.checking_queries() == 0);
  }
}

TEST_CASE("extraction: tokens given as sums are answered as the same tokens written out") {
  constexpr std::size_t dim = 13, rows = 9;
  const auto two_heads = [] {
    std::vector<Head> heads;
    heads.push_back(random_head(dim, 5, 2));
    heads.push_back(random_head(dim, 6, 2));
    return heads;
  };
  HeadsOracle by_parts(two_heads()), written(two_heads());
  RandomStream stream = stream_of(78);
  Matrix<double> values(rows, dim);
  stream.fill_normal(values.values());
  const SharedRows shared = std::make_shared<const Matrix<double>>(std::move(values));
  std::vector<std::uint32_t> order(rows);
  for (std::uint32_t r = 0; r < rows; ++r) order[r] = rows - 1 - r;
  // More batches than the oracle waits before it keeps r^T W; unit vectors and full ones in turns.
  for (std::size_t turn = 0; turn < 40; ++turn) {
    std::vector<double> query(dim);
    if (turn % 2 == 0) query[turn % dim] = 0.7;
    if (turn % 2 == 1) stream.fill_normal(query);
    QueryBatch sums(dim, QueryPurpose::kLearn, shared), plain(dim);
    sums.sum_queries(order, sums.token(query));
    const std::uint32_t last = plain.token(query);
    for (std::size_t k = 0; k < rows; ++k) {
      std::vector<double> key(query);
      for (std::size_t i = 0; i < dim; ++i) key[i] += (*shared)(order[k], i);
      const auto spelled = sums.token_values(sums[k][0]);
      CHECK(std::equal(key.begin(), key.end(), spelled.begin(), spelled.end()));
      plain.query({plain.token(key), last});
    }
    const auto a = by_parts.ask(sums), b = written.ask(plain);
    REQUIRE(static_cast<bool>(a));
    REQUIRE(static_cast<bool>(b));
    // Logits up to 20 of 13 products each, in another order: 1e-14 of them leaves a factor of 5.
    for (std::size_t k = 0; k < rows; ++k) CHECK(std::abs((*a)[k] - (*b)[k]) < 1e-12);
  }
  CHECK(by_parts.learning_queries() == 40 * rows);
}

TEST_CASE("extraction: queries that share no tokens are answered the same as those that do") {
  const std::size_t dim = 6;
  const Head head = random_head(dim, 3, 2);
  const Inputs inputs = shared_inputs(dim, 1);
  HeadsOracle oracle(head.clone());
  const auto together = oracle.ask(inputs.batch);
  QueryBatch apart(dim);
  for (const auto& tokens : inputs.tokens) {
    std::vector<std::uint32_t> members;
    for (const auto& token : tokens) members.push_back(apart.token(token));
    apart.query(members);
  }
  const auto answers = oracle.ask(apart);
  for (std::size_t i = 0; i < apart.size(); ++i) {
    CHECK(std::abs((*answers)[i] - (*together)[i]) < 1e-13);
  }
}

TEST_CASE("extraction: logits of any size give finite answers") {
  const Inputs inputs = shared_inputs(4, 1e3);
  HeadsOracle oracle(random_head(4, 4, 1e6));
  const auto answers = oracle.ask(inputs.batch);
  for (const double answer : *answers) CHECK(std::isfinite(answer));
}

TEST_CASE("extraction: a transformer mixes tokens and applies its network") {
  const std::size_t dim = 5, hidden = 7;
  RandomStream stream = stream_of(5);
  FeedForward network{Matrix<double>(hidden, dim), std::vector<double>(hidden),
                      std::vector<double>(hidden), 0.3};
  stream.fill_normal(network.input.values());
  stream.fill_normal(network.bias);
  stream.fill_normal(network.output);
  const Head head = random_head(dim, 6, 2);
  const Inputs inputs = shared_inputs(dim, 1);
  TransformerOracle oracle(head.weight.clone(),
                           {network.input.clone(), network.bias, network.output, 0.3});
  const auto answers = oracle.ask(inputs.batch);
  for (std::size_t i = 0; i < inputs.tokens.size(); ++i) {
    std::vector<double> mixed(dim);
    for (std::size_t e = 0; e < dim; ++e) {
      Head unit{head.weight.clone(), std::vector<double>(dim, 0.0)};
      unit.value[e] = 1;
      mixed[e] = plain_head(unit, inputs.tokens[i]);
    }
    CHECK(std::abs((*answers)[i] - network(mixed)) < 1e-12);
  }
}

TEST_CASE("extraction: noise stays within tau, is named, and rounding repeats itself") {
  const Inputs inputs = shared_inputs(4, 1);
  HeadsOracle exact(random_head(4, 8));
  const auto truth = exact.ask(inputs.batch);
  for (const NoiseKind kind : {NoiseKind::kUniform, NoiseKind::kSign, NoiseKind::kRounding}) {
    NoisyOracle first(exact, kind, 1e-3, stream_of(9)), second(exact, kind, 1e-3, stream_of(9));
    const auto a = first.ask(inputs.batch), b = second.ask(inputs.batch),
               c = first.ask(inputs.batch);
    CHECK(*a == *b);
    CHECK((*a == *c) == (kind == NoiseKind::kRounding));
    for (std::size_t i = 0; i < truth->size(); ++i) {
      CHECK(std::abs((*a)[i] - (*truth)[i]) <= 1e-3 * (1 + 1e-12));
    }
  }
}

TEST_CASE("extraction: least squares, bases and singular values agree with what defines them") {
  RandomStream stream = stream_of(10);
  Matrix<double> a(9, 5);
  stream.fill_normal(a.values());
  const std::vector<double> x = {1, -2, 3, 0.5, -1e-3};
  const std::vector<double> solved = LeastSquares(a.clone()).solve(product(a, x));
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::abs(solved[i] - x[i]) < 1e-13);

  const SingularValues svd = singular_values(a);
  Matrix<double> scaled = svd.left.clone();
  for (std::size_t i = 0; i < 9; ++i) {
    for (std::size_t j = 0; j < 5; ++j) scaled(i, j) *= svd.values[j];
  }
  const Matrix<double> back = product(scaled, transposed(svd.right));
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(std::abs(back.values()[i] - a.values()[i]) < 1e-13);
  }
  const Matrix<double> q = random_orthogonal(stream, 6), gram = product(transposed(q), q);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) CHECK(std::abs(gram(i, j) - (i == j)) < 1e-14);
  }
}
