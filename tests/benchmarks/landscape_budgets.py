#!/usr/bin/env python3
"""Have the searches over directions converged? search_budgets.py for the three extrema of a landscape.

    landscape_budgets.py [--binary build/theoremeter[,OTHER]] [--only inversion] [--seeds 1,2,3,4,5] [--times 10] [--threads 2]

One row an instance, extremum, budget and program: the starts, the least and the largest value over the seeds, how far the worse of them is
from the best of all rows, the largest difference of a search's halves, the mean seconds of the whole command. E is searched upwards, the
least gradient and the descent at 0 downwards.
"""

import json
import pathlib
import tempfile
import time

from search_budgets import options, run

INSTANCES = [
    ("inversion", "10,100,400", None),
    ("inversion", "20,200,500", None),
    ("compressed-sensing", "6,30,60", 40),
    ("compressed-sensing", "10,100,400", 200),
    ("phase-retrieval", "6,30,60", 40),
    ("phase-retrieval", "10,100,400", 200),
]
EXTREMA = ["population_error", "worst_margin", "descent_at_zero"]
ONLY_SEARCH = ["--descents", 0, "--condition-starts", 0]


def given(binary, problem, widths, m, folder):
    """The options that give the draw of seed 1 back."""
    sizes = ["--widths", widths] + (["--m", m] if m else [])
    run(binary, "landscape", problem, *sizes, *ONLY_SEARCH, "--starts", 1, "--directions", 1, "--output", folder / "draw.h5")
    run(binary, "export", folder / "draw.h5", "--output", folder / "draw")
    file = {path.stem: path for path in (folder / "draw").glob("*.npy")}
    layers = ",".join(str(file[f"W_{i}"]) for i in range(1, widths.count(",") + 1))
    return ["--network", layers, "--x0", file["x0"]] + (["--A", file["A"]] if m else [])


def main():
    o = options(__doc__, seeds="1,2,3,4,5")
    print(f"{'instance':<34} {'extremum':<17} {'program':<24} {'starts':>6} {'least':>10} {'largest':>10} {'worst off':>9} {'halves':>7} {'s':>6}")
    for problem, widths, m in INSTANCES:
        name = f"{problem} {widths}" + (f" m = {m}" if m else "")
        if o.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            binaries = o.binary.split(",")
            matrices = given(binaries[0], problem, widths, m, pathlib.Path(folder))
            entries = sum(a * b for a, b in zip(*(lambda w: (w, w[1:]))([int(n) for n in widths.split(",")] + ([m] if m else []))))
            default = min(64, max(4, int(2e7 / (6 * entries))))
            table = []
            for binary in binaries:
                for starts in [default] + ([o.times * default] if o.times > 1 else []):
                    draws, began = [], time.monotonic()
                    for seed in o.seeds.split(","):
                        out = run(binary, "landscape", problem, *matrices, *ONLY_SEARCH, "--seed", seed, "--threads", o.threads,
                                  "--starts", starts, "--json")
                        draws.append(json.loads(out)["draws"][0])
                    table.append((binary, starts, draws, (time.monotonic() - began) / len(draws)))
            for extremum in EXTREMA:
                up = extremum == "population_error"
                best = (max if up else min)(draw[extremum] for _, _, draws, _ in table for draw in draws)
                for binary, starts, draws, seconds in table:
                    values = [draw[extremum] for draw in draws]
                    worst = min(values) if up else max(values)
                    off = abs(worst - best) / max(abs(worst), abs(best), 1e-300) if max(abs(worst), abs(best)) > 1e-12 else 0
                    halves = max(draw[extremum + "_agreement"] or 0 for draw in draws)
                    print(f"{name:<34} {extremum:<17} {binary[-24:]:<24} {starts:>6} {min(values):>10.4g} {max(values):>10.4g} "
                          f"{100 * off:>7.2f} % {100 * halves:>5.1f} % {seconds:>6.1f}", flush=True)


if __name__ == "__main__":
    main()
