"""A results file opens in xarray, with both of its engines, and its lists can be grouped by draw."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

try:
    import h5netcdf  # noqa: F401
    import netCDF4  # noqa: F401
    import numpy as np
    import xarray
except ImportError as missing:
    print(f"skipped: {missing}; apt install python3-xarray python3-h5netcdf python3-netcdf4")
    sys.exit(0)

PROGRAM = os.environ.get("THEOREMETER", "build/theoremeter")


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True, text=True).stdout


class Xarray(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = os.path.join(self.folder.name, "r.h5")

    def each_engine(self):
        for engine in "h5netcdf", "netcdf4":
            with self.subTest(engine), xarray.open_dataset(self.file, engine=engine) as data:
                yield data.load()

    def test_a_condition(self):
        printed = json.loads(run("measure", "wdc", "--n", "12", "--k", "2", "--draws", "3", "--samples", "50", "--starts", "2",
                                 "--output", self.file, "--json"))
        for data in self.each_engine():
            self.assertEqual(dict(data.sizes)["draw"], 3)
            self.assertEqual(data.attrs["condition"], "wdc")
            self.assertEqual(list(data.attrs["format_version"]), [2, 3])
            self.assertEqual(data.n.values.tolist(), [12])
            self.assertIn("n", data.coords)
            self.assertTrue((data.state == 1).all())
            self.assertEqual(data.at_least.attrs["kind"], "at least")
            self.assertEqual(data.at_least.dims, ("point", "draw"))
            at_least = [d["at_least"] for d in printed["draws"]]
            self.assertEqual(data.at_least.values[0].tolist(), at_least)
            sides = data.side.attrs["flag_meanings"].split()
            self.assertTrue(set(sides) >= {"plus", "minus"})
            self.assertTrue(np.isin(data.side.values, data.side.attrs["flag_values"]).all())
            self.assertTrue(np.allclose(np.linalg.norm(data.witness_x.values, axis=-1), 1))

    def test_lists(self):
        run("landscape", "phase-retrieval", "--widths", "2,6", "--m", "12", "--draws", "4", "--directions", "20",
            "--starts", "1", "--descents", "3", "--condition-starts", "0", "--output", self.file)
        for data in self.each_engine():
            count = data.descent_end_count
            self.assertEqual(count.attrs["sample_dimension"], "descent_end")
            self.assertEqual(data.sizes["descent_end"], int(count.sum()))
            by_draw = data.descent_end_objective.groupby(data.descent_end_draw).count()
            listed = count.values[0][count.values[0] > 0]
            self.assertEqual(by_draw.values.tolist(), listed.tolist())


if __name__ == "__main__":
    unittest.main()
