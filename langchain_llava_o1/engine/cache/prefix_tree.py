"""The text the engine has read, as a tree: what begins alike is kept once.

Below each conversation's pictures stands a tree of token runs with their keys and values. The pictures
come first because the tokens before the first one already attend to all of them: the same text beside
another picture has other states.
"""

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from langchain_llava_o1.engine.cache.states import States

# Looking for what to forget takes time, so that it is done seldom and for much at once.
_SHARE_KEPT = 0.75


@dataclass(frozen=True)
class Found:
    """The longest known beginning of a text.

    Attributes:
        num_tokens: Its length.
        parts: Its states, to be joined.
    """

    num_tokens: int
    parts: tuple[States, ...]


@dataclass(eq=False)
class _Node:
    """A run of tokens that all texts through it share, and what may follow, by its first token."""

    tokens: tuple[int, ...]
    states: States
    parent: "_Node | None"
    children: dict[int, "_Node"] = field(default_factory=dict)
    last_use: int = 0


class PrefixTree:
    """Remembers what was read, as long as it fits; what was not used for longest goes first.

    Attributes:
        num_bytes: Memory that the states take.
    """

    def __init__(self, max_bytes: int) -> None:
        """Start empty; ``shrink`` keeps to ``max_bytes``."""
        self._max_bytes = max_bytes
        self._roots: dict[Hashable, _Node] = {}
        self._clock = itertools.count(1)
        self.num_bytes = 0

    def find(self, pictures: Hashable, tokens: Sequence[int]) -> Found:
        """Find the longest beginning of ``tokens`` beside ``pictures`` whose states are known."""
        parts: list[States] = []
        num_found = 0
        now = next(self._clock)
        node = self._roots.get(pictures)
        while node is not None:
            node.last_use = now
            node = node.children.get(tokens[num_found]) if num_found < len(tokens) else None
            if node is None:
                break
            num_alike = count_alike(node.tokens, tokens[num_found : num_found + len(node.tokens)])
            node.last_use = now
            num_found += num_alike
            if num_alike < len(node.tokens):
                parts.append(node.states.part(0, num_alike))
                break
            parts.append(node.states)
        return Found(num_found, tuple(parts))

    def insert(self, pictures: Hashable, tokens: Sequence[int], states: States) -> None:
        """Remember the end of a text.

        Args:
            pictures: What the text stands beside.
            tokens: The whole text.
            states: Those of its last tokens; the tokens before them are to be known, else nothing is kept.
        """
        start = len(tokens) - len(states)
        now = next(self._clock)
        node = self._roots.setdefault(pictures, _Node((), States(()), None))
        num_known = 0
        while num_known < len(tokens):
            node.last_use = now
            child = node.children.get(tokens[num_known])
            if child is None:
                break
            num_alike = count_alike(child.tokens, tokens[num_known : num_known + len(child.tokens)])
            if num_alike < len(child.tokens):
                child = self._split(child, num_alike)
            num_known += num_alike
            node = child
        node.last_use = now
        if start <= num_known < len(tokens):
            added = _Node(
                tuple(tokens[num_known:]), states.part(num_known - start).copy(), node, last_use=now
            )
            node.children[added.tokens[0]] = added
            self.num_bytes += added.states.nbytes
        elif node.parent is None and not node.children:
            del self._roots[pictures]

    def shrink(self) -> None:
        """If it has become too much, forget what was not used for longest until there is room again."""
        if self.num_bytes <= self._max_bytes:
            return
        # A node is never older than its children, so that the oldest ones first is leaves first.
        for node in sorted(self._nodes(), key=lambda node: (node.last_use, -_depth(node))):
            if self.num_bytes <= _SHARE_KEPT * self._max_bytes:
                break
            assert node.parent is not None
            del node.parent.children[node.tokens[0]]
            self.num_bytes -= node.states.nbytes
        self._roots = {pictures: root for pictures, root in self._roots.items() if root.children}

    def enlarge(self, max_bytes: int) -> None:
        """Keep to ``max_bytes`` from now on, if that is more than before."""
        self._max_bytes = max(self._max_bytes, max_bytes)

    def clear(self) -> None:
        """Forget everything."""
        self._roots.clear()
        self.num_bytes = 0

    def _nodes(self) -> Iterator[_Node]:
        waiting = [child for root in self._roots.values() for child in root.children.values()]
        while waiting:
            node = waiting.pop()
            waiting += node.children.values()
            yield node

    def _split(self, node: _Node, length: int) -> _Node:
        """Cut a node in two; return the first part, whose child is the rest.

        Both are copied, so that forgetting one frees its memory.
        """
        assert node.parent is not None
        head = _Node(
            node.tokens[:length], node.states.part(0, length).copy(), node.parent, last_use=node.last_use
        )
        node.parent.children[head.tokens[0]] = head
        node.tokens, node.states, node.parent = node.tokens[length:], node.states.part(length).copy(), head
        head.children[node.tokens[0]] = node
        return head


def _depth(node: _Node) -> int:
    depth = 0
    while node.parent is not None:
        node, depth = node.parent, depth + 1
    return depth


def count_alike(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """Count the tokens that two texts begin with alike."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
