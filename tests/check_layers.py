#!/usr/bin/env python3
"""Dependencies point one way: theory <- estimators, theory <- results, both <- experiments/studies <- experiments.

    check_layers.py [ROOT]        one line for each include that runs the other way; exit code 1 if there is any

What is run and kept knows no study by name: experiments/ sees of studies only what a study is and which there are. What
verifies shares nothing with what measures. HDF5 is known to those who read and write files.
"""

import fnmatch
import pathlib
import re
import sys
import tempfile
import unittest

# What files may include, of this project, by the first pattern that fits; "theory/" stands for everything below it.
STUDY = ("results/columns.hpp", "results/setting.hpp", "results/summary.hpp", "results/align.hpp", "results/row.hpp",
         "results/schema.hpp", "results/weights.hpp", "experiments/studies/")
ESTIMATED = ("estimators/stream.hpp", "estimators/measurement.hpp", "estimators/landscape_result.hpp",
             "estimators/census_result.hpp")
STATISTICS = ("estimators/statistics.hpp", "estimators/intervals.hpp", "estimators/fits.hpp", "estimators/regression.hpp")  # of what was measured
MAY_INCLUDE = {
    "theory/**": ("theory/",),
    "estimators/**": ("theory/", "estimators/"),
    "results/**": ("theory/", "results/", *STATISTICS),
    "experiments/studies/*_verify.?pp": ("theory/", *ESTIMATED, *STUDY),
    "experiments/studies/**": ("theory/", "estimators/", *STUDY),
    "experiments/**": ("theory/", "results/", "experiments/", *STATISTICS),
    "tests/**": ("theory/", "estimators/", "results/", "experiments/", "tests/"),
}
# Of these, what they may not include after all.
BUT = {"experiments/**": re.compile(r"experiments/studies/(?!study\.hpp|studies\.hpp)")}

HDF5 = r"<(hdf5|H5)[^>]*>|\"results/hdf5\.hpp\""
MAY_USE_HDF5 = ("results/hdf5.*", "results/data_file.cpp", "results/file_*.?pp", "results/format_1.?pp", "results/provenance.cpp",
                "results/export.cpp", "results/weights.cpp", "results/weights/*", "tests/**")
