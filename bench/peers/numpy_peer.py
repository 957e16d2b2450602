"""NumPy and SciPy on OpenBLAS: the same work as bench/peers/workloads.cpp, as a good NumPy
programmer writes it. Talks with compare.mjs: "prepare NAME", "run", "result" on standard input,
one line of JSON each on standard output. OPENBLAS_NUM_THREADS is set by the caller."""

import numpy as np
from scipy.linalg import blas, lapack
from scipy.linalg import solve_triangular

from peer_protocol import Workload, made, serve


def sample(values):
    flat = values.reshape(-1)
    return flat[:: max(1, flat.size // 256)].astype(float).tolist()


def gemm(size):
    a = made(0, size * size).reshape(size, size)
    b = made(size * size, size * size).reshape(size, size)
    c = np.empty((size, size), np.float32)
    units = 64 if size <= 256 else 16 if size <= 512 else 4

    def run():
        for _ in range(units):
            np.matmul(a, b, out=c)

    return Workload(units, run, lambda: sample(c))


class Head:
    """f(X) = sum_i softmax_i(x_i W x_N) v.x_i, asked in batches that share the query token."""

    def __init__(self, weight, value):
        self.weight, self.value, self.queries = weight, value, 0

    def single_tokens(self, tokens):
        self.queries += len(tokens)
        return tokens @ self.value  # one token: weight 1

    def pairs(self, keys, query):
        """Answers to [key; query] for every row of keys."""
        self.queries += len(keys)
        image = self.weight @ query
        logits = np.stack([keys @ image, np.full(len(keys), query @ image)])
        logits -= logits.max(axis=0)
        weights = np.exp(logits)
        weights /= weights.sum(axis=0)
        return weights[0] * (keys @ self.value) + weights[1] * (query @ self.value)

    def sequence(self, tokens):
        logits = tokens @ (self.weight @ tokens[-1])
        weights = np.exp(logits - logits.max())
        return weights @ (tokens @ self.value) / weights.sum()


def balanced_probes(v):
    """Orthonormal rows with equal product with v: one reflection."""
    dim = len(v)
    length = np.linalg.norm(v)
    target = -np.copysign(length / np.sqrt(dim), v.sum())
    h = (v - target) / length
    return np.eye(dim) - np.outer(h, 2 / (h @ h) * h)


def logit(alpha):
    return np.log(alpha) - np.log1p(-alpha)


def learn_head(oracle, dim, probe=32.0):
    """d single tokens give v; column j of W takes d two-token queries with query token e_j."""
    v = oracle.single_tokens(np.eye(dim))
    probes = balanced_probes(v)
    probe_values = probe * (probes @ v)
    scaled = probe * probes
    keys = scaled.copy()  # one buffer for all questions: only column j differs between columns
    forms = np.empty((dim, dim))
    query, largest, measured = 1 / probe, 0.0, 0
    limit = probe
    token = np.zeros(dim)
    for j in range(dim):
        open_rows = np.arange(dim)
        batch = dim if measured else 1  # the first probe teaches the scale of the others
        done = 0
        while done < dim or len(open_rows):
            rows = open_rows[:batch]
            token[j] = query
            keys[:, j] = scaled[:, j] + query
            answers = oracle.pairs(keys if len(rows) == dim else keys[rows], token)
            alpha = (answers - query * v[j]) / probe_values[rows]
            inside = (alpha >= 0.02) & (alpha <= 0.98)
            good = rows[inside]
            forms[good, j] = logit(alpha[inside]) / (probe * query)
            if len(good):
                largest = max(largest, np.abs(forms[good, j]).max())
                measured += len(good)
            done += len(good)
            open_rows = np.concatenate([rows[~inside], open_rows[batch:]])
            if len(good) < len(rows):
                query /= 8
            elif largest > 0:
                room = 0.25 if measured < 8 else 1.0
                query = min(max(query, room / (probe * largest)), 32 * query, max(query, limit))
            batch = max(1, min(measured, dim))
        keys[:, j] = scaled[:, j]
        token[j] = 0
    return v, probes.T @ forms


def extraction(dim=256):
    random = np.random.default_rng(1)
    value = random.standard_normal(dim)
    weight = random.standard_normal((dim, dim)) / dim
    state = {}

    def once():
        oracle = Head(weight, value)
        v, w = learn_head(oracle, dim)
        learning = oracle.queries
        known = Head(w, v)
        gap, answers = 0.0, []
        for i in range(24):  # the final check: fresh inputs of lengths 1 to 6
            tokens = random.standard_normal((1 + i % 6, dim))
            answers.append(oracle.sequence(tokens))
            gap = max(gap, abs(answers[-1] - known.sequence(tokens)))
        state.update(v=v, w=w, queries=learning, recovered=gap <= 1e-6 * np.std(answers))

    times = 8  # one alone is over before caches and clocks have settled

    def run():
        for _ in range(times):
            once()

    def result():
        return [
            float(state["recovered"]),
            float(state["queries"]),
            float(np.abs(state["v"] - value).max() / np.abs(value).max()),
            float(np.abs(state["w"] - weight).max() / np.abs(weight).max()),
        ]

    return Workload(times, run, result)


def feature_block(random, tokens, heads):
    """Features of `heads` fresh heads of random-feature attention, (samples, heads * (d + 1))."""
    samples, keys, width = tokens.shape[0], tokens.shape[1] - 1, tokens.shape[2]
    w = random.standard_normal((width, heads * width), dtype=np.float32)
    w *= 0.5
    queries = (tokens[:, 0] @ w).reshape(samples, heads, width)
    others = tokens[:, 1:]
    scores = np.matmul(queries, others.transpose(0, 2, 1))
    np.maximum(scores, 0, out=scores)
    scores *= 1 / keys
    return np.matmul(scores, others).reshape(samples, heads * width)


def curve():
    dim, keys, heads, tests = 16, 16, 1000, 2048
    sizes = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
    train = sizes[-1]
    block = 50  # heads at a time: 850 features of 6144 samples, 21 MB
    state = {"seed": 0, "errors": []}

    def run():
        state["seed"] += 1
        random = np.random.default_rng(state["seed"])
        tokens = random.standard_normal((train + tests, keys + 1, dim), dtype=np.float32)
        tokens /= np.linalg.norm(tokens, axis=2, keepdims=True)
        beta = random.standard_normal(dim)
        beta /= np.linalg.norm(beta)
        y = ((tokens[:, 1:] @ beta.astype(np.float32)) ** 2).mean(axis=1, dtype=np.float64)
        tokens = np.concatenate([tokens, np.ones((train + tests, keys + 1, 1), np.float32)], axis=2)
        # ssyrk and sgemm add to one f32 matrix each; a Fortran-ordered view costs no copy.
        gram = np.zeros((train, train), np.float32, order="F")
        cross = np.zeros((train, tests), np.float32, order="F")
        for _ in range(heads // block):
            f = feature_block(random, tokens, block)
            gram = blas.ssyrk(1, f[:train].T, beta=1, c=gram, trans=1, lower=1, overwrite_c=1)
            cross = blas.sgemm(1, f[:train].T, f[train:].T, beta=1, c=cross, trans_a=1,
                               overwrite_c=1)
        gram = gram.astype(np.float64)
        cross = cross.astype(np.float64)
        diagonal = gram.diagonal().copy()
        labels, wanted = np.column_stack([y[:train], np.ones(train)]), y[train:]
        variance = wanted.var()
        best = np.full(len(sizes), np.inf)
        for strength in 10.0 ** np.arange(-8, 3):
            k = gram.copy(order="F")
            np.fill_diagonal(k, diagonal + strength * diagonal.mean())
            l, info = lapack.dpotrf(k, lower=1, clean=0, overwrite_a=1)
            # z = L^-1 [y, 1] is the same for every leading block: only the mean label and the back
            # substitution are not.
            z = solve_triangular(l, labels, lower=True, check_finite=False)
            for i, n in enumerate(sizes):
                if info and n >= info:
                    break
                mean = y[:n].mean()
                alpha = solve_triangular(l[:n, :n], z[:n, 0] - mean * z[:n, 1], trans=1, lower=True,
                                         check_finite=False)
                error = ((cross[:n].T @ alpha + mean - wanted) ** 2).mean() / variance
                best[i] = min(best[i], error)
        state["errors"] = best.tolist()

    return Workload(1, run, lambda: state["errors"])


WORK = {
    "gemm256": lambda: gemm(256),
    "gemm512": lambda: gemm(512),
    "gemm1024": lambda: gemm(1024),
    "extraction": extraction,
    "curve": curve,
}

if __name__ == "__main__":
    serve(WORK)
