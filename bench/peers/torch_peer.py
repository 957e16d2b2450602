"""PyTorch: training steps of softmax heads on fresh prompts, and batched softmax attention.
Talks with compare.mjs like numpy_peer.py. PEER_THREADS says how many threads PyTorch may use."""

import math
import os

import torch

from peer_protocol import Workload, made, serve

torch.set_num_threads(int(os.environ.get("PEER_THREADS", "1")))


def made_tensor(first, *shape):
    return torch.from_numpy(made(first, math.prod(shape))).reshape(shape)


def attention():
    sequences, length, width, forwards = 256, 64, 64, 40
    shape = (sequences, length, width)
    size = math.prod(shape)
    q, k, v = (made_tensor(i * size, *shape) for i in range(3))
    q = q * 4
    state = {}

    def run():
        with torch.inference_mode():
            for _ in range(forwards):
                scores = torch.bmm(q * 0.125, k.transpose(1, 2))
                state["out"] = torch.bmm(torch.softmax(scores, dim=-1), v)

    def result():
        flat = state["out"].reshape(-1)
        return flat[:: flat.numel() // 256].double().tolist()

    return Workload(forwards, run, result)


def predict(tokens, queries, score, value):
    """Sum over heads of value . softmax-weighted mean of the tokens.

    tokens (batch, keys, d + 1), queries (batch, d), score (heads, d + 1, d), value (heads, d + 1)."""
    heads, width, dim = score.shape
    direction = (queries @ score.reshape(heads * width, dim).T).view(-1, heads, width)
    weights = torch.softmax(torch.bmm(direction, tokens.transpose(1, 2)), dim=-1)
    return (torch.bmm(weights, tokens) * value).sum(dim=(1, 2))


def one_head_scale(dim, length):
    """The start's scale only has to be sensible; both programs converge from it."""
    return 1 / math.sqrt(dim)


def training():
    dim, length, heads, batch, total, rate = 5, 40, 2, 256, 2400, 0.01
    torch.manual_seed(1)
    signs = torch.tensor([1.0, -1.0]).view(2, 1, 1)
    score = torch.zeros(heads, dim + 1, dim)
    score[:, :dim] = torch.eye(dim)
    score = 0.5 * one_head_scale(dim, length) * (signs * score + 0.1 * torch.randn(score.shape))
    value = 0.01 * torch.randn(heads, dim + 1)
    value[:, dim] += 0.25 / heads * signs.view(2)
    score.requires_grad_()
    value.requires_grad_()
    # Values go eight times as fast, as in core/in_context/training.cpp.
    adam = torch.optim.Adam([{"params": [score]}, {"params": [value]}], lr=rate, foreach=True)
    steps = 400
    state = {"done": 0, "loss": 0.0}

    def step():
        x = torch.randn(batch, length, dim)
        theta = torch.randn(batch, dim, 1) / math.sqrt(dim)
        query = torch.randn(batch, dim)
        tokens = torch.cat([x, torch.bmm(x, theta)], dim=2)
        target = (query * theta.view(batch, dim)).sum(1)
        state["done"] += 1
        now = rate * 0.5 * (1 + math.cos(math.pi * min(state["done"] / total, 1)))
        adam.param_groups[0]["lr"], adam.param_groups[1]["lr"] = now, 8 * now
        adam.zero_grad(set_to_none=True)
        loss = (predict(tokens, query, score, value) - target).square().mean()
        loss.backward()
        adam.step()
        return loss.detach()

    def run():
        sum_of_losses = torch.zeros(())
        for _ in range(steps):
            sum_of_losses += step()
        state["loss"] = float(sum_of_losses) / steps

    def result():
        return [state["loss"]] + made_gradient(dim, length, heads, batch)

    return Workload(steps, run, result)


def made_gradient(dim, length, heads, batch):
    """Loss and gradient of made-up prompts (16 prompts are one group, innermost) and parameters."""
    groups, width, next_entry = batch // 16, dim + 1, 0

    def fill(*shape):
        nonlocal next_entry
        entries = made_tensor(next_entry, *shape)
        next_entry += math.prod(shape)
        return entries

    tokens = 2 * fill(groups, length, width, 16)
    queries = 2 * fill(groups, dim, 16)
    targets = 2 * fill(groups, 16)
    parameters = fill(heads, width * dim + width).double().requires_grad_()
    tokens = tokens.permute(0, 3, 1, 2).reshape(batch, length, width).double()
    queries = queries.permute(0, 2, 1).reshape(batch, dim).double()
    score = parameters[:, : width * dim].reshape(heads, width, dim)
    value = parameters[:, width * dim :]
    loss = (predict(tokens, queries, score, value) - targets.reshape(-1)).square().mean()
    loss.backward()
    return [float(loss)] + parameters.grad.reshape(-1).tolist()


if __name__ == "__main__":
    serve({"attention": attention, "training": training})
