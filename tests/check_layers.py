#!/usr/bin/env python3
"""Dependencies point one way: theory <- estimators <- experiments; results knows theory and what estimators return.

    check_layers.py [ROOT]        one line for each include that runs the other way; exit code 1 if there is any
"""

import pathlib
import re
import sys
import tempfile
import unittest

# What a file of each layer may include, of this project; "theory/" stands for everything below it.
MAY_INCLUDE = {
    "theory": ("theory/",),
    "estimators": ("theory/", "estimators/"),
    "results": ("theory/", "results/", "estimators/measurement.hpp", "estimators/landscape_result.hpp",
                "estimators/census_result.hpp"),
    "experiments": ("theory/", "estimators/", "results/", "experiments/"),
    "tests": ("theory/", "estimators/", "results/", "experiments/", "tests/"),
}
FILES = r"<(fstream|iostream|istream|ostream|cstdio|stdio\.h|filesystem|fcntl\.h|unistd\.h|hdf5.*|H5.*|nlohmann/.*|toml\+\+/.*)>"
RANDOMNESS = r"<(random|boost/random.*|Random123/.*)>"
THREADS = r"<(thread|mutex|shared_mutex|condition_variable|future|atomic|omp\.h|pthread\.h)>|#\s*pragma\s+omp"
MUST_NOT_USE = {
    "theory": {"files": FILES, "randomness": RANDOMNESS, "threads": THREADS},
    "estimators": {"files": FILES},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def violations(root):
    """(file, line number, what is wrong) for every include in the tree that the layers forbid."""
    found = []
    for layer, allowed in MAY_INCLUDE.items():
        for path in sorted(root.glob(f"{layer}/**/*.[ch]pp")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for what in complaints(root, layer, allowed, line):
                    found.append((path.relative_to(root), number, what))
    return found


def complaints(root, layer, allowed, line):
    include = INCLUDE.match(line)
    if include and not include[1].startswith(allowed):
        yield f"{layer} may not include {include[1]}"
    elif include and not (root / include[1]).is_file():
        yield f"{include[1]} does not exist; includes are named from the root"
    for what, pattern in MUST_NOT_USE.get(layer, {}).items():
        if re.search(r"^\s*(#\s*include\s*)?(" + pattern + ")", line):
            yield f"{layer} has no business with {what}: {line.strip()}"


# What knows no study by name: everything that runs, keeps and shows, whatever the study.
IMPARTIAL = ("experiments/*.[ch]pp", "results/*.[ch]pp", "results/plot.py")
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
        "results/c.hpp": '#include "theory/a.hpp"\n#include "estimators/measurement.hpp"\n#include <fstream>\n',
        "experiments/d.cpp": '#include "estimators/b.hpp"\n#include "results/c.hpp"\n#include <hdf5.h>\n',
        "tests/e.cpp": '#include "results/c.hpp"\n',
    }
    UNSOUND = [
        ("theory/a.hpp", '#include "estimators/b.hpp"'),
        ("theory/a.hpp", '  #  include "results/c.hpp"'),
        ("theory/a.hpp", "#include <random>"),
        ("theory/a.hpp", "#include <fstream>"),
        ("theory/a.hpp", "#include <iostream>"),
        ("theory/a.hpp", "#include <omp.h>"),
        ("theory/a.hpp", "#pragma omp parallel for"),
        ("theory/a.hpp", "#include <Random123/philox.h>"),
        ("theory/a.hpp", "#include <hdf5_hl.h>"),
        ("estimators/b.hpp", '#include "results/c.hpp"'),
        ("estimators/b.hpp", '#include "experiments/d.cpp"'),
        ("estimators/b.hpp", '#include "../experiments/d.cpp"'),
        ("estimators/b.hpp", "#include <fstream>"),
        ("estimators/b.hpp", "#include <hdf5.h>"),
        ("results/c.hpp", '#include "estimators/b.hpp"'),
        ("results/c.hpp", '#include "experiments/d.cpp"'),
        ("results/c.hpp", '#include "c.hpp"'),
        ("experiments/d.cpp", '#include "tests/e.cpp"'),
    ]

    def tree(self, folder, extra=("", "")):
        for name, text in self.SOUND.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + (extra[1] + "\n" if name == extra[0] else ""))
        return pathlib.Path(folder)

    def test_sound_tree_passes(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(violations(self.tree(folder)), [])

    def test_each_planted_violation_is_found(self):
        for name, line in self.UNSOUND:
            with self.subTest(file=name, line=line), tempfile.TemporaryDirectory() as folder:
                found = violations(self.tree(folder, (name, line)))
                self.assertEqual([str(path) for path, *_ in found], [name])


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