FILES = r"<(fstream|iostream|istream|ostream|cstdio|stdio\.h|filesystem|fcntl\.h|unistd\.h|nlohmann/.*|toml\+\+/.*)>"
RANDOMNESS = r"<(random|boost/random.*|Random123/.*)>"
THREADS = r"<(thread|mutex|shared_mutex|condition_variable|future|atomic|omp\.h|pthread\.h)>|#\s*pragma\s+omp"
MUST_NOT_USE = {
    "theory/**": {"files": FILES, "randomness": RANDOMNESS, "threads": THREADS},
    "estimators/**": {"files": FILES},
    "experiments/studies/**": {"files": FILES},
}
LAYERS = ("theory", "estimators", "results", "experiments", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def rule(rules, path):
    """What the first pattern that fits says: ** any folders, also none."""
    return next((value for pattern, value in rules.items() if fits(path, pattern)), None)


def fits(path, pattern):
    return fnmatch.fnmatchcase(str(path), pattern) if "**" in pattern else path.match(pattern)


def violations(root):
    """(file, line number, what is wrong) for every include in the tree that the layers forbid."""
    found = []
    for path in sorted(p for layer in LAYERS for p in root.glob(f"{layer}/**/*.[ch]pp")):
        name = path.relative_to(root)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found += [(name, number, what) for what in complaints(root, name, line)]
    return found


def complaints(root, name, line):
    include = INCLUDE.match(line)
    if include:
        but = rule(BUT, name) if rule(MAY_INCLUDE, name) is MAY_INCLUDE["experiments/**"] else None
        if not include[1].startswith(rule(MAY_INCLUDE, name)) or (but and but.match(include[1])):
            yield f"{name} may not include {include[1]}"
        elif not (root / include[1]).is_file():
            yield f"{include[1]} does not exist; includes are named from the root"
    if re.search(r"^\s*#\s*include\s*(" + HDF5 + ")", line) and not any(fits(name, p) for p in MAY_USE_HDF5):
        yield f"{name} has no business with HDF5: {line.strip()}"
    for what, pattern in (rule(MUST_NOT_USE, name) or {}).items():
        if re.search(r"^\s*(#\s*include\s*)?(" + pattern + ")", line):
            yield f"{name} has no business with {what}: {line.strip()}"


# What knows no study by name: everything that runs, keeps and shows, whatever the study.
IMPARTIAL = ("experiments/*.[ch]pp", "results/*.[ch]pp", "results/plot.py", "results/plot_file.py", "results/plot_style.py", "results/plot_sweep.py",
             "results/report.py")
PARTIAL = ("experiments/main.cpp",  # --help gives examples
           "experiments/rho.cpp",   # a calculator, no study
           "results/format_1.cpp", "results/format_1.hpp")  # files of old had a layout a study
STUDIES = re.compile(r"wdc|phaseless|rrcp|rric|landscape|census|inversion|phase.retrieval|amplitude.flow|compressed.sensing"
                     r"|demodulation|hlv|Measurement\b", re.IGNORECASE)
TOLD_TO_PEOPLE = re.compile(r"^\s*(//|#(?!\s*include))|as in condition = ")


def names_of_studies(root):
    """(file, line number, what is wrong) where a study is named by what should serve every study; help and comments may."""
    found = []
    for path in sorted(path for pattern in IMPARTIAL for path in root.glob(pattern)):
        if str(path.relative_to(root)) in PARTIAL:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0]
            name = STUDIES.search(code)
            if name and not TOLD_TO_PEOPLE.search(line):
                found.append((path.relative_to(root), number, f"names a study: {name[0]}"))
    return found


class PlantedNames(unittest.TestCase):
    """A study named where none may be is found; one in a comment, in help or among the studies is not."""

    def found(self, name, line):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True)
            path.write_text(line + "\n")
            return len(names_of_studies(pathlib.Path(folder)))

    def test_planted(self):
        for name in ("experiments/runner.cpp", "experiments/queue.hpp", "results/json.cpp", "results/merge.hpp", "results/plot.py"):
            for line in ('if (key == "wdc")', '#include "estimators/census_result.hpp"', "Landscape l;", "phase_retrieval()"):
                with self.subTest(name=name, line=line):
                    self.assertEqual(self.found(name, line), 1)

    def test_sound(self):
        for name, line in (("experiments/keep.cpp", "// as a census does"), ("experiments/studies/census.cpp", "census();"),
                           ("results/table.cpp", "int n;"), ("results/format_1.cpp", 'if (kind == "landscape")')):
            with self.subTest(name=name, line=line):
                self.assertEqual(self.found(name, line), 0)


