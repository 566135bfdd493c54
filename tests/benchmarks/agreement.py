#!/usr/bin/env python3
"""How far below the supremum is a search whose halves agree to so much? Default searches of many draws against longer ones.

    agreement.py [--binary build/theoremeter] [--only wdc] [--draws 12] [--times 5] [--seed 1] [--threads 2]

A row a family of draws: how many searches found less than the longer one by over 0.1 %, by over 1 %, by more than their halves
differ, by more than twice that or 1 %; the largest and the median shortfall; the median agreement. The last row: all families.
A longer search may fall short, too: the shortfalls are at least what they are said to be.
"""

import json
import statistics

from search_budgets import options, run

FAMILIES = [
    ("wdc", ["--n", "200", "--k", "5"]),
    ("wdc", ["--n", "200", "--k", "10"]),
    ("wdc", ["--n", "500", "--k", "10"]),
    ("wdc", ["--n", "400", "--k", "20"]),
    ("phaseless", ["--m", "200", "--n", "10"]),
    ("joint-wdc", ["--l", "200", "--n", "4", "--p", "4"]),
    ("rrcp", ["--widths", "3,20,60", "--m", "40"]),
    ("rrcp", ["--widths", "5,30,60", "--m", "60"]),
    ("rrcp", ["--widths", "3,10,30,60", "--m", "40"]),
    ("rric", ["--widths", "5,30,60", "--m", "60"]),
]
TOLERANCE = 0.001


def searched(o, condition, sizes, starts=None):
    command = [o.binary, "measure", condition, *sizes, "--draws", o.draws, "--seed", o.seed, "--threads", o.threads, "--evidence", "search", "--json"]
    if starts:
        command += ["--starts", starts]
    return json.loads(run(*command))["draws"]


def row(name, searches):
    shortfalls = [s for s, _ in searches]
    part = lambda beyond: sum(beyond(s, a) for s, a in searches)
    print(f"{name:<32} {len(searches):>8} {part(lambda s, a: s > TOLERANCE):>6} {part(lambda s, a: s > 0.01):>6} "
          f"{part(lambda s, a: s > a + TOLERANCE):>9} {part(lambda s, a: s > max(2 * a, 0.01)):>14} "
          f"{100 * max(shortfalls):>6.1f} % {100 * statistics.median(shortfalls):>6.2f} % {100 * statistics.median(a for _, a in searches):>6.2f} %",
          flush=True)


def main():
    o = options(__doc__, draws=12, times=5, seed=1)
    print(f"{'family':<32} {'searches':>8} {'> 0.1%':>6} {'> 1%':>6} {'> halves':>9} {'> 2 halves, 1%':>14} {'worst':>8} {'median':>8} {'halves':>8}")
    every = []
    for condition, sizes in FAMILIES:
        name = f"{condition} {' '.join(sizes)}"
        if o.only not in name:
            continue
        default = searched(o, condition, sizes)
        longer = searched(o, condition, sizes, o.times * default[0]["searched"]["starts"])
        searches = [(1 - d["at_least"] / max(d["at_least"], l["at_least"]), d["searched"]["agreement"]) for d, l in zip(default, longer)]
        row(name, searches)
        every += searches
    row("all", every)


if __name__ == "__main__":
    main()
