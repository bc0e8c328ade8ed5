"""Mangled names (``_ZN2at6native...``) brought into the form that people write in C++.

Traces have them whole for ROCm's kernels, and for CUDA's where kineto finds them too long. The
known demanglers are no help: those bound to libstdc++ or LLVM write out what a name repeats
without bound, so that a hostile name of 250 characters ends the process for want of memory, and
the one in pure Python reads no lambda, of which PyTorch's names are full.
Source: Itanium C++ ABI, 5.1 "External Names".
"""

from __future__ import annotations

from annt_prof.analysis.classes.mangled_letters import (
    BEHIND,
    OPERATORS,
    STANDARD,
    SUFFIXES,
    TYPES,
    TYPES_AFTER_D,
)

_LONGEST_TEXT = 16_384  # what a name of 4 kB stands for is rarely twice as long
_MOST_SCOPES = 64  # around one name
_DEEPEST = 60  # of types in types; CUTLASS's reach 15


def demangled(name: str) -> str | None:
    """Write a mangled name out, without its return type; None where it cannot be read at all.

    Where a part cannot be (an expression in a template's argument), the name ends before it.

    Args:
        name: As in the trace, with what ROCm puts behind it or without.
    """
    reader = _Reader(name.removesuffix(".kd"))
    try:
        return reader.encoding()
    except _UnreadableError:
        return reader.as_far_as_read()


class _UnreadableError(Exception):
    """No mangled name, or with parts that are not known here, or written out too long."""


