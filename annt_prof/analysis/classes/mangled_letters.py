"""What the letters of mangled names stand for.

Source: Itanium C++ ABI, 5.1.5 "Types" and 5.1.3 "Operator Encodings".
"""

TYPES = {
    "v": "void", "w": "wchar_t", "b": "bool", "c": "char", "a": "signed char",
    "h": "unsigned char", "s": "short", "t": "unsigned short", "i": "int", "j": "unsigned int",
    "l": "long", "m": "unsigned long", "x": "long long", "y": "unsigned long long",
    "n": "__int128", "o": "unsigned __int128", "f": "float", "d": "double", "e": "long double",
    "g": "__float128", "z": "...",
}  # fmt: skip
TYPES_AFTER_D = {
    "Dh": "half", "DF16_": "_Float16", "DF16b": "__bf16", "Dn": "std::nullptr_t",
    "Di": "char32_t", "Ds": "char16_t", "Du": "char8_t", "Da": "auto", "Dc": "decltype(auto)",
}  # fmt: skip
STANDARD = {
    "Sa": "std::allocator", "Sb": "std::basic_string", "Ss": "std::string",
    "Si": "std::istream", "So": "std::ostream", "Sd": "std::iostream",
}  # fmt: skip
OPERATORS = {
    "cl": "()", "ix": "[]", "pl": "+", "mi": "-", "ml": "*", "dv": "/", "rm": "%", "eq": "==",
    "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "aS": "=", "pL": "+=", "mI": "-=",
    "nt": "!", "aa": "&&", "oo": "||", "ls": "<<", "rs": ">>", "pt": "->", "de": "*", "nw": " new",
}  # fmt: skip
# What a letter before a type puts behind it.
BEHIND = {"P": "*", "R": "&", "O": "&&", "K": " const", "V": " volatile", "r": ""}
SUFFIXES = {"j": "u", "l": "l", "m": "ul", "x": "ll", "y": "ull"}
