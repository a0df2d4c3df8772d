"""What the name of a picture's file ends in, by what the file holds."""

import io

from PIL import Image

from langchain_llava_o1.errors import DataError
from langchain_llava_o1.pictures.formats import FORMAT_NAMES, FORMATS, PILLOW_FORMATS, is_heif

_HEIC_ENDING = ".heic"
# A JPEG that holds a second picture has a name of its own with Pillow.
_ENDINGS = {known.decoder: known.endings[0] for known in FORMATS} | {"JPEG": ".jpg", "MPO": ".jpg"}


def ending_of(data: bytes) -> str:
    """Return the ending of a picture's file, as in ``.png``. Only the beginning of the file is looked at.

    Raises:
        DataError: If it is no picture in a known format.
    """
    if is_heif(data):
        return _HEIC_ENDING
    try:
        with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as image:
            return _ENDINGS[image.format]
    # A decoder raises whatever broken bytes lead it to.
    except Exception as error:
        raise DataError(
            f"The {len(data)} bytes, which begin with {data[:8]!r}, are no picture in a known format. "
            f"Give the bytes of a file in {FORMAT_NAMES}."
        ) from error
