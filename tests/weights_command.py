#!/usr/bin/env python3
"""Weight files as other programs write them, through the real binary: read right, or refused with what would work.

Files are made by NumPy and h5py; what must be read is known because the same matrix went into them.
"""

import fcntl
import json
import os
import pathlib
import pickle
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
QUICK = ["--samples", "20", "--starts", "1", "--evidence", "sample", "--alpha", "1"]

random = np.random.default_rng(9)
W = np.float32(random.normal(size=(40, 3)) / 8).astype(float)
NETWORK = [np.float32(random.normal(size=shape) / 8).astype(float) for shape in ((32, 4), (100, 32), (100, 100))]


class WeightsCommand(unittest.TestCase):
    """Each test has an empty working directory of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.home = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, self.home)

    def run_it(self, *arguments, **options):
        return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, **options)

    def kept(self, option, spec, *more, remarks=None, **options):
        """The matrices that the program read, as it keeps them, and what it said of them (on stderr: `remarks`)."""
        done = self.run_it("measure", "wdc", option, spec, "--output", "r.h5", "--overwrite", "--json", *QUICK, *more,
                           **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        if remarks is None:
            self.assertEqual(done.stderr, "")
        else:
            self.assertIn(remarks, done.stderr)
        found = json.loads(done.stdout)
        said = found["points"][0]["matrices"] if "points" in found else found["matrices"]
        with h5py.File("r.h5") as file:
            matrices = {name: file["matrices"][name][...] for name in said}
            for name, source in said.items():
                held = file["matrices"][name].attrs
                self.assertEqual([source["file"], source["dataset"], source["done"]],
                                 [held["source_file"], held["source_dataset"], held["source_done"]])
                self.assertEqual(source["shape"], list(matrices[name].shape))
        table = self.run_it("show", "r.h5").stdout
        for name, source in said.items():
            where = source["file"] + (":" if source["dataset"] else "") + source["dataset"]
            self.assertIn(f"{name}: {where}, {source['shape'][0]} x {source['shape'][1]}", table)
        return matrices, said

    def reads(self, spec, *more, expected=W, **options):
        matrices, said = self.kept("--weights", spec, *more, **options)
        np.testing.assert_array_equal(matrices["W"], expected)
        return said["W"]

    def reads_network(self, spec, expected, *more, **options):
        matrices, said = self.kept("--network", spec, *more, **options)
        self.assertEqual(len(matrices), len(expected))
        for i, layer in enumerate(expected):
            np.testing.assert_array_equal(matrices[f"W_{i + 1}"], layer)
        return [said[f"W_{i + 1}"]["dataset"] for i in range(len(expected))]

    def refuses(self, option, spec, *says, code=2, **options):
        done = self.run_it("measure", "wdc", option, spec, *QUICK, **options)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
        for part in says:
            self.assertIn(part, done.stderr)

    def h5(self, name, contents, **options):
        with h5py.File(name, "w", **options) as file:
            for key, value in contents.items():
                file[key] = value
        return name


def npy(header, data):
    """A .npy file of format 1 with this header, byte for byte."""
    text = header.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def safetensors(tensors, metadata=None):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, (kind, shape, raw) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class NumPy(WeightsCommand):
    def test_headers_of_other_writers(self):
        for header in ('{"descr": "<f8", "fortran_order": False, "shape": (40, 3)}',
                       "{'descr': '<f8', 'fortran_order': False, 'shape': (40L, 3L), }",
                       "{'shape':(40,3),'fortran_order':False,'descr':'f8'}",
                       "{'descr': '|f8', 'fortran_order': False, 'shape': (40, 3), }",
                       "{'descr': '=f8', 'fortran_order': False, 'shape': (40, 3), }"):
            with self.subTest(header=header):
                pathlib.Path("w.npy").write_bytes(npy(header, W.tobytes()))
                self.reads("w.npy")

    def test_types_and_orders(self):
        half = np.float16(W)
        for array in (half, half.astype(">f2"), np.asfortranarray(W), W.astype(">f8"), np.float32(W), np.int8(100 * W)):
            with self.subTest(type=array.dtype.str):
                np.save("w.npy", array)
                self.reads("w.npy", expected=array.astype(float))
        every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
        every = every[np.isfinite(every)][::8].reshape(-1, 2)
        np.save("w.npy", every)
        self.reads("w.npy", expected=every.astype(float))

    def test_npz(self):
        for save in (np.savez, np.savez_compressed):
            save("one.npz", W)
            self.assertEqual(self.reads("one.npz")["dataset"], "arr_0")
            save("net.npz", **{"0.weight": NETWORK[0], "2.weight": np.float32(NETWORK[1])})
            self.assertEqual(self.reads_network("net.npz", NETWORK[:2]), ["0.weight", "2.weight"])
            self.reads("net.npz:2.weight.npy", expected=NETWORK[1])
            self.refuses("--weights", "net.npz", "2 matrices inside (0.weight, 2.weight); name one")
            self.refuses("--weights", "net.npz:1.weight", "did you mean 0.weight?")
        for beside in (np.array(["a", "b"]), np.array({"a": 1}, dtype=object), np.array(True)):  # no matrices
            save("beside.npz", W=W, beside=beside)
            self.reads("beside.npz")
            self.reads_network("beside.npz", [W])
        save("two.npz", W=W, V=W.astype(complex))
        self.refuses("--network", "two.npz", "dataset V: type '<c16'")
        save("order.npz", last=NETWORK[0], first=NETWORK[1])  # the order of writing
        self.reads_network("order.npz", NETWORK[:2], remarks="order that the file keeps: last, first")

    def test_zip64(self):
        with zipfile.ZipFile("w.npz", "w") as archive, archive.open("W.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array(member, W)
        self.reads("w.npz")

    def test_what_macos_adds(self):
        np.savez("w.npz", W=W)
        with zipfile.ZipFile("w.npz", "a") as archive:
            archive.writestr("__MACOSX/._W.npy", b"\0\5\x16\7")
        self.reads("w.npz")
        self.reads_network("w.npz", [W])

    def test_integers_that_doubles_cannot_hold(self):
        for value in (2 ** 53, -2 ** 53, 2 ** 62):
            np.save("w.npy", np.full((3, 2), value))
            self.refuses("--weights", "w.npy", "W[0, 0] is an integer of 2^53 or beyond")
        np.save("w.npy", np.full((3, 2), 2 ** 53 - 1))
        self.reads("w.npy", expected=np.full((3, 2), 2.0 ** 53 - 1))

    def test_damaged_archives(self):
        np.savez_compressed("w.npz", W=W)
        good = pathlib.Path("w.npz").read_bytes()
        for length in range(4, len(good), 97):
            pathlib.Path("w.npz").write_bytes(good[:length])
            self.refuses("--weights", "w.npz", "w.npz: ")
        flipped = bytearray(good)
        flipped[len(good) // 2] ^= 16
        pathlib.Path("w.npz").write_bytes(flipped)
        self.refuses("--weights", "w.npz", "damaged")


class Safetensors(WeightsCommand):
    def test_types(self):
        bfloat = np.float32(W).view(np.uint32) >> 16
        as_float = (bfloat << 16).view(np.float32).astype(float)
        for kind, raw, expected in (("F64", W.tobytes(), W), ("F32", np.float32(W).tobytes(), W),
                                    ("F16", np.float16(W).tobytes(), np.float16(W).astype(float)),
                                    ("BF16", bfloat.astype("<u2").tobytes(), as_float)):
            pathlib.Path("w.safetensors").write_bytes(safetensors({"W": (kind, W.shape, raw)}))
            self.reads("w.safetensors", expected=expected)

    def test_networks(self):
        tensors = {name: ("F64", w.shape, w.tobytes()) for name, w in zip(("10.weight", "2.weight"), NETWORK[1::-1])}
        pathlib.Path("n.safetensors").write_bytes(safetensors(tensors, {"format": "pt"}))
        self.assertEqual(self.reads_network("n.safetensors", NETWORK[:2]), ["2.weight", "10.weight"])
        flax = {"params.Dense_0.kernel": ("F64", W.T.shape, W.T.tobytes())}
        pathlib.Path("f.safetensors").write_bytes(safetensors(flax, {"format": "flax"}))
        self.reads("f.safetensors", remarks="transposed, as kernels are")

    def test_damaged(self):
        good = safetensors({"W": ("F64", W.shape, W.tobytes())})
        for bad in (good[:-1], good[:40], struct.pack("<Q", 1 << 39) + good[8:], good.replace(b"[40, 3]", b"[40, 4]"),
                    good.replace(b"[0, 960]", b"[960,0]"), good.replace(b'"W"', b'"W', 1)):
            pathlib.Path("w.safetensors").write_bytes(bad)
            self.refuses("--weights", "w.safetensors", "w.safetensors: ")
        twice = b'{"W":{"dtype":"I8","shape":[1,1],"data_offsets":[0,1]},"W":{"dtype":"I8","shape":[1,1],"data_offsets":[1,2]}}'
        pathlib.Path("w.safetensors").write_bytes(struct.pack("<Q", len(twice)) + twice + b"\1\2")
        self.refuses("--weights", "w.safetensors", "same name")


class Orientation(WeightsCommand):
    def keras(self, name, layers, **attributes):
        """As Keras 2 saves weights: layer_names, each with its weight_names; kernels are inputs x neurons."""
        with h5py.File(name, "w") as file:
            file.attrs.update(attributes)
            file.attrs["layer_names"] = [layer.encode() for layer in layers]
            for layer, weights in layers.items():
                group = file.create_group(layer)
                group.attrs["weight_names"] = [f"{layer}/{key}".encode() for key in weights]
                for key, value in weights.items():
                    group[f"{layer}/{key}"] = value
        return name

    def test_keras_2(self):
        # the order is that of layer_names, not of the names; square layers would fit either way
        file = self.keras("k.h5", {"dense_7": {"kernel:0": NETWORK[0].T}, "dense_3": {"kernel:0": NETWORK[1].T},
                                   "dense": {"kernel:0": NETWORK[2].T}}, keras_version="2.9.0")
        names = self.reads_network(file, NETWORK, remarks="transposed, as kernels are inputs x neurons")
        self.assertEqual(names, [f"{d}/{d}/kernel:0" for d in ("dense_7", "dense_3", "dense")])
        self.reads_network(file, NETWORK, "--transpose", remarks="transposed")  # no second time
        self.reads(file + ":dense_3/dense_3/kernel:0", expected=NETWORK[1], remarks="transposed")
        biased = self.keras("b.h5", {"dense": {"kernel:0": W.T, "bias:0": np.ones(40)}})
        self.refuses("--network", biased, "dense/dense/bias:0 has rank 1, as biases do", "b.h5:dense/dense/kernel:0")
        self.reads(biased, remarks="dense/dense/bias:0 of rank 1 or named so, as biases are, is left out")

    def keras_3(self, file, *biases):
        for name, kernel in (("dense", NETWORK[0]), ("dense_1", NETWORK[1])):
            file[f"layers/{name}/vars/0"] = kernel.T
            if biases:
                file[f"layers/{name}/vars/1"] = np.ones(len(kernel))
        file["optimizer/vars/0"] = np.int64(3)
        file["optimizer/vars/1"] = np.ones((4, 32))

    def test_keras_3(self):
        with h5py.File("model.weights.h5", "w") as file:
            self.keras_3(file)
        expected = ["layers/dense/vars/0", "layers/dense_1/vars/0"]
        self.assertEqual(self.reads_network("model.weights.h5", NETWORK[:2], remarks="transposed"), expected)
        with zipfile.ZipFile("model.keras", "w") as archive:
            archive.writestr("config.json", "{}")
            archive.write("model.weights.h5")
        self.assertEqual(self.reads_network("model.keras", NETWORK[:2], remarks="transposed"), expected)
        with h5py.File("biased.weights.h5", "w") as file:
            self.keras_3(file, "biases")
        self.refuses("--network", "biased.weights.h5", "layers/dense/vars/1 has rank 1")

    def test_matlab(self):
        with h5py.File("m.mat", "w", userblock_size=512) as file:
            file["W"] = W.T
            file["W"].attrs["MATLAB_class"] = np.bytes_("double")
            file["name"] = np.array([[77, 78]], dtype=np.uint16).T
            file["name"].attrs["MATLAB_class"] = np.bytes_("char")
        raw = bytearray(pathlib.Path("m.mat").read_bytes())
        raw[:19] = b"MATLAB 7.3 MAT-file"
        pathlib.Path("m.mat").write_bytes(raw)
        said = self.reads("m.mat", remarks="MATLAB's order")
        self.assertIn("MATLAB's order", said["done"])
        self.reads("m.mat", "--transpose", expected=W.T, remarks="transposed")  # the author's own columns

    def test_matlab_cells(self):
        with h5py.File("c.mat", "w") as file:
            for i, w in enumerate(NETWORK):
                file[f"#refs#/{'zxy'[i]}"] = w.T
            file["net"] = np.array([[file[f"#refs#/{name}"].ref] for name in "zxy"], dtype=h5py.ref_dtype)
            file["net"].attrs["MATLAB_class"] = np.bytes_("cell")
        self.assertEqual(self.reads_network("c.mat", NETWORK, remarks="MATLAB"), ["net{1}", "net{2}", "net{3}"])
        self.reads("c.mat:net{2}", expected=NETWORK[1], remarks="MATLAB")

    def test_octave(self):
        with h5py.File("o.h5", "w") as file:
            file["W/type"], file["W/value"] = np.bytes_("matrix"), W.T
            file["W"].attrs["OCTAVE_NEW_FORMAT"] = np.uint8(1)
        self.reads("o.h5", remarks="Octave's order")

    def test_the_rest_is_asked_about(self):
        np.save("w.npy", W.T)
        self.reads("w.npy", expected=W.T, remarks="w.npy has 3 neurons of 40 inputs: transposed? --transpose reads it so")
        self.assertEqual(self.reads("w.npy", "--transpose", remarks="transposed")["done"], "transposed")
        np.save("column.npy", W[:, :1])
        self.reads("column.npy", expected=W[:, :1], remarks="40 neurons of 1 input: transposed?")
        np.savez("n.npz", a=NETWORK[0].T, b=NETWORK[1].T)
        self.refuses("--network", "n.npz", "layer 2 is 32 x 100", "--transpose reads them so")
        self.reads_network("n.npz", NETWORK[:2], "--transpose", remarks="transposed")
        self.h5("n.h5", {"a": NETWORK[0].T, "b": NETWORK[1].T})  # b, a as it stands would be another network
        self.refuses("--network", "n.h5", "b, a fit together in this order", "--transpose, or FILE:b,a")
        self.reads_network("n.h5", NETWORK[:2], "--transpose", remarks="transposed")
        self.reads_network("n.h5:b,a", [NETWORK[1].T, NETWORK[0].T], remarks="transposed?")
        done = self.run_it("measure", "wdc", "--n", 9, "--k", 2, "--transpose", *QUICK)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--transpose", done.stderr)


class Networks(WeightsCommand):
    def test_links_are_followed(self):
        first, second = NETWORK[1:]
        square = random.normal(size=(100, 100))
        with h5py.File("n.h5", "w") as file:
            file["W_1"], file["W_2"] = first, square
            file["W_3"] = file["W_2"]
            file["W_4"] = h5py.SoftLink("/W_2")
            file["W_5"] = h5py.ExternalLink("other.h5", "/second")
        self.refuses("--network", "n.h5", "W_5: a link that leads nowhere")
        self.h5("other.h5", {"second": second})
        self.assertEqual(self.reads_network("n.h5", [first, square, square, square, second]), [f"W_{i}" for i in range(1, 6)])
        with h5py.File("n.h5", "a") as file:
            file["W_6"] = h5py.SoftLink("/nothing")
        self.refuses("--network", "n.h5", "W_6: a link that leads nowhere")
        with h5py.File("loop.h5", "w") as file:
            file["a/W"] = W
            file["a/back"] = file["/"]
        self.reads("loop.h5")

    def test_bias_rows(self):
        for row in (np.ones((1, 40)), np.ones((40, 1)), np.ones(40)):
            self.h5("n.h5", {"W1": W, "b1": row})
            self.refuses("--network", "n.h5", "b1", "as biases do", "n.h5:W1")
            self.reads("n.h5", remarks="b1")
        self.h5("n.h5", {"W1": W, "c1": np.ones((1, 40))})
        self.refuses("--network", "n.h5", "c1 is 1 x 40, as a layer of one neuron or as a bias", "n.h5:W1")
        one = random.normal(size=(1, 40))
        self.h5("n.h5", {"W1": W, "W2": one})
        self.reads_network("n.h5", [W, one], remarks="1 neuron of 40 inputs")
        self.h5("conv.h5", {"0": W, "1": np.ones((3, 3, 1, 8))})
        self.refuses("--network", "conv.h5", "rank 4, as convolutions have")
        self.h5("complex.h5", {"0": W, "1": np.ones((40, 40), dtype=complex)})
        self.refuses("--network", "complex.h5", "wrong type")

    def test_order_of_names(self):
        sizes = [3, 4, 5, 6, 7, 8]
        layers = [random.normal(size=(m, n)) for n, m in zip(sizes, sizes[1:])]
        for names in (["W_1", "W_2", "W_3", "W_10", "W_11"], ["W_01", "W_2", "W_003", "W_9", "W_10"],
                      ["dense", "dense_1", "dense_2", "dense_9", "dense_10"],
                      ["0.weight", "2.weight", "4.weight", "10.weight", "12.weight"],
                      ["z", "y", "b", "c", "a"]):  # in the only order that fits
            self.h5("n.h5", dict(sorted(zip(names, layers))))
            self.assertEqual(self.reads_network("n.h5", layers, remarks=""), names)

    def test_many_layers_are_told_in_their_order(self):
        layers = [np.ones((n + 1, n)) for n in range(3, 15)]
        np.savez("deep.npz", **{f"{2 * i}.weight": layer for i, layer in enumerate(layers)})
        _, said = self.kept("--network", "deep.npz", remarks="")
        self.assertEqual(list(said), [f"W_{i + 1}" for i in range(12)])
        lines = self.run_it("show", "r.h5").stdout.splitlines()
        self.assertEqual([line.split(":")[0] for line in lines if line.startswith("W_")], list(said))

    def test_square_layers(self):
        squares = dict(zip(("input", "hidden", "output"), random.normal(size=(3, 5, 5))))
        self.h5("n.h5", squares)
        self.refuses("--network", "n.h5", "more than one order", "FILE:hidden,input,output")
        self.assertEqual(self.reads_network("n.h5:input,hidden,output", squares.values()), list(squares))
        self.h5("t.h5", squares, track_order=True)
        self.assertEqual(self.reads_network("t.h5", squares.values(), remarks="order that the file keeps"), list(squares))

    def test_ways_to_name(self):
        with h5py.File("n.h5", "w") as file:
            file["dec/a,b"], file["dec/c"] = NETWORK[:2]
            file["other"] = W
        for spec in ("n.h5:dec", "n.h5:/dec", "n.h5:dec/", "n.h5:dec/a,b,dec/c", "n.h5:/dec/a,b,n.h5:dec/c"):
            with self.subTest(spec=spec):
                self.assertEqual(self.reads_network(spec, NETWORK[:2]), ["dec/a,b", "dec/c"])
        self.reads("n.h5:/dec/a,b", expected=NETWORK[0])
        np.save("x,y.npy", NETWORK[0])
        np.save("z.npy", NETWORK[1])
        self.reads_network("x,y.npy,z.npy", NETWORK[:2])
        self.reads_network("n.h5:dec/a,b,z.npy", NETWORK[:2])
        self.refuses("--network", "n.h5:dek", "no dataset dek")
        self.refuses("--network", "z.npy,none.npy", "none.npy: no such file")
        self.h5("ae.h5", {"enc.0.weight": NETWORK[0].T, "dec.0.weight": NETWORK[0]})
        self.refuses("--network", "ae.h5", "more than one order")
        self.reads_network("ae.h5:dec", NETWORK[:1])


class Incomplete(WeightsCommand):
    def test_never_and_half_written(self):
        with h5py.File("w.h5", "w") as file:
            file.create_dataset("never", (40, 3), "f8")
            file.create_dataset("none", (40, 3), "f8", chunks=(10, 3))
            file.create_dataset("half", (40, 3), "f8", chunks=(20, 3))[:20] = W[:20]
            file.create_dataset("filled", (40, 3), "f8", fillvalue=-999.0)[:39] = W[:39]
            file.create_dataset("whole", (40, 3), "f8", chunks=(7, 2), compression="gzip")[...] = W
        self.refuses("--weights", "w.h5:never", "never written")
        self.refuses("--weights", "w.h5:none", "never written: 0 of its 4 chunks")
        self.refuses("--weights", "w.h5:half", "half written: 1 of its 2 chunks")
        self.refuses("--weights", "w.h5:filled", "3 of its 120 entries are the fill value -999")
        self.reads("w.h5:whole")
        self.refuses("--network", "w.h5:half", "half written")

    def test_virtual_datasets(self):
        self.h5("top.h5", {"W": W[:20]})
        self.h5("bottom.h5", {"W": W[20:]})
        layout = h5py.VirtualLayout((40, 3), "f8")
        layout[:20] = h5py.VirtualSource("top.h5", "W", (20, 3))
        with h5py.File("gap.h5", "w") as file:
            file.create_virtual_dataset("W", layout)
        layout[20:] = h5py.VirtualSource("bottom.h5", "W", (20, 3))
        with h5py.File("w.h5", "w") as file:
            file.create_virtual_dataset("W", layout)
        self.reads("w.h5")
        self.refuses("--weights", "gap.h5", "cover 60 of its 120 entries")
        twice = h5py.VirtualLayout((40, 3), "f8")
        for source in ("top.h5", "bottom.h5"):  # 120 entries mapped, but on the same 60
            twice[:20] = h5py.VirtualSource(source, "W", (20, 3))
        with h5py.File("twice.h5", "w") as file:
            file.create_virtual_dataset("W", twice)
        self.refuses("--weights", "twice.h5", "cover 60 of its 120 entries")
        woven = h5py.VirtualLayout((40, 3), "f8")
        for i, source in enumerate(("top.h5", "bottom.h5")):
            woven[i::2] = h5py.VirtualSource(source, "W", (20, 3))
        with h5py.File("woven.h5", "w") as file:
            file.create_virtual_dataset("W", woven)
        self.reads("woven.h5", expected=W.reshape(2, 20, 3).swapaxes(0, 1).reshape(40, 3))
        self.h5("short.h5", {"W": W[:5]})
        short = h5py.VirtualLayout((40, 3), "f8")
        short[:] = h5py.VirtualSource("short.h5", "W", (40, 3))
        with h5py.File("of_short.h5", "w") as file:
            file.create_virtual_dataset("W", short)
        self.refuses("--weights", "of_short.h5", "short.h5:W is not whole", "it has 15 entries where 120 were")
        os.remove("bottom.h5")
        self.refuses("--weights", "w.h5", "bottom.h5 is missing")
        with h5py.File("bottom.h5", "w") as file:
            file.create_dataset("W", (20, 3), "f8")
        self.refuses("--weights", "w.h5", "bottom.h5:W is not whole", "never written")

    def test_sources_are_found_where_hdf5_finds_them(self):
        def virtual(name, source):
            layout = h5py.VirtualLayout((40, 3), "f8")
            layout[:] = h5py.VirtualSource(source, "W", (40, 3))
            with h5py.File(name, "w") as file:
                file.create_virtual_dataset("W", layout)
        os.makedirs("a/b")
        self.h5("a/b/source.h5", {"W": W})
        virtual("a/middle.h5", "b/source.h5")  # beside the file that names it
        virtual("top.h5", "a/middle.h5")
        virtual("moved.h5", "/no/such/folder/top.h5")  # by its last name
        os.symlink("a/middle.h5", "link.h5")  # beside what that leads to
        for name in ("a/middle.h5", "top.h5", "moved.h5", "link.h5"):
            with h5py.File(name) as file:
                np.testing.assert_array_equal(file["W"][...], W)
            self.reads(name)

    def test_external_files(self):
        W.tofile("w.raw")
        with h5py.File("w.h5", "w") as file:
            file.create_dataset("W", W.shape, "f8", external=[("w.raw", 0, W.nbytes)])
        self.reads("w.h5")
        os.truncate("w.raw", 900)
        self.refuses("--weights", "w.h5", "w.raw, which is truncated")
        os.remove("w.raw")
        self.refuses("--weights", "w.h5", "w.raw, which is missing")
        os.mkdir("there")  # HDF5 looks for them from the working directory on, not beside the file
        os.rename("w.h5", "there/w.h5")
        W.tofile("there/w.raw")
        self.refuses("--weights", "there/w.h5", "w.raw, which is missing", "go where it is")
        W[:3].tofile("w.raw")
        self.refuses("--weights", "there/w.h5", "w.raw, which is truncated")

    def test_filters_that_are_not_there(self):
        with h5py.File("w.h5", "w") as file:  # LZF comes with h5py alone
            file.create_dataset("W", data=np.tile(W, (10, 1)), compression="lzf", chunks=(400, 3))
        self.refuses("--weights", "w.h5", "compressed by lzf, which this HDF5 library lacks", "numpy.save('W.npy', h5py.File(")

    def test_netcdf(self):
        packed = np.int16(np.round(W / 1e-4))
        with h5py.File("p.nc", "w") as file:
            file["W"] = packed
            file["W"].attrs.update(scale_factor=1e-4, add_offset=0.5)
            file["n"] = np.arange(40.0)
            file["n"].make_scale("n")
        self.reads("p.nc", expected=packed * 1e-4 + 0.5, remarks="unpacked by scale_factor and add_offset")
        self.assertEqual(self.reads_network("p.nc", [packed * 1e-4 + 0.5], remarks="unpacked"), ["W"])
        for attribute in ("_FillValue", "missing_value"):
            gaps = W.copy()
            gaps[3, 1] = 9.969209968386869e36
            self.h5("f.nc", {"W": gaps})
            with h5py.File("f.nc", "a") as file:
                file["W"].attrs[attribute] = np.array([9.969209968386869e36])
            self.refuses("--weights", "f.nc", "1 of its 120 entries are the fill value")
            for value in (1e20, 9.96921e36, -9999.9):  # a float64 beside float32 data: another number than those hold
                gaps[3, 1] = value
                self.h5("f.nc", {"W": np.float32(gaps)})
                with h5py.File("f.nc", "a") as file:
                    file["W"].attrs[attribute] = value
                self.refuses("--weights", "f.nc", "1 of its 120 entries are the fill value")
            self.h5("f.nc", {"W": gaps})
            with h5py.File("f.nc", "a") as file:
                file["W"].attrs[attribute] = np.array([-1.0, -9999.9])
            self.refuses("--weights", "f.nc", "1 of its 120 entries are the fill value -9999.9")
            with h5py.File("f.nc", "a") as file:
                file["W"].attrs[attribute] = "none"
            self.refuses("--weights", "f.nc", f"attribute {attribute} holds no numbers; write numbers, or delete it")
            with h5py.File("f.nc", "a") as file:
                file["W"].attrs[attribute] = np.array([])
            self.reads("f.nc", expected=gaps)

    def test_valid_ranges(self):
        for attributes, outside in (({"valid_max": 0.25}, W > 0.25), ({"valid_min": np.float32(-0.25)}, W < -0.25),
                                    ({"valid_range": np.array([-0.25, 0.25])}, abs(W) > 0.25)):
            self.h5("v.nc", {"W": W})
            with h5py.File("v.nc", "a") as file:
                file["W"].attrs.update(attributes)
            self.refuses("--weights", "v.nc", f"{outside.sum()} of its 120 entries are outside its valid range")
        self.h5("v.nc", {"W": np.float32([[0.1, -0.1], [0.05, 0]])})
        with h5py.File("v.nc", "a") as file:
            file["W"].attrs["valid_range"] = [-0.1, 0.1]  # in the data's own type
        self.reads("v.nc", expected=np.float32([[0.1, -0.1], [0.05, 0]]).astype(float))


class Foreign(WeightsCommand):
    def test_each_says_what_would_work(self):
        with zipfile.ZipFile("m.pt", "w") as archive:
            archive.writestr("m/data.pkl", b"\x80\x02}q\x00.")
            archive.writestr("m/data/0", W.tobytes())
        pathlib.Path("old.pth").write_bytes(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.")
        for name in ("m.pt", "old.pth"):
            self.refuses("--weights", name, "import torch, numpy", f"torch.load('{name}', map_location='cpu')", "numpy.savez")
        pathlib.Path("w.pkl").write_bytes(pickle.dumps(W))
        self.refuses("--weights", "w.pkl", "a pickle, which only Python reads", "pickle.load(open('w.pkl', 'rb'))")
        for magic, tool in ((b"BZh91AY", "bunzip2"), (b"\xfd7zXZ\0", "unxz"), (b"\x28\xb5\x2f\xfd", "unzstd")):
            pathlib.Path("w.npy.z").write_bytes(magic + bytes(50))
            self.refuses("--weights", "w.npy.z", tool)
        pathlib.Path("m.mat").write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(200))
        self.refuses("--weights", "m.mat", "-v7.3")
        pathlib.Path("w.nc").write_bytes(b"CDF\x01" + bytes(100))
        self.refuses("--weights", "w.nc", "nccopy")
        pathlib.Path("w.csv").write_text("1,2,3\n")
        self.refuses("--weights", "w.csv", "numpy.save")
        pathlib.Path("w.npy").write_bytes(b"")
        self.refuses("--network", "w.npy", "empty")
        np.save("o.npy", np.zeros(3, dtype=[("W", "f8")]))
        self.refuses("--weights", "o.npy", "save one of its fields")
        np.save("c.npy", W.astype(complex))
        self.refuses("--weights", "c.npy", "astype")

    @unittest.skipIf(os.geteuid() != 0 or not shutil.which("setpriv"), "needs to become another user")
    def test_folders_that_let_nobody_look(self):
        np.save("w.npy", W)
        os.chmod(".", 0o700)
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        here = os.getcwd()
        if subprocess.run([*drop, BINARY, "--version"], capture_output=True, cwd="/").returncode != 0:
            self.skipTest("the program itself is in a folder of this user's")
        for words in (["measure", "wdc", "--weights", f"{here}/w.npy"], ["measure", "wdc", "--network", f"{here}/w.npy"],
                      ["verify", f"{here}/r.h5"], ["run", f"{here}/sweep.toml", "--output", "/tmp/never.h5"]):
            done = subprocess.run([*drop, BINARY, *words], capture_output=True, text=True, cwd="/")
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]*Permission denied\n\Z")

    def test_names_that_are_no_utf8(self):
        name = os.fsdecode(b"\xff.npy")
        with open(name, "wb") as file:
            np.save(file, W)
        done = subprocess.run([BINARY, "measure", "wdc", "--weights", name, *QUICK, "--json", "--output", "r.h5"],
                              capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(json.loads(done.stdout.decode())["matrices"]["W"]["file"], "\ufffd.npy")
        done = subprocess.run([BINARY, "show", "r.h5", "--json"], capture_output=True)
        self.assertIn("\ufffd.npy", done.stdout.decode())

    def test_locked_and_left_open(self):
        self.h5("w.h5", {"W": W})
        with open("w.h5") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.refuses("--weights", "w.h5", "locked by a program that writes to it")
            done = self.run_it("show", "w.h5")
            self.assertEqual(done.returncode, 2)
            self.assertIn("locked", done.stderr)
            self.reads("w.h5", env={**os.environ, "HDF5_USE_FILE_LOCKING": "FALSE"})
        writer = ("import h5py, os, sys; f = h5py.File('crashed.h5', 'w', libver='latest'); f['W'] = [[1., 2.]]; f.flush(); "
                  "os._exit(0)")
        subprocess.run([sys.executable, "-c", writer], check=True)
        self.refuses("--weights", "crashed.h5", "left open for writing", "h5clear -s")
        self.assertIn("left open for writing", self.run_it("verify", "crashed.h5").stderr)

    @unittest.skipUnless(shutil.which("cc"), "needs a C compiler")
    def test_a_file_system_without_locks(self):
        source = ("#include <errno.h>\n#include <stdlib.h>\n"
                  "int flock(int f, int o) { (void)f, (void)o; errno = atoi(getenv(\"FLOCK_ERRNO\")); return -1; }\n")
        pathlib.Path("f.c").write_text(source)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", "f.so", "f.c"], check=True)
        self.h5("w.h5", {"W": W})
        for errno in (37, 38, 95, 524):
            env = {**os.environ, "LD_PRELOAD": str(self.folder / "f.so"), "FLOCK_ERRNO": str(errno)}
            self.reads("w.h5", env=env)
            self.assertEqual(self.run_it("verify", "r.h5", env=env).returncode, 0)


class Words(WeightsCommand):
    def test_numbers_are_decimal(self):
        done = self.run_it("measure", "wdc", "--n", "010", "--k", "2", "--seed", "010", "--json", *QUICK)
        found = json.loads(done.stdout)
        self.assertEqual((found["seed"], found["sizes"]["n"]), (10, 10))
        done = self.run_it("measure", "rrcp", "--widths", "02,011", "--m", "012", "--samples", "010", "--evidence", "sample",
                           "--json")
        found = json.loads(done.stdout)
        self.assertEqual((found["sizes"], found["draws"][0]["sampled"]["count"]), ({"m": 12, "widths": [2, 11]}, 10))
        for option in ("--n", "--seed", "--draws", "--samples", "--starts", "--threads", "--nodes"):
            done = self.run_it("measure", "wdc", option, "0x10")
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]*\"0x10\" is not a whole number[^\n]*\n\Z")
        self.assertIn('"0x2" is not', self.run_it("landscape", "inversion", "--widths", "2,3", "--draws", "0x2").stderr)
        self.assertIn("010 ", self.run_it("rho", "--depth", "010").stdout.replace("     10 ", "010 "))

    def test_a_lost_stderr_decides_nothing(self):
        np.save("w.npy", W.T)  # with a remark
        words = [BINARY, "measure", "wdc", "--weights", "w.npy", *QUICK, "--output", "r.h5", "--overwrite"]
        expected = subprocess.run(words, capture_output=True, text=True).stdout
        for redirection in ("2>/dev/full", "2>&-", "2> >(true)"):
            command = " ".join(words) + " " + redirection
            done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, expected), redirection)
            with h5py.File("r.h5") as file:
                np.testing.assert_array_equal(file["matrices/W"][...], W.T)
            wrong = f"{BINARY} measure wdc --n x {redirection}"
            self.assertEqual(subprocess.run(["bash", "-c", wrong]).returncode, 2, redirection)

    def test_a_lost_stdout_is_a_failure(self):
        np.save("w.npy", W)
        words = f"{BINARY} measure wdc --weights w.npy {' '.join(QUICK)} --output r.h5 --overwrite"
        for command in (words, f"{BINARY} rho --depth 1..5000", f"{BINARY} measure wdc --help"):
            for redirection in (">/dev/full", ">&-"):
                done = subprocess.run(["bash", "-c", f"{command} {redirection}"], stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, 1, command + redirection)
                self.assertRegex(done.stderr, r"\Atheoremeter: cannot write to standard output[^\n]*\n\Z")
        self.assertEqual(self.run_it("verify", "r.h5").returncode, 0)
        done = subprocess.run(["bash", "-c", f"{BINARY} rho --depth 1..20000 | head -1; echo ${{PIPESTATUS[0]}}"],
                              capture_output=True, text=True)
        self.assertEqual((done.stdout.splitlines()[-1], done.stderr), ("141", ""))  # as every program's: SIGPIPE

    def test_an_existing_output_names_both_ways_on(self):
        pathlib.Path("e.toml").write_text('condition = "wdc"\n[[sweep]]\nn = 9\nk = 2\nsamples = 10\nevidence = "sample"\n')
        self.assertEqual(self.run_it("run", "e.toml", "--output", "r.h5").returncode, 0)
        done = self.run_it("run", "e.toml", "--output", "r.h5")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--resume", done.stderr)
        self.assertIn("--overwrite", done.stderr)

    def test_options_before_the_condition(self):
        for words in (["measure", "--n", "20", "wdc"], ["measure", "--n", "20"], ["--n", "20", "measure", "wdc"]):
            done = self.run_it(*words)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--n: options come behind the last word of the command, as in theoremeter measure wdc --n", done.stderr)

    def test_the_legend_explains_what_occurs(self):
        np.save("w.npy", W)
        table = self.run_it("measure", "wdc", "--weights", "w.npy", *QUICK).stdout
        for absent in ("at most):", "exact:", "a .. b", "at least/alpha"):
            self.assertNotIn(absent, table)
        for present in (">= (at least)", "sampled/at least:"):
            self.assertIn(present, table)
        table = self.run_it("measure", "wdc", "--n", 20, "--k", 2, "--draws", 2, "--samples", 10, "--starts", 8).stdout
        for present in ("<= (at most)", "exact:", "gap:"):
            self.assertIn(present, table)
        self.assertNotIn("a .. b", table)


if __name__ == "__main__":
    unittest.main()
