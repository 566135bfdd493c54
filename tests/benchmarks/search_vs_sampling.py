#!/usr/bin/env python3
"""How much more the worst-case search finds than uniform sampling given the same time, on one thread, condition by condition.

    search_vs_sampling.py [--binary build/theoremeter] [--seeds 1,2,3]

The search runs with its default number of starts; then as many uniformly random points are sampled as fit in the same time
(measured on a smaller sample first). One row a condition and seed: the seconds and the largest value of each, and the ratio.
"""

import argparse
import json
import subprocess

INSTANCES = [
    ("wdc", ["--n", "500", "--k", "10"]),
    ("wdc", ["--n", "1000", "--k", "20"]),
    ("phaseless", ["--m", "500", "--n", "10"]),
    ("joint-wdc", ["--l", "400", "--n", "5", "--p", "5"]),
    ("rrcp", ["--widths", "10,100,400", "--m", "200"]),
]
MOST = 100_000_000  # points that one sample may have


def measure(binary, condition, sizes, seed, *options):
    command = [binary, "measure", condition, *sizes, "--seed", str(seed), "--threads", "1", "--json", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["draws"][0]


def sampled(binary, condition, sizes, seed, seconds):
    """The best of uniform sampling for about so many seconds, and the seconds it took."""
    count = 20_000
    while True:
        draw = measure(binary, condition, sizes, seed, "--evidence", "sample", "--grid", "random", "--samples", str(count))
        took = draw["seconds"]["sample"]
        if took > 0.7 * seconds or count == MOST:
            return draw["at_least"], took, draw["sampled"]["count"]
        count = min(MOST, int(count * min(30, 0.95 * seconds / max(took, 1e-3))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/theoremeter")
    parser.add_argument("--seeds", default="1")
    arguments = parser.parse_args()
    print(f"{'condition':<40} {'seed':>4} {'searched':>9} {'s':>6} {'sampled':>9} {'s':>6} {'points':>11} {'ratio':>6}")
    for condition, sizes in INSTANCES:
        for seed in map(int, arguments.seeds.split(",")):
            search = measure(arguments.binary, condition, sizes, seed, "--evidence", "search")
            seconds = search["seconds"]["search"]
            value, took, points = sampled(arguments.binary, condition, sizes, seed, seconds)
            name = f"{condition} {' '.join(sizes)}"
            print(f"{name:<40} {seed:>4} {search['at_least']:>9.4f} {seconds:>6.1f} {value:>9.4f} {took:>6.1f} {points:>11} "
                  f"{search['at_least'] / value:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
