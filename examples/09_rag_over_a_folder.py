"""Index a folder of pictures and notes, and ask about it.

Needs `pip install "langchain-llava-o1[rag]"`. Draws the folder first, so that it runs as it stands; a second
`index_folder` would describe only what is new or has changed.
"""

import random
import tempfile
from pathlib import Path

from langchain_llava_o1 import (
    ChatLlavaO1,
    VisionTowerEmbeddings,
    create_multimodal_rag,
    create_stage_beam,
    image_block,
    index_folder,
    open_collection,
)
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.scenes import draw_scene, sample_scene

model = ChatLlavaO1(model="tiny")

with tempfile.TemporaryDirectory() as place:
    folder = Path(place, "scenes")
    folder.mkdir()
    for number in range(12):
        rng = random.Random(number)
        picture = draw_scene(sample_scene(rng, Difficulty.EASY), rng, Difficulty.EASY).picture
        picture.save(folder / f"{number:02}.png")
    (folder / "notes.md").write_text("# Notes\n\nThe scenes were drawn for an example.\n")

    collection = open_collection(Path(place, "collection"), picture_embeddings=VisionTowerEmbeddings(model))
    report = index_folder(folder, collection, model)
    print(f"{len(report.added)} files indexed, {report.num_captions} captions written")

    # The embedded model was trained with one picture for a question; others take several: as_retriever(4).
    rag = create_multimodal_rag(collection.as_retriever(1), create_stage_beam(model)).compile()

    by_text = rag.invoke({"question": "How many orange circles are there?"}, context={"seed": 1})
    print("By text:", by_text["messages"][-1].text)

    given = {
        "question": "How many purple circles are there?",
        "image": image_block(folder / "07.png")["base64"],
        "retrieve_by": "image",
    }
    by_picture = rag.invoke(given, context={"seed": 1})
    print("By picture:", by_picture["messages"][-1].text)
    for source in by_picture["sources"]:
        print(source["name"], source["content_hash"][:8], source["problem"] or "as indexed")
