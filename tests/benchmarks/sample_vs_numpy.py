#!/usr/bin/python3
"""Pairs per second of `theoremeter measure wdc --evidence sample` against the fastest of several NumPy formulations.

usage: sample_vs_numpy.py [--program build/theoremeter] [--rounds 5] [--sizes 10,500 20,1000 50,2000]

One thread each, the same W, alternating in one run. Costs are CPU seconds (user + system; for the program those of its whole
process, start and reading W included), so a busy machine disturbs little; the best round of each side counts.
Exits 1 where the ratio is below --at-least, and 2 where NumPy runs on no optimised BLAS (Debian: apt install libopenblas0).
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np  # noqa: E402  (reads the variables above)


def optimised_blas():
    """The optimised BLAS library this process has loaded, or None: the reference BLAS would make a feeble opponent."""
    with open("/proc/self/maps") as maps:
        files = {line.split()[-1] for line in maps if "/" in line}
    resolved = {os.path.basename(os.path.realpath(file)) for file in files} | files
    return next((file for file in sorted(resolved) if any(name in file for name in ("openblas", "mkl", "blis"))), None)


class Wdc:
    """|| W_{+,x}' W_{+,y} - Q_{x,y} || for one x against many y, in every way NumPy does it well."""

    def __init__(self, W, X):
        self.W, self.X = W, X
        self.n, self.k = W.shape
        self.on = X @ W.T > 0
        self.rows, self.cols = np.tril_indices(self.k)
        self.packed = W[:, self.rows] * W[:, self.cols]
        self.full = (W[:, :, None] * W[:, None, :]).reshape(self.n, -1)

    def norms(self, S, i, js):
        """Subtracts Q from S in place; eigvalsh reads the lower triangle only."""
        x, Y = self.X[i], self.X[js]
        plus, minus = x + Y, x - Y
        a, b = np.linalg.norm(plus, axis=1), np.linalg.norm(minus, axis=1)
        S -= (a / (4 * np.pi * b))[:, None, None] * -minus[:, :, None] * minus[:, None, :]
        S -= (b / (4 * np.pi * a))[:, None, None] * plus[:, :, None] * plus[:, None, :]
        S[:, range(self.k), range(self.k)] -= (np.arctan2(a, b) / np.pi)[:, None]
        eigenvalues = np.linalg.eigvalsh(S)
        return np.maximum(eigenvalues[:, -1], -eigenvalues[:, 0])

    def unpack(self, packed):
        S = np.zeros((len(packed), self.k, self.k))
        S[:, self.rows, self.cols] = packed
        return S

    def masks_times_full(self, i, js):
        masks = (self.on[i] & self.on[js]).astype(float)
        return self.norms((masks @ self.full).reshape(-1, self.k, self.k), i, js)

    def masks_times_packed(self, i, js):
        masks = (self.on[i] & self.on[js]).astype(float)
        return self.norms(self.unpack(masks @ self.packed), i, js)

    def active_masks_times_packed(self, i, js):
        active = self.on[i]
        return self.norms(self.unpack(self.on[js][:, active].astype(float) @ self.packed[active]), i, js)

    def loop_of_syrk(self, i, js):
        S = np.empty((len(js), self.k, self.k))
        for s, j in zip(S, js):
            A = self.W[self.on[i] & self.on[j]]
            np.dot(A.T, A, out=s)  # one operand twice: NumPy calls dsyrk
        return self.norms(S, i, js)

    methods = (masks_times_full, masks_times_packed, active_masks_times_packed, loop_of_syrk)


def numpy_seconds_per_pair(wdc, method, points):
    js = np.arange(len(wdc.X))
    begin = time.process_time()
    for i in points:
        method(wdc, i, js[js != i])
    return (time.process_time() - begin) / (len(points) * (len(js) - 1))


def program_seconds_per_pair(program, file, samples):
    command = [program, "measure", "wdc", "--weights", file, "--evidence", "sample", "--samples", str(samples), "--threads", "1", "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    draw = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["draws"][0]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu / draw["evaluations"]["sample"], draw["sampled"]["max"]


def check_agreement(wdc):
    """All formulations give the same numbers."""
    js = np.arange(1, 9)
    values = [method(wdc, 0, js) for method in wdc.methods]
    assert all(np.allclose(v, values[0], rtol=1e-11, atol=1e-13) for v in values)


def compare(program, k, n, rounds, samples):
    rng = np.random.default_rng(1)
    W = rng.normal(size=(n, k)) / np.sqrt(n)
    X = rng.normal(size=(512, k))
    wdc = Wdc(W, X / np.linalg.norm(X, axis=1, keepdims=True))
    check_agreement(wdc)
    ours, theirs = [], {method.__name__: [] for method in wdc.methods}
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "W.npy")
        np.save(file, W)
        for _ in range(rounds):
            ours.append(program_seconds_per_pair(program, file, samples)[0])
            for method in wdc.methods:
                theirs[method.__name__].append(numpy_seconds_per_pair(wdc, method, range(2)))
    best = {name: min(seconds) for name, seconds in theirs.items()}
    name = min(best, key=best.get)
    ratio = best[name] / min(ours)
    print(f"k = {k:3d}  n = {n:5d}   theoremeter {1 / min(ours):10.0f} pairs/s   {name} {1 / best[name]:10.0f} pairs/s   ratio {ratio:5.1f}")
    print("      " + "   ".join(f"{name} {1e6 * seconds:.2f} us" for name, seconds in best.items()) + f"   theoremeter {1e6 * min(ours):.2f} us", flush=True)
    return ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/theoremeter")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="rough length of the program's share of a round")
    parser.add_argument("--sizes", nargs="+", default=["10,500", "20,1000", "50,2000"], help="k,n")
    parser.add_argument("--at-least", type=float, default=5)
    options = parser.parse_args()
    if not optimised_blas():
        print("NumPy runs on the reference BLAS: apt install libopenblas0", file=sys.stderr)
        sys.exit(2)
    print(f"NumPy {np.__version__} on {optimised_blas()}")
    ratios = []
    for size in options.sizes:
        k, n = map(int, size.split(","))
        samples = int(options.seconds / (n * k * (k + 1) * 4e-12 + 3e-7))
        ratios.append(compare(options.program, k, n, options.rounds, samples))
    sys.exit(min(ratios) < options.at_least)


if __name__ == "__main__":
    main()
