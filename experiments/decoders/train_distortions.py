#!/usr/bin/env python3
"""Trains the second decoder of this folder, of the distortions of [HJ, Fig. 2]: exp(-((x - c)^2 + (y - c)^2)/sigma) with c in
[-3, 3], sigma in [20, 35] and x, y in [-5, 5], here on 28 x 28 points.

    ./train_distortions.py

There is no encoder: the code of a distortion is what its first principal components say (not centred, so that positive
multiples stay multiples), all scaled alike, and the decoder learns from the 8,100 pairs. ReLU after every layer and no biases.
Needs what train.py needs, but no data; a minute on one core. Weights go to distortions.h5, ten distortions that training has
not seen to ten-distortions.npy (float64, a row each): the product of a digit and one of them is a distorted digit.
"""

import argparse
import pathlib

import numpy as np
import torch
from torch import nn
from train import FOLDER, decoder, save_layers

WIDTHS = [6, 100, 784]
EPOCHS = 40


def distortions(c, sigma):
    """A row of 28 x 28 values for each pair."""
    x = np.linspace(-5, 5, 28)
    line = np.exp(-((x - c[:, None]) ** 2) / sigma[:, None])
    return (line[:, :, None] * line[:, None, :]).reshape(-1, WIDTHS[-1])


def components_of(images):
    """Columns that take an image to its code: principal components, scaled so that codes have entries of size 1 or so."""
    _, values, vectors = np.linalg.svd(images, full_matrices=False)
    return vectors[: WIDTHS[0]].T / (values[0] / np.sqrt(len(images)))


def errors(decode, images, components):
    with torch.no_grad():
        found = decode(torch.tensor(images @ components, dtype=torch.float32)).double().numpy()
    return np.linalg.norm(found - images, axis=1) / np.linalg.norm(images, axis=1)


def train(images, components):
    """Least squares of what comes before the last ReLU: pixels that start below 0 there would have no gradient and never learn.
    The values aimed at are positive, so that it changes next to nothing afterwards. The last layer starts from 0: what is random in
    it stays where no code of a distortion leads, and makes noise of the codes that an algorithm passes on its way."""
    data, code = (torch.tensor(a, dtype=torch.float32) for a in (images, images @ components))
    decode = decoder(WIDTHS)
    nn.init.zeros_(decode[-2].weight)
    optimiser = torch.optim.Adam(decode.parameters(), lr=1e-3)
    batches = len(data) // 100
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=EPOCHS * batches)
    before = decode[:-1]
    for epoch in range(EPOCHS):
        for batch in torch.randperm(len(data))[: 100 * batches].split(100):
            misfit = (before(code[batch]) - data[batch]).square().sum(dim=1) / data[batch].square().sum(dim=1)
            optimiser.zero_grad()
            misfit.mean().backward()
            optimiser.step()
            schedule.step()
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: relative error {np.median(errors(decode, images, components)):.4f}", flush=True)
    return decode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    c, sigma = np.meshgrid(np.linspace(-3, 3, 90), np.linspace(20, 35, 90))
    images = distortions(c.ravel(), sigma.ravel())
    components = components_of(images)
    decode = train(images, components)
    save_layers(decode, options.out / "distortions.h5")
    random = np.random.default_rng(1)
    tests = distortions(random.uniform(-3, 3, 1000), random.uniform(20, 35, 1000))
    np.save(options.out / "ten-distortions.npy", tests[:10])
    error = errors(decode, tests, components)
    print(f"distortions drawn for tests: relative error {np.median(error):.4f} (median), {error.max():.4f} (most)")


if __name__ == "__main__":
    main()