class _Reader:
    """Reads one name from the left; texts of what was read are kept, as later parts refer to them.

    Every method reads what its name says, beginning at ``_place``.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._place = 2
        self._depth = 0
        self._earlier: list[str] = []
        self._arguments: list[str] = []
        self._scope_so_far = ""
        self._arguments_so_far: list[str] = []

    def as_far_as_read(self) -> str | None:
        """Return the outermost name and those of its arguments that were read."""
        if not self._scope_so_far or not self._arguments_so_far:
            return self._scope_so_far or None
        return f"{self._scope_so_far}<{', '.join(self._arguments_so_far)}>"

    def encoding(self) -> str:
        around = self._arguments
        text, arguments = self._named()
        if arguments is not None:
            self._arguments = arguments
        if not self._at_end():
            if arguments is not None:
                self._type()  # the return type
            text = f"{text}({self._types()})"
        self._arguments = around
        return self._bounded(text)

    def _at_end(self) -> bool:
        return self._place >= len(self._name) or self._name[self._place] in "E."

    def _next(self, length: int = 1) -> str:
        return self._name[self._place : self._place + length]

    def _take(self, wanted: str) -> bool:
        taken = self._name.startswith(wanted, self._place)
        self._place += len(wanted) * taken
        return taken

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise _UnreadableError

    def _bounded(self, text: str) -> str:
        if len(text) > _LONGEST_TEXT:
            raise _UnreadableError
        return text

    def _remember(self, text: str) -> str:
        self._earlier.append(self._bounded(text))
        return text

    def _types(self) -> str:
        texts = []
        while not self._at_end():
            texts.append(self._type())
        return "" if texts == ["void"] else ", ".join(text for text in texts if text)

    def _named(self) -> tuple[str, list[str] | None]:
        """Return a name and the arguments that it ends with; None where it ends otherwise."""
        if self._next() == "N":
            return self._nested()
        if self._next() == "Z":
            return self._local()
        known = self._next() == "S" and self._next(2) != "St"
        text = self._substitution() if known else self._unscoped()
        if self._next() != "I":
            return text, None
        if not known:
            self._remember(text)
        arguments = self._template_arguments(text)
        return f"{text}<{', '.join(arguments)}>", arguments

    def _unscoped(self) -> str:
        return f"std::{self._unqualified()}" if self._take("St") else self._unqualified()

    def _nested(self) -> tuple[str, list[str] | None]:
        self._expect("N")
        while self._next() in ("K", "V", "r", "R", "O"):
            self._place += 1
        text, arguments = "", None
        for _ in range(_MOST_SCOPES):
            if self._take("E"):
                break
            mark = self._next()
            if mark == "S" and self._next(2) != "St":
                text, arguments = self._substitution(), None
                continue
            if mark == "I":
                arguments = self._template_arguments(text)
                text = f"{text}<{', '.join(arguments)}>"
            elif mark == "T":
                text, arguments = self._template_parameter(), None
            else:
                part = self._unscoped() if mark == "S" else self._unqualified(text)
                text, arguments = f"{text}::{part}" if text else part, None
            self._remember(text)
        else:
            raise _UnreadableError
        if text and self._earlier and self._earlier[-1] == text:
            self._earlier.pop()  # the whole is no part of itself; as a type it is remembered there
        return text, arguments

    def _local(self) -> tuple[str, list[str] | None]:
        self._expect("Z")
        self._deeper()
        around = self.encoding()
        self._depth -= 1
        self._expect("E")
        if self._take("s"):
            text, arguments = "{string literal}", None
        else:
            if self._take("d"):
                self._until("_")
            text, arguments = self._named()
        if self._next() == "_" and self._name[self._place + 1 : self._place + 2].isdigit():
            self._place += 2  # which of those with the same name
        return self._bounded(f"{around}::{text}"), arguments

    def _unqualified(self, around: str = "") -> str:
        self._take("L")  # known in its file alone
        mark = self._next()
        if mark.isdigit():
            text = self._source_name()
        elif self._take("Ul"):
            parameters = self._types()
            self._expect("E")
            text = f"{{lambda({parameters})#{self._number()}}}"
        elif self._take("Ut"):
            text = f"{{unnamed type#{self._number()}}}"
        elif mark in ("C", "D") and self._name[self._place + 1 : self._place + 2].isdigit():
            self._place += 2
            text = ("~" if mark == "D" else "") + around.rpartition("::")[2].partition("<")[0]
        elif self._next(2) in OPERATORS:
            text = f"operator{OPERATORS[self._next(2)]}"
            self._place += 2
        else:
            raise _UnreadableError
        while self._take("B"):
            self._source_name()  # a tag of the binary interface
        return text

    def _source_name(self) -> str:
        digits = self._place
        while self._next().isdigit():
            self._place += 1
        if not 0 < self._place - digits <= 4:
            raise _UnreadableError
        length = int(self._name[digits : self._place])
        text = self._next(length)
        self._place += length
        if not self._depth and not self._arguments_so_far:
            self._scope_so_far += ("::" if self._scope_so_far else "") + text
        if len(text) < max(length, 1):  # the name breaks off
            raise _UnreadableError
        return "(anonymous namespace)" if text.startswith("_GLOBAL__N_") else text

    def _number(self) -> int:
        """Read which of those in one scope it is: the first has no number, the second 0."""
        digits = self._until("_")
        return int(digits) + 2 if digits else 1

    def _until(self, mark: str) -> str:
        end = self._name.find(mark, self._place)
        text = self._name[self._place : end]
        if end < 0 or len(text) > 4 or (text and not text.isdecimal()):
            raise _UnreadableError
        self._place = end + 1
        return text

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _UnreadableError

    def _substitution(self) -> str:
        if self._next(2) in STANDARD:
            self._place += 2
            return STANDARD[self._name[self._place - 2 : self._place]]
        self._expect("S")
        end = self._name.find("_", self._place)
        digits = self._name[self._place : end]
        if end < 0 or len(digits) > 3 or not (digits == "" or digits.isalnum()):
            raise _UnreadableError
        place = int(digits, 36) + 1 if digits else 0
        if place >= len(self._earlier):
            raise _UnreadableError
        self._place = end + 1
        return self._earlier[place]

    def _template_parameter(self) -> str:
        self._expect("T")
        digits = self._until("_")
        place = int(digits) + 1 if digits else 0
        return self._arguments[place] if place < len(self._arguments) else "auto"

    def _template_arguments(self, of: str) -> list[str]:
        self._expect("I")
        outermost = not self._depth
        self._deeper()
        texts: list[str] = []
        if outermost:
            self._scope_so_far, self._arguments_so_far = of, texts
        while not self._take("E"):
            texts.append(self._template_argument())
        self._depth -= 1
        return texts

    def _template_argument(self) -> str:
        if self._take("J"):
            texts = []
            while not self._take("E"):
                texts.append(self._template_argument())
            return ", ".join(texts)
        if self._take("LZ") or self._take("L_Z"):
            text = self.encoding()
            self._expect("E")
            return f"&{text}"
        return self._literal() if self._take("L") else self._type()

    def _literal(self) -> str:
        kind = self._next()
        of = self._type()
        end = self._name.find("E", self._place)
        value = self._name[self._place : end].replace("n", "-", 1)
        if end < 0 or not value.lstrip("-").isalnum():
            raise _UnreadableError
        self._place = end + 1
        if kind == "b":
            return "true" if value == "1" else "false"
        return value + SUFFIXES.get(kind, "") if kind in "ijlmxy" else f"({of}){value}"

    def _type(self) -> str:
        self._deeper()
        text = self._a_type()
        self._depth -= 1
        return self._bounded(text)

    def _a_type(self) -> str:
        mark = self._next()
        if mark in TYPES:
            self._place += 1
            return TYPES[mark]
        if mark in BEHIND:
            self._place += 1
            return self._remember(self._type() + BEHIND[mark])
        if mark == "S" and self._next(2) != "St":
            text = self._substitution()
            if self._next() != "I":
                return text
            return self._remember(f"{text}<{', '.join(self._template_arguments(text))}>")
        if mark == "D":
            return self._special_type()
        if mark == "T":
            text = self._remember(self._template_parameter())
            if self._next() != "I":
                return text
            return self._remember(f"{text}<{', '.join(self._template_arguments(text))}>")
        if mark == "F":
            self._place += 1
            result, parameters = self._type(), self._types()
            self._expect("E")
            return self._remember(f"{result} ({parameters})")
        if self._take("A"):
            size = self._until("_")
            return self._remember(f"{self._type()} [{size}]")
        if self._take("M"):
            of_class = self._type()
            return self._remember(f"{self._type()} {of_class}::*")
        if self._take("u"):
            return self._remember(self._source_name())
        if self._take("U"):
            self._source_name()  # a space of addresses
            return self._remember(self._type())
        return self._remember(self._named()[0])

    def _special_type(self) -> str:
        if self._take("Dp"):
            return self._remember(self._type())
        for letters, text in TYPES_AFTER_D.items():
            if self._take(letters):
                return text
        raise _UnreadableError
