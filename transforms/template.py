"""Templates: a team's own prompt, in Jinja2, in a sandbox that can call and change nothing.

The template is given `question`, `passages` (each fenced already, to be written as it is) and `fence`. What
it renders is the user's message; a block named `system` is the system message instead of ours, and should
hold only what never changes, so that a provider can cache it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from typing import Any

from schemas.errors import ConfigError

SYSTEM_BLOCK = "system"


class Template:
    """A compiled template. Raises ConfigError, naming file and line, if it cannot be read or rendered."""

    def __init__(self, text: str, name: str) -> None:
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        self.name = name
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, keep_trailing_newline=False, autoescape=False
        )  # a prompt is no HTML
        try:
            code = environment.compile(text, name=name, filename=name)
            self._compiled = environment.template_class.from_code(environment, code, environment.globals)
        except TemplateError as error:
            raise _wrong(name, getattr(error, "lineno", None), str(error)) from error

    def render(self, question: str, passages: Sequence[str], fence: str) -> tuple[str | None, str]:
        """Return the system message, if the template has one, and the user's.

        Raises ConfigError when it leaves out the question or a passage: a citation of what is not there would
        be a lie.
        """
        given = {"question": question, "passages": tuple(passages), "fence": fence}
        try:
            system = self._block(given)
            user = self._compiled.render(given).strip()
        except Exception as error:  # whatever an expression in it can raise
            raise _wrong(self.name, _line_of(error, self.name), str(error)) from error
        user = user.removeprefix(system or "").strip()
        missing = [part for part in (question, *passages) if part not in user]
        if missing:
            what = "the question" if question in missing else "a passage"
            raise _wrong(self.name, None, f"it leaves out {what}")
        return system, user

    def _block(self, given: dict[str, Any]) -> str | None:
        block = self._compiled.blocks.get(SYSTEM_BLOCK)
        return None if block is None else "".join(_texts(block(self._compiled.new_context(given)))).strip()


def _texts(parts: Iterable[Any]) -> Iterable[str]:
    return (str(part) for part in parts)


def _line_of(error: BaseException, name: str) -> int | None:
    """Return the innermost line of the template in an error's traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == name), None)


def _wrong(name: str, line: int | None, why: str) -> ConfigError:
    where = f"line {line} of template {name}" if line else f"template {name}"
    return ConfigError(
        f"{where}: {why}",
        fix="mend it; a template is given `question`, `passages` and `fence`, and may only write them",
    )
