"""A picture's file decoded: its first frame or page, upright, in RGB, no larger than a model looks at."""

import io
from typing import NamedTuple

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.advice import INSTALL_HEIC
from langchain_llava_o1.pictures.formats import FORMAT_NAMES, PILLOW_FORMATS, is_heif
from langchain_llava_o1.pictures.policy import ImagePolicy

# The longer side of what Mllama sees of a picture, which is cut into at most 4 tiles of 560 pixels. What is
# twice as large is halved: a photograph of 48 megapixels is not kept with pixels that nobody looks at.
_LONGEST_SIDE_SEEN = 2240
_BACKGROUND = (255, 255, 255)
_PDF_SIGNATURE = b"%PDF-"
_TIFF_BITS = 258
_TIFF_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0


class Decoded(NamedTuple):
    """A picture out of its file.

    Attributes:
        image: Its pixels in RGB, upright and on white where it was transparent.
        mime_type: What the file is, as in ``image/png``.
        file_size: Width and height as the file states them.
    """

    image: Image.Image
    mime_type: str
    file_size: tuple[int, int]


def decode_file(data: bytes, policy: ImagePolicy) -> Decoded:
    """Decode the bytes of a picture's file.

    Raises:
        ImageError: The bytes are no picture of a known format, truncated, or of too many pixels.
    """
    try:
        with _open(data) as file:
            policy.check_size(file.size)
            file_size = file.size
            # A photograph that holds a second picture is "MPO", which nobody else knows by that name.
            mime_type = "image/jpeg" if isinstance(file, JpegImageFile) else file.get_format_mimetype() or ""
            if isinstance(file, JpegImageFile):
                # Decodes what is to be halved at half the size, in a fraction of the memory and time.
                factor = _reduction(file.size)
                file.draft(None, (file.width // factor, file.height // factor))
            file.load()
            return Decoded(to_plain_rgb(file), mime_type, file_size)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"The picture has more pixels than Pillow opens ({error}). Make it smaller."
        ) from error
    except UnidentifiedImageError as error:
        if data.startswith(_PDF_SIGNATURE):
            raise ImageError(
                "The file is a PDF, no picture. Name one of its pages, as in report.pdf#page=1, or send it "
                "in a file block of a message."
            ) from error
        raise ImageError(
            f"The {len(data)} bytes, which begin with {data[:8]!r}, are no picture in a known format. "
            f"Send one in {FORMAT_NAMES}."
        ) from error
    # A decoder raises whatever the broken bytes lead it to: OSError, SyntaxError, struct.error, …
    except Exception as error:
        raise ImageError(
            f"The picture is truncated or damaged ({type(error).__name__}: {error}). Send the whole file."
        ) from error


def to_plain_rgb(image: Image.Image) -> Image.Image:
    """Return an image's pixels in RGB, upright, on white, and no larger than a model looks at."""
    original = image
    if image.mode.startswith(("I", "F")):
        image = _to_greys(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    if (factor := _reduction(image.size)) > 1:
        image = image.reduce(factor)
    if image.mode == "RGBA":
        # The hidden colour under transparent pixels is arbitrary, often black.
        canvas = Image.new("RGBA", image.size, (*_BACKGROUND, 255))
        canvas.info = image.info
        image = Image.alpha_composite(canvas, image)
    if image is original or image.mode != "RGB":
        image = image.convert("RGB")
    return _put_upright(image)


def _open(data: bytes) -> ImageFile.ImageFile:
    if is_heif(data):
        return _open_heif(data)
    return Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)


def _open_heif(data: bytes) -> ImageFile.ImageFile:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise ImageError(
            f"The picture is in HEIC, which needs a decoder that is missing. {INSTALL_HEIC}"
        ) from error
    return HeifImageFile(io.BytesIO(data))


def _reduction(size: tuple[int, int]) -> int:
    """Return the power of 2 by which a picture can be made smaller and still have what a model looks at."""
    return 1 << max(0, (max(size) // _LONGEST_SIDE_SEEN).bit_length() - 1)


def _to_greys(image: Image.Image) -> Image.Image:
    """Bring greys of more than 8 bits to 8; Pillow's own conversion cuts off everything above 255."""
    factor = 1 / _levels_per_grey(image)
    # Pillow scales float images alone.
    greys = image.convert("F").point(lambda grey: grey * factor).convert("L")
    # Pillow inverts greys of 8 bits by itself.
    is_inverted = isinstance(image, TiffImageFile) and image.tag_v2.get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO
    return ImageOps.invert(greys) if is_inverted else greys


def _levels_per_grey(image: Image.Image) -> float:
    """Return how many levels of an image's greys become one of 256."""
    if image.mode.startswith("I;16"):
        (num_bits,) = image.tag_v2.get(_TIFF_BITS, (16,)) if isinstance(image, TiffImageFile) else (16,)
        return float(2 ** (num_bits - 8))
    # Files of 32 bits do not say what white is: 1, the end of 8 or 16 bits, or their own brightest.
    _, brightest = image.getextrema()
    assert isinstance(brightest, int | float), "a grey image has one band"
    if image.mode == "F" and brightest <= 1:
        return 1 / 255
    if brightest <= 255:
        return 1
    return 256 if brightest < 2**16 else brightest / 255


def _put_upright(image: Image.Image) -> Image.Image:
    try:
        ImageOps.exif_transpose(image, in_place=True)
    # Damaged camera data says nothing about the pixels, which have been read by now.
    except Exception:
        return image
    return image
