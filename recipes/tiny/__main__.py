"""Make the embedded checkpoint: ``python -m recipes.tiny --folder runs/tiny``."""

import argparse
import json
import platform
from pathlib import Path

import torch
import transformers

from langchain_llava_o1.tiny import checkpoint_path
from recipes.tiny.card import write_card
from recipes.tiny.model import move
from recipes.tiny.recipe import SEED, Recipe


def main() -> None:
    """Read the command line and make the checkpoint."""
    parser = argparse.ArgumentParser(description="Make the embedded checkpoint.")
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/tiny"), help="where the steps leave their results"
    )
    parser.add_argument("--output", type=Path, default=checkpoint_path(), help="where the checkpoint goes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of training steps")
    parser.add_argument("--start", type=Path, help="a checkpoint to begin from, instead of untrained")
    arguments = parser.parse_args()
    recipe = Recipe(arguments.folder, arguments.device, arguments.scale, arguments.start)
    recipe.run()
    model, processor = recipe.load("judging")
    move(model, torch.float16).save_pretrained(arguments.output)
    processor.save_pretrained(arguments.output)
    record = {
        "seed": SEED,
        "scale": arguments.scale,
        **({"start": str(arguments.start)} if arguments.start else {}),
        "device": arguments.device,
        "dtype": str(recipe.dtype).removeprefix("torch."),
        "seconds": sum(recipe.seconds.values()),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    (arguments.output / "recipe.json").write_text(json.dumps(record, indent=2) + "\n")
    write_card(arguments.output, [])
    recipe.log(json.dumps(record))


if __name__ == "__main__":
    main()
