#!/usr/bin/env python3
"""`theoremeter recover` through the real binary: drawn and given instances, traces, sweeps with algorithms as a coordinate,
verify, and what is refused.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import csv
import gzip
import hashlib
import json
import math
import pathlib
import struct
import unittest

import h5py
import numpy as np
from command_line import CommandLine

SWEEP = """study = "recovery"
draws = 6
m = [40, 80]
[[sweep]]
algorithm = ["sparta", "copram"]
n = 30
sparsity = 2
steps = 60
[[sweep]]
algorithm = "dpr"
widths = [[3, 20, 50]]
steps = 200
restarts = 2
stop_residual = 1e-12
"""


class Recover(CommandLine):
    def recover(self, *arguments):
        done = self.run_it("recover", *arguments, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)["draws"][0]

    def problem(self):
        """A sparse x, its amplitudes and power iteration normals as .npy files."""
        r = np.random.default_rng(1)
        A = r.normal(size=(60, 30)).astype(np.float32)
        x = np.zeros(30)
        x[[3, 17]] = 1.5, -0.7
        files = {"A": A, "b": np.abs(A.astype(float) @ x), "x": x, "start": r.normal(size=30)}
        for name, array in files.items():
            np.save(self.path(name + ".npy"), array)
        return files

    def path(self, name):
        return str(self.folder / name)

    def given(self, *names):
        options = {"A": "A.npy", "observations": "b.npy", "truth": "x.npy", "start": "start.npy"}
        return [word for name in names for word in ("--" + name, self.path(options[name]))]


class Given(Recover):
    def test_trace_of_a_given_problem(self):
        files = self.problem()
        out = self.path("t.h5")
        done = self.run_it("recover", "sparta", *self.given("A", "observations", "start"), "--sparsity", "2", "--steps", "30",
                           "--trace", "0,1,2,3,5,10,30", "--output", out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("error", done.stdout.splitlines()[1])  # there is no truth
        with h5py.File(out) as f:
            steps, values = f["iterate_step"][:], f["iterate_x"][:]
            self.assertEqual(list(steps), [0, 1, 2, 3, 5, 10, 30])
            last = np.asarray(values).reshape(7, -1)[-1]
        self.assertLess(min(np.linalg.norm(last - s * files["x"]) for s in (1, -1)), 1e-6)  # it halves every step
        self.assertEqual(self.run_it("verify", out).returncode, 0)

    def test_truth_adds_errors(self):
        files = self.problem()
        draw = self.recover("sparta", *self.given("A", "observations", "truth"), "--sparsity", "2", "--steps", "5")
        x = np.array(draw["x"])
        A, b = files["A"].astype(float), files["b"]
        error = min(np.linalg.norm(x - s * files["x"]) for s in (1, -1)) / np.linalg.norm(files["x"])
        self.assertAlmostEqual(draw["error"], error, places=12)
        residual = np.linalg.norm(np.abs(A @ x) - b)
        self.assertAlmostEqual(draw["loss"], residual**2 / 2, places=10)
        self.assertAlmostEqual(draw["residual"], residual / np.linalg.norm(b), places=12)

    def test_x0_makes_observations(self):
        self.problem()
        draw = self.recover("copram", *self.given("A"), "--x0", self.path("x.npy"), "--sparsity", "2", "--steps", "8")
        self.assertLess(draw["error"], 1e-12)

    def test_every_residual(self):
        self.problem()
        draw = self.recover("taf", *self.given("A", "observations"), "--steps", "50", "--trace", "all")
        self.assertEqual(len(draw["residuals"]), 51)
        self.assertAlmostEqual(draw["residuals"][-1], draw["residual"], places=12)


class Drawn(Recover):
    def test_dpr_recovers_and_is_near_its_best(self):
        draw = self.recover("dpr", "--widths", "3,40,100", "--m", "80", "--restarts", "5", "--steps", "1000")
        self.assertLess(draw["error"], 1e-8)
        self.assertEqual(draw["basin"], "near x0")
        self.assertEqual(draw["oracle_error"], min(r["error"] for r in draw["restart"]))
        self.assertEqual(draw["loss"], min(r["loss"] for r in draw["restart"]))
        self.assertTrue(0 < draw["rate"] < 1)
        self.assertAlmostEqual(draw["theory_rate"], 1 - 7 / 8 / 4)

    def test_the_same_instance_for_every_algorithm(self):
        common = ["--m", "50", "--n", "30", "--sparsity", "2", "--steps", "3"]
        self.assertEqual(self.recover("sparta", *common)["x0"], self.recover("thwf", *common)["x0"])

    def test_a_sweep_with_algorithms_as_a_coordinate(self):
        toml, one, two = self.path("s.toml"), self.path("1.h5"), self.path("2.h5")
        with open(toml, "w") as f:
            f.write(SWEEP)
        for out, threads in ((one, "1"), (two, "3")):
            done = self.run_it("run", toml, "--output", out, "--threads", threads)
            self.assertEqual(done.returncode, 0, done.stderr)
        digests = self.run_it("digest", one, two).stdout.split()
        self.assertEqual(digests[0], digests[2])
        self.assertEqual(self.run_it("verify", one).returncode, 0)
        rows = list(csv.DictReader(self.run_it("table", one, "--format", "csv").stdout.splitlines()))
        self.assertEqual({row["algorithm"] for row in rows}, {"sparta", "copram", "dpr"})
        for row in rows:
            low, share, high = (float(row["success" + end]) for end in ("_low", "", "_high"))
            self.assertTrue(0 <= low <= share <= high <= 1)
        self.assertIn("% [", self.run_it("table", one).stdout)

    def test_noise_leaves_an_error_below_the_theorems_floor(self):
        draw = self.recover("amplitude-flow", "--m", "400", "--n", "10", "--noise", "1e-3")
        self.assertTrue(0 < draw["error"] < draw["theory_floor"])
        self.assertTrue(0.5e-3 < draw["noise_level"] < 2e-3)

    def test_negative_start_too(self):
        draw = self.recover("dpr", "--widths", "2,20,40", "--m", "30", "--two-starts", "--steps", "0")
        a, b = (np.array(r["x"]) for r in draw["restart"])
        self.assertTrue(np.array_equal(a, -b))


class Images(Recover):
    """The truth is one of the images of a file."""

    def write_images(self, name, images, packed=False):
        data = struct.pack(">BBBBIII", 0, 0, 8, 3, *images.shape) + images.astype(np.uint8).tobytes()
        (self.folder / name).write_bytes(gzip.compress(data) if packed else data)
        return self.path(name)

    def images(self):
        return np.random.default_rng(3).integers(0, 256, size=(3, 16, 16))

    def recovered(self, algorithm, *arguments):
        done = self.run_it("recover", algorithm, *arguments, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["draws"][0]

    def test_wavelets_of_an_image(self):
        images = self.images()
        plain, packed = self.write_images("i.idx", images), self.write_images("i.gz", images, packed=True)
        np.save(self.path("i.npy"), images.reshape(3, -1) / 255)
        common = ["--image", "1", "--m", "900", "--sparsity", "256", "--steps", "40"]
        draws = [self.recovered("sparta", "--images", file, *common) for file in (plain, packed, self.path("i.npy"))]
        self.assertEqual(*({k: d[k] for k in ("x", "ssim", "pixels")} for d in draws[:2]))
        self.assertEqual(*(d["x"] for d in draws[1:]))
        draw, truth = draws[0], images[1].ravel() / 255
        self.assertTrue(np.allclose(draw["true_pixels"], truth, rtol=0, atol=1e-15))
        self.assertAlmostEqual(np.linalg.norm(draw["x0"]), np.linalg.norm(truth), places=10)  # orthonormal
        error = np.linalg.norm(np.array(draw["pixels"]) - truth) / np.linalg.norm(truth)
        self.assertAlmostEqual(draw["signal_error"], error, places=12)
        self.assertAlmostEqual(draw["error"], error, places=9)  # nothing is padded: of the image as of its coefficients

    def test_an_image_need_not_be_in_the_range(self):
        file = self.write_images("i.idx", self.images())
        out = self.path("r.h5")
        done = self.run_it("recover", "dpr", "--images", file, "--image", "2", "--widths", "3,20,256", "--m", "60", "--steps", "20",
                           "--adam", "--output", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.run_it("verify", out).returncode, 0)
        with h5py.File(out) as f:
            x, pixels = f["x"][0, 0], f["pixels"][0, 0]
            truth = self.images()[2].ravel() / 255
            self.assertTrue(np.isnan(f["error"][0, 0]))
            self.assertAlmostEqual(f["signal_error"][0, 0], np.linalg.norm(pixels - truth) / np.linalg.norm(truth), places=12)
            self.assertEqual(x.shape, (3,))
            self.assertTrue(-1 <= f["ssim"][0, 0] < 1)

    def test_the_decoder_shipped(self):
        folder = pathlib.Path(__file__).resolve().parent.parent / "experiments" / "decoders"
        for line in (folder / "SHA256SUMS").read_text().splitlines():
            digest, name = line.split()
            self.assertEqual(hashlib.sha256((folder / name).read_bytes()).hexdigest(), digest, name)
        draw = self.recovered("subgradient", "--problem", "inversion", "--network", str(folder / "digits.h5"), "--images",
                              str(folder / "ten-digits-idx3-ubyte.gz"), "--image", "3", "--adam", "--steps", "150")
        with h5py.File(folder / "digits.h5") as f:
            y = np.array(draw["x"])
            for i in range(1, 4):
                y = np.maximum(f[f"layer_{i}"][:].astype(float) @ y, 0)
        self.assertTrue(np.allclose(draw["pixels"], y, rtol=0, atol=1e-10))
        self.assertLess(draw["signal_error"], 0.5)  # a three; G(x) for random x is farther than 0.8

    def test_the_decoder_of_distortions_shipped(self):
        folder = pathlib.Path(__file__).resolve().parent.parent / "experiments" / "decoders"
        x = np.linspace(-5, 5, 28)
        for row in np.load(folder / "ten-distortions.npy"):  # the logarithm of the diagonal is -2 (x - c)^2/sigma
            square, linear, _ = np.polyfit(x, np.log(np.diag(row.reshape(28, 28))), 2)
            sigma, c = -2 / square, -linear / square / 2
            self.assertTrue(20 <= sigma <= 35 and -3 <= c <= 3)
            line = np.exp(-((x - c) ** 2) / sigma)
            self.assertTrue(np.allclose(row, np.outer(line, line).ravel(), rtol=1e-9, atol=0))
        draw = self.recovered("subgradient", "--problem", "inversion", "--network", str(folder / "distortions.h5"), "--images",
                              str(folder / "ten-distortions.npy"), "--image", "3", "--adam", "--two-starts", "--steps", "300")
        self.assertLess(draw["signal_error"], 0.02)  # 0.006 where it was trained

    def test_a_product_of_two_images(self):
        folder, out = pathlib.Path(__file__).resolve().parent.parent / "experiments" / "decoders", self.path("r.h5")
        networks = ["--network", str(folder / "digits.h5"), "--network2", str(folder / "distortions.h5")]
        images = ["--images", str(folder / "ten-digits-idx3-ubyte.gz"), "--images2", str(folder / "ten-distortions.npy"), "--image", "1"]
        run = ["recover", "alternating", *networks, "--steps", "150", "--step", "0.03", "--restarts", "3", "--output"]
        done = self.run_it(*run, out, *images)
        self.assertEqual((done.returncode, self.run_it("verify", out, "--again").returncode), (0, 0), done.stderr)
        with h5py.File(out) as f:
            truth, found, x = (f[name][0, 0] for name in ("true_pixels", "pixels", "x"))
            loss, error, residual = (f[name][0, 0] for name in ("loss", "signal_error", "residual"))
        outputs = []
        for name, code in (("digits.h5", x[:20]), ("distortions.h5", x[20:])):
            with h5py.File(folder / name) as f:
                for i in range(1, len(f) + 1):
                    code = np.maximum(f[f"layer_{i}"][:].astype(float) @ code, 0)
            outputs.append(code)
        digit, distortion = truth[:784], truth[784:]
        self.assertTrue(np.array_equal(distortion, np.load(folder / "ten-distortions.npy")[1]))
        scale = outputs[0] @ digit / (outputs[0] @ outputs[0])
        self.assertTrue(np.allclose(found, [*scale * outputs[0], *outputs[1] / scale], rtol=0, atol=1e-10))
        self.assertAlmostEqual(error, np.linalg.norm(found[:784] - digit) / np.linalg.norm(digit), places=10)
        observed = digit * distortion
        self.assertAlmostEqual(loss, np.linalg.norm(outputs[0] * outputs[1] - observed) ** 2 / 2, places=8)
        self.assertLess(residual, 0.4)  # a one; 0.15
        np.save(self.path("b.npy"), observed)
        own = self.path("own.h5")
        done = self.run_it(*run, own, "--observations", self.path("b.npy"))
        self.assertEqual((done.returncode, self.run_it("verify", own).returncode), (0, 0), done.stderr)
        with h5py.File(own) as f:
            self.assertTrue(np.array_equal(f["x"][0, 0], x))

    def test_momentum_is_of_those_who_say_it(self):
        """A file without it is as it was before there was one: no such coordinate; with it everything reads it back."""
        instance = ("--widths", "3,20,60", "--widths2", "3,20,60", "--steps", "400", "--restarts", "3", "--stop-residual", "1e-6")
        files = [self.path(name) for name in ("without.h5", "with.h5")]
        for file, words in zip(files, ((), ("--momentum", "0.5"))):
            done = self.run_it("recover", "alternating", *instance, *words, "--output", file)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(self.run_it("verify", file, "--again").returncode, 0)
        with h5py.File(files[0]) as without, h5py.File(files[1]) as with_it:
            self.assertNotIn("momentum", without)
            self.assertEqual(with_it["momentum"][0], 0.5)
            self.assertLess(with_it["steps_made"][0, 0], without["steps_made"][0, 0])
        self.refuse("merge", *files, "--output", self.path("both.h5"), says="they differ in study, parameters")
        for words, says in (
            (["recover", "alternating", *instance, "--momentum", "1"], "--momentum 1: must be less than 1"),
            (["recover", "alternating", *instance, "--momentum", "-0.1"], "--momentum -0.1: must be at least 0"),
            (["recover", "alternating", *instance, "--momentum", "nan"], "--momentum nan: must be finite"),
            (["recover", "dpr", "--widths", "3,20", "--m", "9", "--momentum", "0.9"], "--momentum: unknown"),
        ):
            self.refuse(*words, says=says)

    def test_a_sweep_over_momentum(self):
        sweep = 'study = "recovery"\nwidths = [[3, 20, 60]]\nsteps = 20\n[[sweep]]\nalgorithm = "dpr"\nm = 40\n'
        both = sweep + '[[sweep]]\nalgorithm = "alternating"\nwidths2 = [[3, 20, 60]]\nmomentum = [0, 0.5, 0.9]\n'
        (self.folder / "sweep.toml").write_text(both)
        file = self.path("sweep.h5")
        self.assertEqual(self.run_it("run", self.path("sweep.toml"), "--output", file).returncode, 0)
        self.assertEqual(self.run_it("verify", file).returncode, 0)
        self.assertIn("momentum", self.run_it("table", file).stdout)
        with h5py.File(file) as f:
            self.assertEqual([None if math.isnan(mu) else mu for mu in f["momentum"][:]], [None, 0, 0.5, 0.9])
            iterates = f["x"][:, 0]
        self.assertFalse(np.array_equal(iterates[1], iterates[2]))
        (self.folder / "wrong.toml").write_text(sweep + "momentum = 0.9\n")
        self.refuse("run", self.path("wrong.toml"), "--output", self.path("wrong.h5"), says="momentum: is not for dpr")

    def test_vectors_of_every_type(self):
        """Observations and starts as numpy.save writes them, of whatever type; 1-D, a row, or a column."""
        p = self.problem()
        whole = np.round(100 * p["b"])
        found = []
        for array in (whole, whole.astype("f4"), whole.astype(">f8"), whole.astype("i4"), whole.astype("u2"), whole[None], whole[:, None]):
            np.save(self.path("b.npy"), array)
            found.append(self.recover("sparta", *self.given("A", "observations", "start"), "--sparsity", "2", "--steps", "5")["x"])
        self.assertEqual(len({json.dumps(x) for x in found}), 1)
        for array, says in ((whole.astype(complex), "type '<c16'"), (whole > 1, "type '|b1'"), (whole[:0], "has no entries"),
                            (whole[:-1], "has 59 entries"), (0 * whole, "is 0"), (-whole, "amplitudes are not negative")):
            np.save(self.path("b.npy"), array)
            self.refuses("sparta", *self.given("A", "observations"), "--sparsity", "2", says=says)
        (self.folder / "b.npy").write_text("1 2 three")
        self.refuses("sparta", *self.given("A", "observations"), "--sparsity", "2", says='"three" is no number')

    def test_bad_images(self):
        images = self.images()
        file, noise = self.write_images("i.idx", images), self.path("noise")
        wide = self.write_images("wide.idx", images.reshape(3, 8, 32)[:, :, :31])
        short = self.path("short.idx")
        pathlib.Path(short).write_bytes(pathlib.Path(file).read_bytes()[:-1])
        longer = self.path("longer.idx")
        pathlib.Path(longer).write_bytes(pathlib.Path(file).read_bytes() + b"x")
        pathlib.Path(noise).write_bytes(b"no image at all, but some text")
        common = ["--m", "60", "--sparsity", "5"]
        self.refuses("sparta", "--images", noise, *common, says="neither")
        self.refuses("sparta", "--images", wide, *common, says="square")
        self.refuses("sparta", "--images", short, *common, says="ends within image 3")
        self.refuses("sparta", "--images", longer, *common, says="more than its 3 images")
        self.refuses("sparta", "--images", file, "--image", "3", *common, says="there are 3 images")
        self.refuses("sparta", "--image", "1", "--n", "20", *common, says="none are given")
        self.refuses("sparta", "--images", file, "--n", "20", *common, says="no place beside")
        self.refuses("sparta", "--images", self.write_images("black.idx", 0 * images), *common, says="black")
        self.refuses("dpr", "--images", file, "--widths", "3,20", "--m", "9", says="the network has 20 outputs")
        both = ["--widths", "2,256", "--widths2", "2,256"]
        self.refuses("alternating", "--images", file, *both, says="give images2 too")
        self.refuses("alternating", "--images2", file, *both, says="give images too")
        self.refuses("alternating", "--images", file, "--images2", file, "--image", "3", *both, says="there are 3 images")
        self.refuses("alternating", "--images", file, "--images2", self.write_images("two.idx", images[:2]), "--image", "2", *both,
                     says="there are 2 images2")
        self.refuses("alternating", "--images", file, "--images2", self.write_images("small.idx", images[:, :15, :15]), *both,
                     says="images2 of 225 pixels: the network has 256 outputs")
        self.refuses("dpr", "--images", file, "--images2", file, "--widths", "3,256", "--m", "9", says="images2")

    def refuses(self, *arguments, says):
        done = self.run_it("recover", *arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        last = done.stderr.splitlines()[-1]  # behind the remark on how images are read
        self.assertIn(says, last)


class Refused(Recover):
    def refuses(self, *arguments, says):
        done = self.run_it("recover", *arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn(says, done.stderr)

    def test_bad_input(self):
        files = self.problem()
        np.save(self.path("short.npy"), files["b"][:-1])
        np.save(self.path("negative.npy"), -files["b"])
        np.save(self.path("nan.npy"), np.where(files["b"] > 1, math.nan, files["b"]))
        A, b = self.given("A"), self.given("observations")
        self.refuses("sparta", *A, *b, says="sparsity is missing")
        self.refuses("sparta", *A, *b, "--sparsity", "31", says="at most n = 30")
        self.refuses("sparta", *A, *b, "--sparsity", "0", says="--sparsity 0")
        self.refuses("sparta", *A, *b, "--sparsity", "2", "--preset", "offical", says="official")
        self.refuses("sparta", *A, *b, "--sparsity", "2", "--m", "60", says="has no place beside")
        self.refuses("taf", *A, "--observations", self.path("short.npy"), says="59 entries, where 60")
        self.refuses("taf", *A, "--observations", self.path("negative.npy"), says="amplitudes are not negative")
        self.refuses("taf", *A, "--observations", self.path("nan.npy"), says="finite")
        self.refuses("taf", *A, *b, "--start", self.path("short.npy"), says="59 entries, where 30")
        self.refuses("taf", *A, *b, "--x0", self.path("x.npy"), says="truth")
        self.refuses("taf", *A, "--truth", self.path("x.npy"), says="x0")
        self.refuses("taf", "--m", "0", "--n", "3", says="--m 0")
        self.refuses("taf", "--m", "10", says="n is missing")
        self.refuses("dpr", "--m", "10", says="widths is missing")
        self.refuses("dpr", "--widths", "2,10", "--m", "10", "--trace", "1,x", says="trace")
        self.refuses("alternating", "--widths", "2,10", "--widths2", "2,11", says="same number of outputs")

    def test_unknown_algorithm(self):
        self.refuses("spartan", says="sparta")


if __name__ == "__main__":
    unittest.main()
