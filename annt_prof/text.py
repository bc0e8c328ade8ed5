"""Text that comes from files, made safe to print."""


def printable(text: str, *, keep: str = "") -> str:
    r"""Return text whose control characters are visible escapes and whose line breaks are spaces.

    Escape sequences could recolour or overwrite the rest of a terminal's screen, and direction
    marks could make it read differently from what it says.

    Args:
        text: From a file, a trace, an exception.
        keep: Characters to leave alone, such as ``"\n"``.
    """
    return "".join(c if c in keep or c.isprintable() else _visible(c) for c in text)


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return character.encode("unicode_escape").decode()
