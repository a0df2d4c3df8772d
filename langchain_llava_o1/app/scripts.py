"""What the page does by itself in the browser, in JavaScript that Gradio runs."""

PRESS_START = """() => {
    // Else a phone's keyboard would hide what comes.
    if (matchMedia("(pointer: coarse)").matches) document.activeElement?.blur();
    [...document.querySelectorAll("button.start")].find((each) => each.checkVisibility())?.click();
}"""
"""Presses the button that starts a search in the tab that is shown."""

TELL_PLACE = """
element.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-place]");
    if (button) trigger("click", { place: Number(button.dataset.place) });
});
"""
"""Tells which button of a list was pressed, in the event's ``place``."""

FORGET_FILE = """() => [{ __type__: "update", visible: false }, ""]"""
"""Hides the field for a file's page, and what was told of the file, once another picture is there."""


def fold_on_phones(num_parts: int) -> str:
    """Write what folds parts of the page where they would push the answer out of the window."""
    return f"""() => {{
        const open = !matchMedia("(max-width: 40rem)").matches;
        return Array({num_parts}).fill({{ __type__: "update", open }});
    }}"""


def bring_into_view(*, is_every_time: bool) -> str:
    """Write what brings a drawing into view: as it begins, and when its answer is there.

    Args:
        is_every_time: Whether each new drawing comes into view.
    """
    return f"""
let shown = "";
watch("value", () => {{
    const part = element.querySelector(".search > :first-child");
    const kind = part?.className ?? "";
    if (part && ({str(is_every_time).lower()} || kind !== shown)) {{
        const {{ top, bottom }} = part.getBoundingClientRect();
        if (top < 0 || bottom > innerHeight) {{
            const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
            part.scrollIntoView({{ block: "start", behavior: isCalm ? "auto" : "smooth" }});
        }}
    }}
    shown = kind;
}});
"""
