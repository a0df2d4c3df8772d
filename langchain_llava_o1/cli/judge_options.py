"""The options of a judge, which several commands share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.catalogue import JUDGES
from langchain_llava_o1.judges.own_model import OwnModel
from langchain_llava_o1.rewards.settings import KINDS, NAMED_SETTINGS, read_named_settings


def _names(judges: Sequence[str]) -> str:
    *others, last = judges
    return f"--judge {', '.join(others)} or {last}" if others else f"--judge {last}"


_REWARD_JUDGES = [entry.name for entry in JUDGES.values() if entry.own_model is not None]
_CHAT_JUDGES = [entry.name for entry in JUDGES.values() if entry.other_model is not None]
_ADD_REWARD = f"add {_names(_REWARD_JUDGES)} and --judge-model, or leave it out"

if TYPE_CHECKING:
    _JudgeName = str
    _RewardKind = str
else:
    # The catalogues say which there are; a type checker cannot read them and sees strings.
    _JudgeName = Literal[tuple(JUDGES)]
    _RewardKind = Literal[tuple(KINDS)]

JudgeOption = Annotated[
    _JudgeName | None,
    typer.Option(
        "--judge", help="What decides between candidates. Default: the search's own.", show_default=False
    ),
]

JudgeModelOption = Annotated[
    str | None,
    typer.Option(
        "--judge-model",
        metavar="MODEL",
        help=f"With {_names(_REWARD_JUDGES)}: hub id or folder of the reward model. With "
        f"{_names(_CHAT_JUDGES)}: the chat model that judges, by hub id, folder, 'tiny', or provider and "
        "model, as in openai:gpt-4o; by default the model that answers.",
        show_default=False,
    ),
]

JudgeUrlOption = Annotated[
    str | None,
    typer.Option(
        "--judge-base-url",
        metavar="URL",
        help=f"With {_names(_CHAT_JUDGES)}: server of the judging model.",
        show_default=False,
    ),
]

JudgeKindOption = Annotated[
    _RewardKind | None,
    typer.Option(
        "--judge-kind",
        help=f"With {_names(_REWARD_JUDGES)}: kind of the reward model, where the checkpoint does "
        "not tell. Default: found out.",
        show_default=False,
    ),
]

JudgeSettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--judge-set",
        metavar="NAME=VALUE",
        help=f"With {_names(_REWARD_JUDGES)}: a setting of the reward model, may be repeated: "
        f"{', '.join(NAMED_SETTINGS)}.",
        show_default=False,
    ),
]


def read_judge(
    judge: str | None, model: str | None, kind: str | None, base_url: str | None, given: list[str] | None
) -> str | None:
    """Read the options of a judge as its full name; None where there is none.

    Args:
        judge: Name of the judge.
        model: The model that it asks in the place of the one that answers.
        kind: Kind of that model, if it is a reward model.
        base_url: Server of that model, if it is a chat model.
        given: Settings of that model, if it is a reward model, each as "name=value".
    """
    has_reward, has_chat = judge in _REWARD_JUDGES, judge in _CHAT_JUDGES
    model = None if model is None else model.strip()
    if has_reward and not model:
        _refuse("--judge", f"the {judge} judge needs a model; add --judge-model with a hub id or a folder.")
    if model == "":
        _refuse("--judge-model", "it is empty; name a hub id, a folder, 'tiny', or provider and model.")
    if model is not None and not (has_reward or has_chat):
        own = _names([*_CHAT_JUDGES, *_REWARD_JUDGES])
        _refuse("--judge-model", f"only {own} asks a model of its own; add it, or leave {model} out.")
    if kind is not None and not has_reward:
        _refuse("--judge-kind", f"{kind} is the kind of a reward model; {_ADD_REWARD}.")
    if given and not has_reward:
        _refuse("--judge-set", f"{given[0]} is a setting of a reward model; {_ADD_REWARD}.")
    if base_url is not None and not (has_chat and model):
        _refuse(
            "--judge-base-url",
            f"{base_url} is the server of a chat model that judges; add {_names(_CHAT_JUDGES)} and "
            "--judge-model, or leave it out.",
        )
    if model is None:
        return judge
    settings = _read_settings(given or []) if base_url is None else {"base_url": base_url}
    return f"{judge}:{OwnModel(f'{kind}:{model}' if kind else model, settings)}"


def _read_settings(given: Sequence[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals):
            _refuse("--judge-set", f"{text!r} is no setting; write it as in batch_size=2.")
        if name.strip() in settings:
            _refuse("--judge-set", f"{name.strip()} is given twice; give it once.")
        settings[name.strip()] = value
    try:
        return read_named_settings(settings)
    except ConfigurationError as error:
        _refuse("--judge-set", str(error))


def _refuse(option: str, reason: str) -> NoReturn:
    raise typer.BadParameter(reason, param_hint=option)
