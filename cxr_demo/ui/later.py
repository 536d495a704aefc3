"""What is loaded while others already wait for it."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """A value that comes once; `await later()` waits for it.

    Attributes:
        value: what came, or None until then.
    """

    def __init__(self):
        self.value: T | None = None
        self._came = asyncio.Event()

    def set(self, value: T) -> None:
        """Let it come; from the event loop."""
        self.value = value
        self._came.set()

    async def __call__(self) -> T:
        await self._came.wait()
        return self.value
