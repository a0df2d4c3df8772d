"""Questions about trail maps."""

import random

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.questions import Content, Question, Solution
from langchain_llava_o1.drawn.trail_maps import KeyTrail, TrailMap


def trail(rng: random.Random, content: Content) -> Question:
    """Which colour leads to a thing? The caption finds the key that leads there, the reasoning the colour."""
    assert isinstance(content, TrailMap)
    thing = rng.choice(content.things)
    told = next(found for key in content.keys if (found := KeyTrail.of(content, key)).thing == thing)

    def solve(told: Content) -> Solution | None:
        assert isinstance(told, KeyTrail)
        if told.key not in content.keys:
            return None
        colour = next(
            colour
            for colour in content.colours
            if content.follow(content.with_colour(colour))[-1].key == told.key
        )
        walk = colour_trail(content, colour)
        return Solution(
            steps=(f"I take {colour}. {walk}.", f"Taking {colour}. {walk}."),
            answer=colour,
            sentence=f"The colour that leads to the {thing} is {colour}",
            reason=f"{colour} leads to the {told.key} key",
        )

    return Question(
        kind="trail",
        text=rng.choice((f"Which colour leads to the {thing}?", f"Which trail ends at the {thing}?")),
        topic=f"which colour leads to the {thing}",
        plan=f"find the key to the {thing}, then the colour to the key",
        answers=(*content.colours, rng.choice([other for other in COLOURS if other not in content.colours])),
        solve=solve,
        told=told,
    )


def colour_trail(trail_map: TrailMap, colour: str) -> str:
    """Write where a coloured trail leads, as "D1, A2, B2: star key"."""
    cards = trail_map.follow(trail_map.with_colour(colour))
    return f"{', '.join(card.cell for card in cards)}: {cards[-1].key} key"


TRAIL_QUESTIONS = (trail,)
"""Every kind."""
