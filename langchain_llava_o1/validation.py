"""Values that pydantic refuses, told in words of ours: what is wrong, the value, and what it must be."""

import reprlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import ErrorDetails

from langchain_llava_o1.errors import ConfigurationError

_KINDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "array": "a list",
    "object": "a mapping",
}
_BOUNDS = (
    ("minimum", "of at least {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "up to {}"),
    ("exclusiveMaximum", "below {}"),
)

Schema = Mapping[str, Any]


class PlainRefusals:
    """Makes a pydantic model refuse values in plain words: put it before the model among the bases.

    Raises:
        ConfigurationError: If a value cannot work.
    """

    def __init__(self, **values: Any) -> None:
        """Check the values and take them in."""
        with refusing_plainly(type(self)):
            super().__init__(**values)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Check values that are given as one object, as pydantic's method does."""
        validate: Any = super()
        with refusing_plainly(cls):
            return validate.model_validate(obj, **options)  # type: ignore[no-any-return]


@contextmanager
def refusing_plainly(model: type[Any]) -> Iterator[None]:
    """Turn what pydantic refuses of a model's values into a ConfigurationError."""
    try:
        yield
    except ValidationError as error:
        # All that pydantic says is said, and its text would stand before ours in a traceback.
        raise ConfigurationError(describe_refusal(error, model)) from None


def describe_refusal(error: ValidationError, model: type[Any]) -> str:
    """Say what is wrong with the values of a model, a sentence for each.

    Args:
        error: What pydantic found.
        model: The pydantic model that the values are for.
    """
    # Of a value that may have several types, pydantic tells each type's refusal.
    return " ".join(dict.fromkeys(_describe(problem, model) for problem in error.errors()))


def describe_refused_value(error: ValidationError, schema: Schema) -> str:
    """Say what is wrong with a single value, such as an option's.

    Args:
        error: What pydantic found.
        schema: JSON schema of the value.
    """
    problem = error.errors()[0]
    if own_words := problem.get("ctx", {}).get("error"):
        return str(own_words)
    return f"{reprlib.repr(problem['input'])} is not {_describe_allowed(schema) or 'a value that it takes'}."


def _describe(problem: ErrorDetails, model: type[Any]) -> str:
    fields: Mapping[str, Any] = model.model_fields
    place, schema = _find(problem["loc"], fields)
    if own_words := problem.get("ctx", {}).get("error"):
        text = str(own_words)
        return text if not place or place in text else f"{place}: {text}"
    if problem["type"] == "missing":
        return f"{place} is missing."
    if problem["type"] == "extra_forbidden":
        name = str(problem["loc"][-1])
        close = get_close_matches(name, fields, n=1)
        known = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(fields)}."
        return f"{name!r} is unknown. {known}"
    allowed = _describe_allowed(schema) or f"a {problem.get('ctx', {}).get('class', 'value of another type')}"
    if problem["type"] == "finite_number":
        allowed = allowed.replace("a number", "a finite number")
    return f"{place or model.__name__} is {reprlib.repr(problem['input'])}; it must be {allowed}."


def _find(location: tuple[int | str, ...], fields: Mapping[str, Any]) -> tuple[str, Schema]:
    """Find the name of a value and its JSON schema; what pydantic adds to tell types apart is left out."""
    name, *further = location or ("",)
    if name not in fields:
        return ".".join(map(str, location)), {}
    names, schema = [str(name)], _schema_of(fields[str(name)])
    for part in further:
        inner = _schema_inside(schema, part)
        if inner is None:
            break
        names.append(str(part))
        schema = inner
    return ".".join(names), schema


def _schema_of(field: Any) -> Schema:
    constrained: Any = field.annotation
    for constraint in field.metadata:
        constrained = Annotated[constrained, constraint]
    try:
        return TypeAdapter(constrained).json_schema()
    except PydanticUserError:
        # A type that JSON does not have.
        return {}


def _schema_inside(schema: Schema, part: int | str) -> Schema | None:
    """Return the schema of an item or an entry; None where there is none of that name."""
    found = schema.get("items") if isinstance(part, int) else schema.get("additionalProperties")
    if isinstance(found, Mapping):
        return found
    inner = (_schema_inside(each, part) for each in schema.get("anyOf", ()))
    return next((each for each in inner if each is not None), None)


def _describe_allowed(schema: Schema) -> str:
    """Say in words what a JSON schema allows; nothing where it does not tell."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(filter(None, map(_describe_allowed, schema["anyOf"]))))
    if "enum" in schema:
        return " or ".join(map(repr, schema["enum"]))
    kind = _KINDS.get(schema.get("type", "object" if "$ref" in schema else ""), "")
    if schema.get("minLength"):
        return f"{kind} that is not empty"
    limits = {name: _write_number(schema[name]) for name, _ in _BOUNDS if name in schema}
    if limits.keys() == {"minimum", "maximum"}:
        return f"{kind} from {limits['minimum']} to {limits['maximum']}"
    bounds = [words.format(limits[name]) for name, words in _BOUNDS if name in limits]
    return " ".join([kind, " and ".join(bounds)]).strip()


def _write_number(number: float) -> str:
    return str(int(number) if number == int(number) else number)
