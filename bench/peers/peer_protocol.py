"""What the Python peers share: made-up inputs and the conversation with compare.mjs."""

import json
import sys
import time

import numpy as np


class Workload:
    """`run` does `units` pieces of work; `result` gives numbers to compare."""

    def __init__(self, units, run, result):
        self.units, self.run, self.result = units, run, result


def made(first, count):
    """Entries first.. of the made-up input, as made_value of workloads.cpp."""
    h = np.arange(first + 1, first + count + 1, dtype=np.uint32) * np.uint32(2654435761)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(2246822519)
    h ^= h >> np.uint32(13)
    return (h * 2.0**-31 - 1.0).astype(np.float32)


def serve(makers):
    work = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "prepare":
            work = makers[words[1]]()
            answer = {}
        elif words[0] == "run":
            start = time.perf_counter()
            work.run()
            answer = {"seconds": (time.perf_counter() - start) / work.units}
        else:
            answer = {"values": work.result()}
        print(json.dumps(answer), flush=True)
