"""Weights as the repository keeps them: HDF5, large kernels in 8 bits.

A kernel becomes int8 with one scale for each output channel, the form in which LiteRT serves it
(dynamic range), so that nothing is lost that a reader of the page could see; everything else is
float16. Keras files go in and Keras models come out.
"""

import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np

MIN_QUANTISED_SIZE = 4096
"""Kernels of fewer numbers are not worth a scale."""

LEVELS = 127


def save_quantised(source: Path, target: Path) -> None:
    """Keep a Keras `.weights.h5` file, without its optimizer.

    Args:
        source: floats of any precision.
        target: the kept form; each int8 dataset has its scales as the attribute `scale`.
    """
    with h5py.File(source) as old, h5py.File(target, "w") as new:

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if name.split("/")[0] == "optimizer":
                return
            if isinstance(item, h5py.Group):
                new.require_group(name).attrs.update(item.attrs)
                return
            values, scale = item[()], None
            if np.issubdtype(values.dtype, np.floating):
                values, scale = _quantise(values.astype(np.float32))
            dataset = new.create_dataset(
                name,
                data=values,
                **({"compression": "gzip", "shuffle": True} if values.ndim else {}),
            )
            dataset.attrs.update(item.attrs)
            if scale is not None:
                dataset.attrs["scale"] = scale

        old.visititems(copy)


def load_quantised(model: keras.Model, file: Path) -> None:
    """Give a model the weights kept in a file that `save_quantised` wrote."""
    with tempfile.TemporaryDirectory() as folder:
        wide = Path(folder) / "wide.weights.h5"
        with h5py.File(file) as old, h5py.File(wide, "w") as new:

            def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
                if isinstance(item, h5py.Group):
                    new.require_group(name).attrs.update(item.attrs)
                    return
                scale = item.attrs.get("scale")
                new[name] = item[()] if scale is None else item[()] * np.float32(scale)
                new[name].attrs.update({k: v for k, v in item.attrs.items() if k != "scale"})

            old.visititems(copy)
        model.load_weights(wide)


def _quantise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(int8, scale per output channel) of a large kernel; (float16, None) of anything else."""
    if values.ndim < 2 or values.size < MIN_QUANTISED_SIZE:
        return values.astype(np.float16), None
    largest = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
    scale = np.where(largest > 0, largest, 1).astype(np.float32) / np.float32(LEVELS)
    return np.rint(values / scale).astype(np.int8), scale
