#!/usr/bin/env python3
"""Has the search converged? What it finds by default and with ten times the starts, several seeds of the search on one instance.

    search_budgets.py [--binary build/theoremeter[,OTHER]] [--only wdc] [--seeds 1,2,3,4,5] [--times 10] [--threads 2]

The instance is the draw of seed 1, exported and given back, so that a seed is the search's own. One row an instance, budget and
program: the least and the largest value over the seeds, the mean, how far the least is below the best of all rows of the
instance, the mean agreement of a search's halves, the mean seconds.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

INSTANCES = [
    ("wdc", ["--n", "500", "--k", "20"]),
    ("wdc", ["--n", "1000", "--k", "20"]),
    ("wdc", ["--n", "2000", "--k", "20"]),
    ("wdc", ["--n", "1000", "--k", "50"]),
    ("wdc", ["--n", "2000", "--k", "50"]),
    ("wdc", ["--n", "4000", "--k", "50"]),
    ("wdc", ["--n", "2000", "--k", "100"]),
    ("wdc", ["--n", "4000", "--k", "100"]),
    ("wdc", ["--n", "8000", "--k", "100"]),
    ("phaseless", ["--m", "500", "--n", "20"]),
    ("phaseless", ["--m", "1000", "--n", "50"]),
    ("joint-wdc", ["--l", "400", "--n", "5", "--p", "5"]),
    ("joint-wdc", ["--l", "1000", "--n", "10", "--p", "10"]),
    ("rrcp", ["--widths", "10,100,400", "--m", "200"]),
    ("rrcp", ["--widths", "5,50,200", "--m", "100"]),
    ("rrcp", ["--widths", "20,200,500", "--m", "400"]),
    ("rrcp", ["--widths", "5,30,80,200", "--m", "100"]),
]


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def given(binary, condition, sizes, folder):
    """The options that give the draw of seed 1 back."""
    run(binary, "measure", condition, *sizes, "--evidence", "search", "--starts", 1, "--output", folder / "draw.h5")
    run(binary, "export", folder / "draw.h5", "--output", folder / "draw")
    file = {path.stem: path for path in (folder / "draw").glob("*.npy")}
    if condition in ("wdc", "phaseless"):
        return ["--weights", *file.values()]
    if condition == "rrcp":
        layers = ",".join(str(file[f"W_{i}"]) for i in range(1, len(file)))
        return ["--network", layers, "--A", file["A"]]
    return [option for name, path in sorted(file.items()) for option in (f"--{name}", path)]


def searched(binary, condition, matrices, seed, threads, starts):
    options = ["--starts", starts] if starts else []
    draw = json.loads(run(binary, "measure", condition, *matrices, "--seed", seed, "--threads", threads, "--evidence", "search",
                          "--json", *options))["draws"][0]
    return draw["at_least"], draw["searched"]["agreement"], draw["seconds"]["search"], draw["searched"]["starts"]


def options(description, **more):
    """The options of every such script, and more: names and defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"binary": "build/theoremeter", "only": "", "times": 10, "threads": 2, **more}.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


def main():
    o = options(__doc__, seeds="1,2,3,4,5")
    print(f"{'instance':<38} {'program':<24} {'starts':>7} {'least':>8} {'largest':>8} {'mean':>8} {'short':>7} {'agree':>7} {'s':>7}")
    for condition, sizes in INSTANCES:
        name = f"{condition} {' '.join(sizes)}"
        if o.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            binaries = o.binary.split(",")
            matrices = given(binaries[0], condition, sizes, pathlib.Path(folder))
            table = []
            for binary in binaries:
                starts = None
                for _ in range(2 if o.times > 1 else 1):
                    rows = [searched(binary, condition, matrices, seed, o.threads, starts) for seed in o.seeds.split(",")]
                    table.append((binary, rows))
                    starts = o.times * rows[0][3]
        best = max(row[0] for _, rows in table for row in rows)
        for binary, rows in table:
            values, agreements, seconds, starts = zip(*rows)
            print(f"{name:<38} {binary[-24:]:<24} {starts[0]:>7} {min(values):>8.4f} {max(values):>8.4f} {statistics.mean(values):>8.4f} "
                  f"{100 * (1 - min(values) / best):>5.1f} % {100 * statistics.mean([a or 0 for a in agreements]):>5.1f} % {statistics.mean(seconds):>7.1f}",
                  flush=True)


if __name__ == "__main__":
    main()
