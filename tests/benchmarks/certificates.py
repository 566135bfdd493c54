#!/usr/bin/env python3
"""Which certificates of the RRCP and the RRIC close, and how good are forecasts of when?

    certificates.py [--binary build/theoremeter] [--only rrcp] [--draws 6] [--threads 2]

First, a row a condition, size and gap: how many of the draws close, the widest gap left. Then, a row a condition: over budgets
that double until a certificate closes, in how many a forecast is given, how many of those are within a factor of two and three
of the nodes that it took, and the extremes of forecast over actual nodes.
"""

import json

from search_budgets import options, run

SIZES = [("2,4,5", 4), ("2,3,4", 3), ("2,3,4", 2), ("2,5,4,5", 4), ("2,2,3", 5), ("2,8", 6), ("2,3,6", 8), ("2,4,4,4", 6)]
GAPS = (0.3, 0.1, 0.03)
# What is certified, its seed and gap.
FORECAST = [("rrcp", ["--widths", widths, "--m", m, "--starts", 64], seed, gap)
            for widths, m, seed, gap in (("2,10,20", 40, 1, 0.05), ("2,10,20", 40, 2, 0.1), ("2,10,20", 20, 1, 0.01), ("2,10,20", 20, 1, 0.1),
                                         ("2,6,10", 12, 1, 0.01), ("2,6,10", 12, 1, 0.1), ("2,6,10", 12, 2, 0.03), ("2,8", 20, 1, 0.02),
                                         ("2,12,20", 60, 3, 0.05), ("2,4,5", 4, 2, 0.03))]
FORECAST += [("phaseless", ["--m", m, "--n", n, "--starts", 256], seed, gap)
             for m, n, seed, gap in ((30, 4, 1, 0.05), (60, 3, 1, 0.02), (100, 3, 2, 0.01), (100, 4, 1, 0.1), (50, 4, 2, 0.1))]
FIRST_BUDGET = {"rrcp": 30, "phaseless": 1000}


def measured(o, condition, sizes, *more):
    return json.loads(run(o.binary, "measure", condition, *sizes, "--evidence", "search,certify", "--threads", o.threads, "--json", *more))["draws"]


def closing(o):
    print(f"{'':<5} {'widths':<9} {'m':>2} {'gap':>5} {'closed':>8} {'widest gap':>11}")
    for condition in ("rrcp", "rric"):
        if o.only not in condition:
            continue
        for widths, m in SIZES:
            for gap in GAPS:
                draws = [d for d in measured(o, condition, ["--widths", widths, "--m", m, "--starts", 64], "--draws", o.draws,
                                             "--gap", gap, "--nodes", 20000) if d["at_least"]]
                gaps = [d["at_most"] / d["at_least"] - 1 for d in draws]
                print(f"{condition:<5} {widths:<9} {m:>2} {gap:>5} {sum(g <= gap * (1 + 1e-6) for g in gaps):>3} of {len(gaps)} "
                      f"{100 * max(gaps):>9.1f} %", flush=True)


def ratios(o, condition, sizes, seed, gap):
    """Forecasts over the nodes that it took, by budget; None where there is no forecast."""
    def with_budget(nodes):
        return measured(o, condition, sizes, "--seed", seed, "--gap", gap, "--nodes", nodes)[0]
    whole = with_budget(40_000_000 if condition == "phaseless" else 40_000)
    took, budget, found = whole["evaluations"]["certify"], FIRST_BUDGET[condition], []
    while whole["forecast"] is None and budget < took:
        forecast = with_budget(budget)["forecast"]
        if forecast is None:
            break
        found.append(forecast["to_close"] and forecast["to_close"] / took)
        budget *= 2
    return found


def forecasts(o):
    print(f"\n{'':<10} {'budgets':>7} {'given':>6} {'in two':>7} {'in three':>9} {'least':>6} {'most':>6}")
    for condition in FIRST_BUDGET:
        if o.only not in condition:
            continue
        found = [r for c, *rest in FORECAST if c == condition for r in ratios(o, c, *rest)]
        given = [r for r in found if r is not None]
        print(f"{condition:<10} {len(found):>7} {len(given):>6} {sum(1 / 2 <= r <= 2 for r in given):>7} "
              f"{sum(1 / 3 <= r <= 3 for r in given):>9} {min(given):>6.2f} {max(given):>6.2g}", flush=True)


def main():
    o = options(__doc__, draws=6)
    closing(o)
    forecasts(o)


if __name__ == "__main__":
    main()
