#include "core/extraction/learn/boxes.h"

#include <cmath>
#include <utility>

#include "core/extraction/learn/dense.h"

namespace attnlab::extraction {
namespace {

constexpr std::size_t kNeurons = 4;

/// Adds a vector of its own to the tokens of each place, counted from the front.
class PositionOracle : public Oracle {
 public:
  PositionOracle(Head head, RandomStream stream) : inner_(std::move(head)), stream_(stream) {}
  std::size_t dim() const override { return inner_.dim(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override {
    QueryBatch moved(batch.dim(), batch.purpose());
    std::vector<double> token(batch.dim());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::vector<std::uint32_t> members;
      for (std::size_t place = 0; place < batch[i].size(); ++place) {
        const auto values = batch.token_values(batch[i][place]);
        token.assign(values.begin(), values.end());
        add_scaled(1, position(place), token);
        members.push_back(moved.token(token));
      }
      moved.query(members);
    }
    const Expected<std::vector<double>> given = inner_.ask(moved);
    if (!given) return given.error();
    std::ranges::copy(*given, answers.begin());
    return {};
  }

 private:
  std::span<const double> position(std::size_t place) {
    while (positions_.size() <= place) {
      std::vector<double> vector(inner_.dim());
      stream_.fill_normal(vector);
      for (double& entry : vector) entry *= 0.3;
      positions_.push_back(std::move(vector));
    }
    return positions_[place];
  }

  HeadsOracle inner_;
  RandomStream stream_;
  std::vector<std::vector<double>> positions_;
};

/// Adds r.x_N to the answers of a head.
class ResidualOracle : public Oracle {
 public:
  ResidualOracle(Head head, std::vector<double> past)
      : inner_(std::move(head)), past_(std::move(past)) {}
  std::size_t dim() const override { return inner_.dim(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override {
    const Expected<std::vector<double>> given = inner_.ask(batch);
    if (!given) return given.error();
    for (std::size_t i = 0; i < answers.size(); ++i) {
      answers[i] = (*given)[i] + dot(past_, batch.token_values(batch[i].back()));
    }
    return {};
  }

 private:
  HeadsOracle inner_;
  std::vector<double> past_;
};

FeedForward draw_network(RandomStream& stream, std::size_t dim) {
  FeedForward network{Matrix<double>(kNeurons, dim), std::vector<double>(kNeurons),
                      std::vector<double>(kNeurons), 0};
  stream.fill_normal(network.input.values());
  for (double& entry : network.input.values()) entry /= std::sqrt(static_cast<double>(dim));
  stream.fill_normal(network.bias);
  stream.fill_normal(network.output);
  network.constant = stream.normal();
  return network;
}

}  // namespace

MadeBox make_box(std::string_view name, std::size_t dim, std::uint64_t seed) {
  RandomStream stream(seed, hash_name("extract/box"), 0);
  const auto draw_head = [&] {
    Head head{random_weight(stream, dim, dim, 1), std::vector<double>(dim)};
    stream.fill_normal(head.value);
    return head;
  };
  Head head = draw_head();
  MadeBox box;
  if (name != "two-heads") box.weight = head.weight.clone();
  if (name == "one-head") {
    box.oracle = std::make_unique<HeadsOracle>(std::move(head));
  } else if (name == "two-heads") {
    std::vector<Head> heads;
    heads.push_back(std::move(head));
    heads.push_back(draw_head());
    box.oracle = std::make_unique<HeadsOracle>(std::move(heads));
  } else if (name == "positions") {
    box.oracle = std::make_unique<PositionOracle>(
        std::move(head), RandomStream(seed, hash_name("extract/positions"), 0));
  } else if (name == "residual") {
    std::vector<double> past(dim);
    stream.fill_normal(past);
    box.oracle = std::make_unique<ResidualOracle>(std::move(head), std::move(past));
  } else if (name == "network") {
    FeedForward network = draw_network(stream, dim);
    box.oracle = std::make_unique<TransformerOracle>(std::move(head.weight), std::move(network));
  }
  if (box.oracle == nullptr) box.weight = {};
  return box;
}

}  // namespace attnlab::extraction
