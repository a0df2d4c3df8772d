"""What helps where a picture cannot be used, said to three readers.

Who writes a program can change it. A language model cannot, so what it is told must not ask for that. Nor can
a person in a chat, who is told what is wrong alone. An error's text is the program's; ``restate`` and
``leave_out_advice`` make the others of it, also where only the text has come through, as from a server.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """The last sentence of an error about a picture; as text it is the program's.

    Attributes:
        program: What who writes or starts the program can do.
        conversation: What a language model in a conversation can do.
    """

    program: str
    conversation: str

    def __str__(self) -> str:
        """Return what stands in the error."""
        return self.program


_ASK_FOR_THE_PICTURE = "Ask the user to send the picture itself."
_ASK_FOR_A_SMALLER_ONE = "Ask the user for a smaller picture."

SEND_IN_BASE64 = Advice("Send the picture in base64.", _ASK_FOR_THE_PICTURE)
ENCODE_THE_FILE = Advice("Send base64.b64encode(<the bytes of the file>).", _ASK_FOR_THE_PICTURE)
WRITE_A_DATA_URL = Advice("Write it as data:image/png;base64,<the file in base64>.", _ASK_FOR_THE_PICTURE)
WRITE_AN_IMAGE_BLOCK = Advice(
    'Send {"type": "image", "base64": "…", "mime_type": "image/png"}.', _ASK_FOR_THE_PICTURE
)
ALLOW_URLS = Advice(
    "Send the picture in base64, or allow them: allow_image_urls=True, or LLAVA_O1_IMAGE_URLS=true.",
    _ASK_FOR_THE_PICTURE,
)
ALLOW_A_FOLDER = Advice(
    "Send the picture in base64, or allow a folder: allowed_image_roots=[…], or LLAVA_O1_IMAGE_ROOTS.",
    _ASK_FOR_THE_PICTURE,
)
ALLOW_ANOTHER_FOLDER = Advice(
    "Move the picture there, or add its folder to allowed_image_roots.",
    "Name a picture from there, or ask the user to send the picture itself.",
)
ALLOW_MORE_PIXELS = Advice("Make it smaller, or raise max_image_pixels.", _ASK_FOR_A_SMALLER_ONE)
ALLOW_MORE_BYTES = Advice("Make it smaller, or raise max_image_bytes.", _ASK_FOR_A_SMALLER_ONE)

INSTALL_HEIC = Advice(
    'Save it as JPEG, or pip install "langchain-llava-o1[heic]".', "Ask the user to send it as JPEG."
)
INSTALL_PDF = Advice(
    'Send pictures of the pages, or pip install "langchain-llava-o1[pdf]".',
    "Ask the user to send pictures of the pages.",
)
ALLOW_MORE_PAGES = Advice(
    "Choose some of them (ask --pages), or raise max_pdf_pages (index --max-pages).",
    "Ask the user for some of the pages.",
)
SEND_THE_FILE_IN_BASE64 = Advice("Send it in base64.", "Ask the user to send the file itself.")
WRITE_A_FILE_BLOCK = Advice(
    'Send {"type": "file", "base64": "…", "mime_type": "application/pdf"}.',
    "Ask the user to send the file itself.",
)

_ALL = [value for value in globals().values() if isinstance(value, Advice)]


def restate(message: str) -> str:
    """Return an error's text as a language model is to read it."""
    for advice in _ALL:
        message = message.replace(advice.program, advice.conversation)
    return message


def leave_out_advice(message: str) -> str:
    """Return an error's text as a person in a chat is to read it."""
    for advice in _ALL:
        message = message.replace(advice.program, "")
    return message.strip()
