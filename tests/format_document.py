#!/usr/bin/env python3
"""docs/format.md ends with what `theoremeter format` prints, and fresh files hold what it says: names, types, dimensions.

    format_document.py [--write]        --write: put there what the program prints
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("THEOREMETER", "build/theoremeter")
DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "docs/format.md"
MARK = "<!-- theoremeter format -->\n"

QUICK = ["--directions", "20", "--starts", "1", "--descents", "2", "--condition-starts", "1"]
FRESH = {
    "measure wdc": ["--n", "12", "--k", "2", "--samples", "50", "--starts", "2"],
    "measure joint-wdc": ["--l", "12", "--n", "2", "--p", "3", "--samples", "50", "--starts", "2"],
    "measure rrcp": ["--widths", "2,5", "--m", "6", "--samples", "50", "--starts", "1"],
    "landscape phase-retrieval": ["--widths", "2,5", "--m", "6", "--census", *QUICK],
    "landscape blind-demodulation": ["--widths", "2,5,8", "--widths2", "3,5,8", *QUICK],
    "census inversion": ["--widths", "2,5"],
    "recover recovery": ["--widths", "2,5", "--m", "6", "--steps", "3", "--trace", "0,1"],
    "surface blind-demodulation": ["--points", "3"],
}
for name, of, asked in (("decide", "measure wdc", ["--decide", "0.5"]), ("lemma_starts", "landscape phase-retrieval", ["--lemma-starts", "1"])):
    FRESH[f"{of} with {name}, besides"] = FRESH[of] + asked
WORD = {"recover recovery": "recover dpr"}  # studies whose word is a parameter
# In every file, whatever the study: the document says so in prose.
COMMON = {"state", "measured_by", "run_version", "run_commit", "run_compiler", "run_flags", "run_libraries", "run_host_cpu", "run_date"}


def program(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True, text=True).stdout


def documented(section):
    """{name: (type, dimensions)} of a section's tables."""
    entries = {}
    for line in section.splitlines():
        cells = [c.strip().strip("`") for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if line.startswith("| `"):
            entries[cells[0]] = (cells[1], cells[2] if len(cells) == 5 else "(point)")
    return entries


def sections():
    parts = re.split(r"^## (.*)\n", DOCUMENT.read_text().split(MARK)[1], flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def present(path):
    import h5py

    def type_of(data):
        return "string" if h5py.check_string_dtype(data.dtype) else data.dtype.name

    with h5py.File(path) as file:
        sets = {name: data for name, data in file.items() if isinstance(data, h5py.Dataset)}
        scales = {name for name, data in sets.items() if data.attrs.get("CLASS") == b"DIMENSION_SCALE"}
        entries = {}
        for name, data in sets.items():
            if name not in scales | COMMON:
                names = [axis[0].name.lstrip("/") for axis in data.dims]
                entries[name] = (type_of(data), f"({', '.join(names)})")
        lists = {str(data.attrs["sample_dimension"]) for data in sets.values() if "sample_dimension" in data.attrs}
    return entries, scales, lists


class Format(unittest.TestCase):
    def test_document_is_what_the_program_prints(self):
        self.assertEqual(DOCUMENT.read_text().split(MARK)[1], program("format"), "renew it: tests/format_document.py --write")

    def test_every_study_has_a_section(self):
        self.assertLessEqual(set(FRESH), set(sections()))

    def test_fresh_files_hold_what_the_document_says_and_no_other(self):
        try:
            import h5py  # noqa: F401
        except ImportError as missing:
            self.skipTest(f"{missing}: apt install python3-h5py")
        for study, options in FRESH.items():
            with self.subTest(study), tempfile.TemporaryDirectory() as folder:
                file = os.path.join(folder, "fresh.h5")
                of = study.split(" with ")[0]
                program(*WORD.get(of, of).split(), *options, "--output", file)
                found, scales, lists = present(file)
                owners = {f"{name}_{whose}" for name in lists for whose in ("point", "draw")}
                said = {**documented(sections()[of]), **documented(sections()[study])}
                self.assertEqual({n: e for n, e in found.items() if n in said or n not in owners}, said)
                used = {d for _, dimensions in said.values() for d in dimensions.strip("()").split(", ")}
                self.assertEqual(scales - {"run"}, used)


if __name__ == "__main__":
    if "--write" in sys.argv:
        DOCUMENT.write_text(DOCUMENT.read_text().split(MARK)[0] + MARK + program("format"))
    else:
        unittest.main()
