"""`llava-o1 train` as one of several processes that shard the weights over gloo, on a processor.

accelerate shards on GPUs alone. Told that these are the processes of several GPUs, it shards here in the same
way: neither what it does from there on nor transformers' Trainer asks for a GPU.
"""

from typing import Any

from accelerate import PartialState
from accelerate.utils import DistributedType

from langchain_llava_o1.cli import main

_begin = PartialState.__init__


def begin_as_on_gpus(state: PartialState, *further: Any, **options: Any) -> None:
    _begin(state, *further, **options)
    if state.distributed_type == DistributedType.MULTI_CPU:
        state.distributed_type = DistributedType.MULTI_GPU


if __name__ == "__main__":
    PartialState.__init__ = begin_as_on_gpus
    main()
