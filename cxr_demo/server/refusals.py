"""What cannot be answered, as a `UserError`: whatever was sent, and whatever went wrong.

Traces of programming errors go to the log, which never sees pixels or names.
"""

import logging
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cxr_demo.errors import UserError

log = logging.getLogger(__name__)


def attempt(handler: Callable, *sent: object, **named: object) -> tuple[Any, UserError | None]:
    """What a handler answers, or None and why it does not: its refusal, or "failed" for a
    programming error."""
    try:
        return handler(*sent, **named), None
    except UserError as refusal:
        return None, refusal
    except Exception:
        log.exception("%s failed", handler.__name__)
        return None, UserError("failed")


def checked(kind: Any, sent: object, otherwise: str = "call.malformed") -> Any:
    """What a browser sent, which anybody can forge, as the pydantic type that it has to be.

    Raises:
        UserError: with the key `otherwise`, if it is anything else.
    """
    try:
        return TypeAdapter(kind).validate_python(sent, strict=True)
    except ValidationError:
        raise UserError(otherwise) from None