class Planted(unittest.TestCase):
    """The check can fail: violations planted in a small tree are found, and nothing else is."""

    SOUND = {
        "theory/a.hpp": "#include <cmath>\n",
        "estimators/b.hpp": '#include "theory/a.hpp"\n#include <random>\n#include <omp.h>\n#pragma omp parallel\n',
        "estimators/measurement.hpp": '#include "theory/a.hpp"\n',
        "results/hdf5.hpp": "#include <hdf5.h>\n",
        "results/row.hpp": '#include "theory/a.hpp"\n#include <fstream>\n',
        "results/data_file.cpp": '#include "results/hdf5.hpp"\n#include "results/row.hpp"\n',
        "results/data_set.hpp": '#include "results/row.hpp"\n',
        "results/weights/npy.cpp": "#include <hdf5.h>\n",
        "experiments/studies/study.hpp": '#include "estimators/b.hpp"\n#include "results/row.hpp"\n',
        "experiments/studies/toy.hpp": '#include "experiments/studies/study.hpp"\n#include "theory/a.hpp"\n',
        "experiments/studies/toy_verify.cpp": '#include "experiments/studies/toy.hpp"\n#include "estimators/measurement.hpp"\n',
        "experiments/d.cpp": '#include "experiments/studies/study.hpp"\n#include "results/data_set.hpp"\n',
        "tests/e.cpp": '#include "results/row.hpp"\n#include "results/hdf5.hpp"\n#include "estimators/b.hpp"\n',
    }
    UNSOUND = [
        ("theory/a.hpp", '#include "estimators/b.hpp"'),
        ("theory/a.hpp", '  #  include "results/row.hpp"'),
        ("theory/a.hpp", "#include <random>"),
        ("theory/a.hpp", "#include <fstream>"),
        ("theory/a.hpp", "#include <iostream>"),
        ("theory/a.hpp", "#include <omp.h>"),
        ("theory/a.hpp", "#pragma omp parallel for"),
        ("theory/a.hpp", "#include <Random123/philox.h>"),
        ("theory/a.hpp", "#include <hdf5_hl.h>"),
        ("estimators/b.hpp", '#include "results/row.hpp"'),
        ("estimators/b.hpp", '#include "experiments/d.cpp"'),
        ("estimators/b.hpp", '#include "../experiments/d.cpp"'),
        ("estimators/b.hpp", '#include "experiments/studies/study.hpp"'),
        ("estimators/b.hpp", "#include <fstream>"),
        ("estimators/b.hpp", "#include <hdf5.h>"),
        ("results/row.hpp", '#include "estimators/b.hpp"'),
        ("results/row.hpp", '#include "estimators/measurement.hpp"'),
        ("results/row.hpp", '#include "experiments/d.cpp"'),
        ("results/row.hpp", '#include "experiments/studies/study.hpp"'),
        ("results/row.hpp", '#include "row.hpp"'),
        ("results/row.hpp", '#include "results/hdf5.hpp"'),
        ("results/data_set.hpp", "#include <H5public.h>"),
        ("experiments/studies/toy.hpp", '#include "results/data_set.hpp"'),
        ("experiments/studies/toy.hpp", '#include "results/hdf5.hpp"'),
        ("experiments/studies/toy.hpp", '#include "experiments/d.cpp"'),
        ("experiments/studies/toy.hpp", "#include <fstream>"),
        ("experiments/studies/toy_verify.cpp", '#include "estimators/b.hpp"'),
        ("experiments/studies/toy_verify.cpp", '#include "results/data_set.hpp"'),
        ("experiments/d.cpp", '#include "experiments/studies/toy.hpp"'),
        ("experiments/d.cpp", '#include "experiments/studies/toy_verify.cpp"'),
        ("experiments/d.cpp", '#include "estimators/b.hpp"'),
        ("experiments/d.cpp", '#include "estimators/measurement.hpp"'),
        ("experiments/d.cpp", "#include <hdf5.h>"),
        ("experiments/d.cpp", '#include "tests/e.cpp"'),
    ]

    def tree(self, folder, extra=("", "")):
        for name, text in self.SOUND.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + (extra[1] + "\n" if name == extra[0] else ""))
        return pathlib.Path(folder)

    def test_sound_tree_passes(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(violations(self.tree(folder)), [])

    def test_each_planted_violation_is_found(self):
        for name, line in self.UNSOUND:
            with self.subTest(file=name, line=line), tempfile.TemporaryDirectory() as folder:
                found = violations(self.tree(folder, (name, line)))
                self.assertEqual({str(path) for path, *_ in found}, {name})


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(Planted), load(PlantedNames)])
    if not unittest.TextTestRunner(verbosity=0).run(suite).wasSuccessful():
        return 1
    found = violations(root) + names_of_studies(root)
    for path, number, what in found:
        print(f"{path}:{number}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
