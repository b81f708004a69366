"""Text of a condition to its tree.

or    := and ('or' and)*
and   := not ('and' not)*
not   := 'not' not | '(' or ')' | test
test  := NAME ('=' | '<>' | '<' | '<=' | '>' | '>=') (TEXT | NUMBER | NAME)
       | NAME 'in' '(' value (',' value)* ')'
       | NAME 'is' ['not'] 'empty'
       | NAME 'matches' '/' REGEX '/'
       | NAME 'means' (TEXT | '(' TEXT (',' TEXT)* ')') 'of' CODELIST
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import regex

Value = str | Decimal

OPERATORS = ("=", "<>", "<=", ">=", "<", ">")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
    | (?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
    | (?P<regex>/(?:\\.|[^/\\])+/)
    | (?P<quoted>`[^`]+`)
    | (?P<name>[^\W\d][\w.]*)
    | (?P<op><>|<=|>=|=|<|>)
    | (?P<punct>[(),])
    )""",
    re.VERBOSE,
)


class ConditionError(Exception):
    """A condition that the grammar does not accept; `offset` counts characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(frozen=True)
class Name:
    """A name on the right side of a comparison."""

    name: str


@dataclass(frozen=True)
class Compare:
    """NAME operator value; a Decimal compares numbers, text compares text."""

    name: str
    operator: str
    value: Value | Name


@dataclass(frozen=True)
class In:
    """NAME in (values)."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Empty:
    """NAME is empty, or is not empty."""

    name: str
    negated: bool


@dataclass(frozen=True)
class Matches:
    """NAME matches /regex/: the pattern is found in the text."""

    name: str
    pattern: str


@dataclass(frozen=True)
class Means:
    """NAME means "TERM" of CODELIST: the text is recoded to one of the terms, as assign_ct would."""

    name: str
    terms: tuple[str, ...]
    codelist: str


@dataclass(frozen=True)
class All:
    """All of the parts hold."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one of the parts holds."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Any


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    offset: int


def parse(text: str) -> Any:
    """The tree of a condition.

    Raises
    ------
    ConditionError
        With the offset of what the grammar does not accept.
    """
    parser = _Parser(_tokens(text), len(text))
    tree = parser.any_of()
    parser.end()
    return tree


def names(tree: Any) -> tuple[str, ...]:
    """All names that a condition reads, each once, in order."""
    found: dict[str, None] = {}
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, (All, AnyOf)):
            stack.extend(reversed(node.parts))
        elif isinstance(node, Not):
            stack.append(node.part)
        else:
            found[node.name] = None
            if isinstance(node, Compare) and isinstance(node.value, Name):
                found[node.value.name] = None
    return tuple(found)


def meanings(tree: Any) -> tuple[Means, ...]:
    """All tests of meaning in a condition, in order."""
    if isinstance(tree, (All, AnyOf)):
        return tuple(m for part in tree.parts for m in meanings(part))
    if isinstance(tree, Not):
        return meanings(tree.part)
    return (tree,) if isinstance(tree, Means) else ()


def _tokens(text: str) -> list[_Token]:
    out: list[_Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise ConditionError(f"cannot read {text[start : start + 12]!r} here", start)
        out.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    return out


class _Parser:
    def __init__(self, tokens: list[_Token], length: int) -> None:
        self.tokens = tokens
        self.position = 0
        self.length = length

    def any_of(self) -> Any:
        parts = [self.all_of()]
        while self.word("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self) -> Any:
        parts = [self.negation()]
        while self.word("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def negation(self) -> Any:
        if self.word("not"):
            return Not(self.negation())
        if self.punct("("):
            tree = self.any_of()
            self.need_punct(")")
            return tree
        return self.test()

    def test(self) -> Any:
        name = self.name()
        if self.word("is"):
            negated = self.word("not")
            if not self.word("empty"):
                self.fail("'empty' or 'not empty'")
            return Empty(name, negated)
        if self.word("in"):
            self.need_punct("(")
            values = [self.value()]
            while self.punct(","):
                values.append(self.value())
            self.need_punct(")")
            return In(name, tuple(values))
        if self.word("matches"):
            return Matches(name, self.regex())
        if self.word("means"):
            return self.meaning(name)
        token = self.peek()
        if token is None or token.kind != "op":
            self.fail("a comparison, 'in', 'is empty', 'matches' or 'means'")
        self.position += 1
        return Compare(name, self.tokens[self.position - 1].text, self.operand())

    def meaning(self, name: str) -> Means:
        several = self.punct("(")
        terms = [self.value()]
        while several and self.punct(","):
            terms.append(self.value())
        if several:
            self.need_punct(")")
        if not self.word("of"):
            self.fail("'of' and a codelist")
        return Means(name, tuple(str(t) for t in terms), self.name())

    def name(self) -> str:
        token = self.peek()
        reserved = token is not None and token.kind == "name" and token.text in _RESERVED
        if token is None or token.kind not in ("name", "quoted") or reserved:
            self.fail("a name")
        self.position += 1
        return self.tokens[self.position - 1].text.strip("`")

    def operand(self) -> Value | Name:
        token = self.peek()
        if token is not None and token.kind in ("name", "quoted"):
            return Name(self.name())
        return self.value()

    def value(self) -> Value:
        token = self.peek()
        if token is None or token.kind not in ("text", "number"):
            self.fail("a quoted text or a number")
        assert token is not None
        self.position += 1
        if token.kind == "number":
            return Decimal(token.text)
        quote = token.text[0]
        return token.text[1:-1].replace(quote * 2, quote)

    def regex(self) -> str:
        token = self.peek()
        if token is None or token.kind != "regex":
            self.fail("a regular expression between slashes")
        assert token is not None
        self.position += 1
        pattern = token.text[1:-1].replace("\\/", "/")
        try:
            regex.compile(pattern)
        except regex.error as error:
            raise ConditionError(f"not a regular expression: {error}", token.offset) from None
        return pattern

    def peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def word(self, word: str) -> bool:
        token = self.peek()
        if token is not None and token.kind == "name" and token.text == word:
            self.position += 1
            return True
        return False

    def punct(self, char: str) -> bool:
        token = self.peek()
        if token is not None and token.kind == "punct" and token.text == char:
            self.position += 1
            return True
        return False

    def need_punct(self, char: str) -> None:
        if not self.punct(char):
            self.fail(f"'{char}'")

    def end(self) -> None:
        if self.peek() is not None:
            self.fail("'and', 'or' or the end")

    def fail(self, expected: str) -> None:
        token = self.peek()
        offset = token.offset if token else self.length
        seen = f", not {token.text!r}" if token else ", not the end"
        raise ConditionError(f"expected {expected}{seen}", offset)


_RESERVED = frozenset({"and", "or", "not", "in", "is", "empty", "matches", "means"})


def checked(text: str | None) -> str | None:
    """The same condition, for the parameters of a verb; ValueError says what is wrong with it and where."""
    if text is not None:
        try:
            parse(text)
        except ConditionError as error:
            raise ValueError(f"{error} (character {error.offset + 1} of the condition)") from None
    return text
