"""What a user may set of a model: described once, shown as a form and taken from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from pathview.core.errors import ModelError

type Value = float | int | bool | str

_SWITCH = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)


class Kind(StrEnum):
    """What values a parameter takes."""

    NUMBER = "number"
    INTEGER = "integer"
    SWITCH = "switch"
    CHOICE = "choice"
    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that can be set.

    Attributes
    ----------
    name
        The argument of the plugin's factory.
    kind
        What values it takes.
    default
        Its value where nobody sets it.
    least, most
        Bounds of a number.
    choices
        Of a choice.
    title, help
        For people.
    """

    name: str
    kind: Kind
    default: Value
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    title: str = ""
    help: str = ""

    def parsed(self, text: str) -> Value:
        """Return the value that a text means.

        Raises
        ------
        ValueError
            If it means none that can be set; it says which can.
        """
        try:
            if self.kind is Kind.SWITCH:
                return _SWITCH[text.lower()]
            value: Value = int(text) if self.kind is Kind.INTEGER else text
            return self.checked(float(text) if self.kind is Kind.NUMBER else value)
        except (KeyError, ValueError, OverflowError):
            raise ValueError(f"{self.name} must be {self.range_words()}, not {text!r}") from None

    def checked(self, value: object) -> Value:
        """Return a value that can be set.

        Raises
        ------
        ValueError
            If it cannot be; it says which can.
        """
        if self.kind is Kind.SWITCH and isinstance(value, bool):
            return value
        if self.kind is Kind.CHOICE and isinstance(value, str) and value in self.choices:
            return value
        if self.kind in (Kind.TEXT, Kind.FILE) and isinstance(value, str) and "\0" not in value:
            return value
        whole = isinstance(value, int) and not isinstance(value, bool)
        if self.kind in (Kind.NUMBER, Kind.INTEGER) and (whole or isinstance(value, float)):
            number = float(str(value))
            least = -inf if self.least is None else self.least
            most = inf if self.most is None else self.most
            # Written so that neither NaN nor an infinity without bounds passes.
            if least <= number <= most and abs(number) < inf and (whole or self.kind is Kind.NUMBER):
                return int(number) if self.kind is Kind.INTEGER else number
        raise ValueError(f"{self.name} must be {self.range_words()}, not {value!r}")

    def range_words(self) -> str:
        """Return in words which values can be set."""
        if self.kind is Kind.SWITCH:
            return "true or false"
        if self.kind is Kind.CHOICE:
            return f"one of {', '.join(self.choices)}"
        if self.kind in (Kind.TEXT, Kind.FILE):
            return "a text" if self.kind is Kind.TEXT else "the path of a file"
        what = "a number" if self.kind is Kind.NUMBER else "a whole number"
        least, most = self.least, self.most
        if least is not None and most is not None:
            return f"{what} from {least:g} to {most:g}"
        if least is not None:
            return f"{what} of {least:g} or more"
        return what if most is None else f"{what} of {most:g} or less"


def differing(
    parameters: Iterable[Parameter], values: Mapping[str, Value], model: str
) -> tuple[tuple[str, Value], ...]:
    """Return those of the values that are not the defaults, checked and in the parameters' order.

    Raises
    ------
    ModelError
        If one cannot be set, or there is no such parameter.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in values:
        if name not in known:
            there = f"it has {', '.join(known)}" if known else "it has none"
            raise ModelError(model, f"there is no parameter {name!r}; {there}")
    try:
        checked = {name: one.checked(values[name]) for name, one in known.items() if name in values}
    except ValueError as error:
        raise ModelError(model, str(error)) from error
    return tuple((name, value) for name, value in checked.items() if value != known[name].default)
