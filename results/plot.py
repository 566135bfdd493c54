#!/usr/bin/env python3
"""Figures of a results file, made to go into a paper: PDF and PNG. What `theoremeter plot` runs.

    plot.py FILE.h5 --out PREFIX [--figure sweep|share|surface|instance] [--one FIGURE] [--x NAME] [--y COLUMN[:LABEL],...]
                    [--panels NAME,...] [--log x|y|xy] [--label TEXT] [--guide SLOPE] [--point P --draw D]

sweep: columns against a parameter, or a ratio of two (n_over_k); markers at the median over draws, bars span the draws. Shapes
tell apart what is at least, at most, or neither. share: how often a yes/no column is yes, or the probability that was decided (of the column decided in a sweep too), with the
exact 95 % intervals of `theoremeter table`. surface: a surface over the plane with its critical points, and its contours. instance: the objective of one draw with two latent
dimensions, and its stationary points; with three, on a map of directions. --one: what a file of one draw, or the draw asked for, is drawn as. All else comes from
the attributes in the file.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True  # where this is installed nothing else is to be written
try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    import plot_instance
    import plot_recovery
    import plot_surface
    import plot_sweep
    from plot_file import Refused, Results
    from plot_style import STYLE
except ImportError as lacking:
    print(f"theoremeter: figures need python3-numpy, python3-h5py and python3-matplotlib: {lacking}", file=sys.stderr)
    sys.exit(2)

FIGURES = {
    "recovery": plot_recovery.figure,
    "sweep": plot_sweep.sweep,
    "share": plot_sweep.share,
    "surface": plot_surface.surface,
    "instance": plot_instance.instance,
}


def save(fig, prefix):
    """Both files, each written beside and renamed."""
    for extension, options in (("pdf", {"metadata": {"CreationDate": None}}), ("png", {"dpi": 300})):
        final, part = f"{prefix}.{extension}", f"{prefix}.part.{extension}"
        try:
            fig.savefig(part, dpi=options.pop("dpi", 400), **options)
            os.replace(part, final)
        finally:
            if os.path.exists(part):
                os.remove(part)
        print(final)


def options_of(words, prog="theoremeter plot"):
    parser = argparse.ArgumentParser(prog=prog, description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--out", metavar="PREFIX")
    parser.add_argument("--figure", choices=FIGURES, default="sweep")
    parser.add_argument("--one", choices=FIGURES)
    parser.add_argument("--program", default="theoremeter")
    parser.add_argument("--magnitudes", choices=("yes", "no"), default="no")
    for name in ("x", "panels", "label"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--asked-x", default="", help="the same as --x, where it was typed")
    parser.add_argument("--y", default="at_least")
    parser.add_argument("--log", choices=("", "x", "y", "xy"), default="")
    parser.add_argument("--guide", type=float)
    for name in ("point", "draw"):
        parser.add_argument(f"--{name}", type=int, default=-1)
    options = parser.parse_args(words)
    options.x = options.asked_x or options.x
    options.magnitudes = options.magnitudes == "yes"
    return options


def figure(options):
    """The figure; throws Refused, also where the file is not as the format has it."""
    try:
        results = Results(options.file)
        asked = options.point >= 0 or options.draw >= 0
        if asked and not options.one:
            raise Refused("a single draw of it has no figure")
        one = options.one and (asked or results.only_draw() is not None and not options.asked_x)
        return FIGURES[options.one if one else options.figure](results, options)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OSError) as error:
        raise Refused(f"not as format 2.1 has it: {' '.join(str(error).split())}") from error


def main():
    options = options_of(sys.argv[1:])
    try:
        plt.rcParams.update(STYLE)
        save(figure(options), options.out or os.path.splitext(options.file)[0])
    except Refused as refused:
        print(f"theoremeter: {options.file}: {refused}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"theoremeter: {error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
