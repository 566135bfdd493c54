"""A results file as figures need it: the points, their parameters, and columns by point and draw."""

import csv
import json
import math
import os
import subprocess

import h5py
import numpy as np


class Refused(Exception):
    """One line: what cannot be drawn, and what could."""


class Results:
    """The points of a results file, their parameters, and columns by point and draw."""

    def __init__(self, path):
        self.path = path
        if not os.path.isfile(path):
            raise Refused("not a regular file" if os.path.exists(path) else "no such file")
        try:
            self.file = h5py.File(path, "r")
        except OSError as error:
            raise Refused(os.strerror(error.errno) if error.errno else "not an HDF5 file, or damaged") from None
        if self.file.attrs.get("format") != "theoremeter":
            raise Refused("not a theoremeter results file")
        major = int(np.ravel(self.file.attrs["format_version"])[0])
        if major != 2:
            raise Refused(f"format {major}.x; `theoremeter merge {path} --output NEW.h5` makes it 2.1")
        about = json.loads(np.ravel(self.file["about/description"].asstr()[()])[0])
        columns = {c["name"] for c in about["columns"]}
        self.title = self.file.attrs["title"]
        self.parameters, self.sizes = {}, []
        for p in about["parameters"]:
            name = p["name"]
            data = self.file["asked_" + name if name in columns else name]
            self.parameters[name] = list(data.asstr()[:]) if data.dtype == object else list(data[:])
            if p["scope"] != "option":
                self.sizes.append(name)
        self.state = self.file["state"][:]
        if not (self.state == 1).any():
            raise Refused("nothing has been measured yet")

    def kind(self, column):
        """at least, at most, or anything else as the file has it."""
        return self.file[column].attrs["kind"]

    def is_decided(self, column):
        """Refuted, proved or undecided: what was decided of each draw."""
        return column in self.file and str(self.file[column].attrs.get("flag_meanings", "")) == "refuted proved undecided"

    def shares(self, program, column):
        """Of every point the least and largest share of its draws that have this property, and the ends of its exact 95 % interval: as
        the program's table has them. NaN where no draw has the column."""
        how = ["--statistic", "probability"] if self.is_decided(column) else ["--statistic", "share", "--interval", "0.95"]
        done = subprocess.run([program, "table", self.path, "--columns", column, *how, "--format", "csv"], capture_output=True, text=True)
        if done.returncode:
            raise Refused(done.stderr.strip().removeprefix("theoremeter: "))
        names, *lines = csv.reader(done.stdout.splitlines())
        labels = names[:names.index("draws")]
        numbers = {tuple(map(comparable, line[:len(labels)])): [float(v) if v else math.nan for v in line[len(labels) + 1:]] for line in lines}
        of_points = [numbers[key] for key in zip(*([comparable(v) for v in self.parameters[n]] for n in labels))] if labels else list(numbers.values())
        ends = np.array(of_points, dtype=float).reshape(self.state.shape[0], -1)
        return ends if ends.shape[1] == 4 else ends[:, [0, 0, 1, 2]] if ends.shape[1] == 3 else np.full((len(ends), 4), math.nan)

    def column(self, name):
        if name not in self.file or self.file[name].ndim < 2:
            raise Refused(f"there is no column {name}")
        if self.file[name].dtype == object or "flag_meanings" in self.file[name].attrs and len(
                str(self.file[name].attrs["flag_meanings"]).split()) > 2:
            raise Refused(f"{name} holds words, no numbers")
        values = self.file[name][:].astype(float)
        values[self.state != 1] = np.nan
        return values

    def numbers(self, name):
        """A parameter as numbers, of a list the first; or the ratio of two."""
        if name in self.parameters:
            try:
                return np.array([float(str(v).split(",")[0]) if str(v) else math.nan for v in self.parameters[name]])
            except ValueError:
                raise Refused(f"{name} is no number: it can tell panels apart, --panels {name}") from None
        if "_over_" in name:
            a, b = name.split("_over_", 1)
            return self.numbers(a) / self.numbers(b)
        raise Refused(f"there is no parameter {name}; there are {', '.join(self.parameters)}")

    def values(self, name):
        """A parameter, or a ratio of two, at every point: what tells panels apart."""
        return self.parameters[name] if name in self.parameters else list(self.numbers(name))

    def varies(self, name):
        return len(set(map(str, self.parameters[name]))) > 1

    def panels(self, names):
        """(title, indices of points) for every combination of these parameters, in the order of numbers."""
        keys = list(zip(*(self.values(n) for n in names))) if names else [()] * self.state.shape[0]
        for key in sorted(set(keys), key=lambda k: [in_order(v) for v in k]):
            points = np.array([i for i, other in enumerate(keys) if other == key])
            yield ", ".join(map(told, names, key)), points

    def only_draw(self):
        """(point, draw) of a file that holds a single measured draw."""
        measured = np.argwhere(self.state == 1)
        return tuple(map(int, measured[0])) if len(measured) == 1 else None


def told(name, value):
    """A parameter's value, as the title of a panel; one that does not concern the point is none."""
    if comparable(value) is None:
        return f"no {name}"
    return value.replace(",", "–") if isinstance(value, str) else f"{mathematical(name)}$ = {value:g}$"


def comparable(value):
    """A parameter as the file and a table both have it: a number, a text, or None where there is none."""
    try:
        number = float(str(value))
        return None if math.isnan(number) or number == -1 else number
    except ValueError:
        return str(value) or None


def in_order(value):
    """Numbers, and lists of them ("3,40,200"), by size, before all other texts."""
    try:
        return 0, tuple(float(part) for part in str(value).split(",")), ""
    except ValueError:
        return 1, (), str(value)


def mathematical(name):
    """n_over_k as n/k, in italics."""
    parts = ["k" if p == "widths" else p for p in name.split("_over_")]
    return "$" + "/".join(p if len(p) == 1 else rf"\mathrm{{{p}}}".replace("_", r"\_") for p in parts) + "$"
