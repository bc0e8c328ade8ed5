"""What is said of a variant beside its figures: values, from which every face makes its words."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Source(StrEnum):
    """Who says it."""

    MACHINE = "machine"  # a technique, of the machine it runs on
    SETUP = "setup"  # a technique, of the declaration that it edited
    PITFALL = "pitfall"  # the check of a technique's pitfall
    TRACE = "trace"  # what the traced window shows
    RUN = "run"  # how measuring it went


class Remark(msgspec.Struct, frozen=True):
    """Something that a reader must know of a variant.

    Attributes:
        text: A sentence without the name of what it is about.
        about: The technique; None where it is about the variant as a whole.
        key: Of the mistake, where it is one that has a name.
        subject: What makes the mistake, where one variant can make it in several ways.
    """

    source: Source
    text: str
    about: str | None = None
    key: str | None = None
    subject: str | None = None

    @property
    def sentence(self) -> str:
        """The text behind who or what it is of."""
        if self.source is Source.TRACE:
            return f"trace: {self.text}"
        named = self.source in (Source.SETUP, Source.PITFALL)
        return f"{self.about}: {self.text}" if named else self.text

    @property
    def mistake(self) -> tuple[str | None, str | None, str | None]:
        """What two variants have in common that make the same mistake, whatever its figures."""
        told = self.key or self.text
        return (self.about, told, self.subject)


class Mathematics(msgspec.Struct, frozen=True):
    """What a technique, or a difference of two scenarios, changes in the mathematics.

    Attributes:
        about: Its name.
        text: The change.
    """

    about: str
    text: str

    @property
    def sentence(self) -> str:
        """The change behind the name of what makes it."""
        return f"{self.about}: {self.text}"
