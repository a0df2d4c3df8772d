"""Index a folder with a model that says what it describes, and stops for a while at the fifth picture.

Run as ``python -m tests.rag.slow_index FOLDER COLLECTION``.
"""

import sys
import threading
import time

from langchain_llava_o1 import index_folder, open_collection
from tests.rag.album import describe, describing_model
from tests.scripted_model import Call, Reply

NUM_BEFORE_STOP = 4
_count = 0
_lock = threading.Lock()


def describe_slowly(call: Call) -> Reply:
    global _count
    with _lock:
        _count += 1
        number = _count
    if number == NUM_BEFORE_STOP + 1:
        # Once: what two threads print at a time may come out as one line.
        print("stopping", flush=True)
    if number > NUM_BEFORE_STOP:
        time.sleep(60)
    return describe(call)


if __name__ == "__main__":
    folder, path = sys.argv[1:]
    index_folder(folder, open_collection(path), describing_model(describe_slowly), batch_size=2)
