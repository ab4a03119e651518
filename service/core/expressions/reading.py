"""Text to sqlglot's tree; refuses early what no expression needs.

Three gates, each refusing by default. First characters: length, nothing invisible. Then tokens: a short list without
comments, semicolons, quoted names, parameters or brackets; nesting is counted here, before a recursive parser meets it.
Then sqlglot. Which nodes the tree may have is decided in ``checking``.
"""

import re
from collections.abc import Iterator

from sqlglot import Dialect, exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from service.core.errors import ExpressionError, Problem
from service.core.suggestions import find_near

LONGEST_TEXT = 4_000
MOST_TOKENS = 1_500
DEEPEST_NESTING = 16

FUNCTIONS = ("abs", "coalesce", "greatest", "least", "ln", "nullif", "round")
OTHERWISE = {
    "ifnull": "coalesce",
    "isnull": "coalesce",
    "nvl": "coalesce",
    "if": "case when ... then ... else ... end",
    "iif": "case when ... then ... else ... end",
    "decode": "case when ... then ... else ... end",
    "log": "ln",
    "min": "least",
    "max": "greatest",
    "date": "date 'YYYY-MM-DD'",
    "cast": "no conversion: every name has its kind",
}
_DIALECT = Dialect.get_or_raise("postgres")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SYMBOLS = {"(", ")", ",", ".", "+", "-", "*", "/", "<", "<=", ">", ">=", "=", "<>", "!="}
_BOUNDARIES = {"and", "or", "when", "then", "else", ","}
_RELATIONS = {"=", "<>", "!=", "<", "<=", ">", ">=", "in", "between", "is"}
_WORDS = {"and", "or", "not", "in", "is", "between", "case", "when", "then", "else", "end", "null", "true", "false"}
_WORDS.add("date")
_OPENING = {"(", "case"}
_CLOSING = {")", "end"}
_PREFIX = {"not", "-"}


def problem(text: str, offset: int, message: str) -> Problem:
    """``message`` with the line and column of ``offset``, both counted from 1."""
    before = text[:offset]
    return Problem(f"line {before.count(chr(10)) + 1}, column {offset - before.rfind(chr(10))}", message)


def refusal(text: str, problems: list[Problem]) -> ExpressionError:
    """The one error that carries all ``problems`` of ``text``."""
    shown = " ".join(text.split())
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    count = "" if len(problems) == 1 else f" ({len(problems)} problems)"
    return ExpressionError(f'expression "{shown}" cannot be used{count}', problems)


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """``; did you mean ...?`` where a near name is known, else nothing."""
    close = find_near(word.lower(), known)
    return f"; did you mean {close}?" if close else ""


def read_tree(text: str) -> exp.Expr:
    """sqlglot's tree of ``text``.

    Raises:
        ExpressionError: names every refused character or token.
    """
    problems = list(_characters(text)) or list(_token_problems(text))
    if problems:
        raise refusal(text, problems)
    return _parsed(text)


def _characters(text: str) -> Iterator[Problem]:
    if not text.strip():
        yield problem(text, 0, "nothing is written here; expected an expression")
    if len(text) > LONGEST_TEXT:
        yield problem(text, LONGEST_TEXT, f"at most {LONGEST_TEXT:,} characters are read, got {len(text):,}")
        return
    for offset, character in enumerate(text):
        if not character.isprintable() and character not in "\n\r\t":
            yield problem(text, offset, f"the invisible character U+{ord(character):04X} is not allowed")


def _token_problems(text: str) -> Iterator[Problem]:
    try:
        tokens = _DIALECT.tokenize(text)
    except TokenError:
        yield problem(text, max(text.rfind("'"), 0), "a quote is opened here and not closed")
        return
    if len(tokens) > MOST_TOKENS:
        yield problem(text, tokens[MOST_TOKENS].start, f"at most {MOST_TOKENS:,} words and signs are read")
        return
    yield from _gaps(text, tokens)
    yield from _unlisted(text, tokens)
    words = _syntax(text, tokens)
    yield from _nesting(text, words)
    yield from _ambiguity(text, words)


def _gaps(text: str, tokens: list[Token]) -> Iterator[Problem]:
    """The problems between tokens: what the tokenizer skipped must be blank, else it is a comment or a surprise."""
    reached = 0
    for token in tokens:
        if text[reached : token.start].strip():
            yield problem(text, reached, "comments are not allowed; put the words beside the expression")
        reached = token.end + 1
    if text[reached:].strip():
        yield problem(text, reached, "comments and semicolons are not allowed")


def _unlisted(text: str, tokens: list[Token]) -> Iterator[Problem]:
    for index, token in enumerate(tokens):
        written = text[token.start : token.end + 1]
        before = _written(text, tokens, index - 1)
        after = _written(text, tokens, index + 1)
        message = _objection(token, written, before, after)
        if message:
            yield problem(text, token.start, message)


def _written(text: str, tokens: list[Token], index: int) -> str:
    return text[tokens[index].start : tokens[index].end + 1] if 0 <= index < len(tokens) else ""


def _objection(token: Token, written: str, before: str, after: str) -> str | None:
    if token.token_type == TokenType.NUMBER:
        return "a name cannot begin with a digit" if _IDENTIFIER.fullmatch(after[:1]) and before == "." else None
    if token.token_type == TokenType.STRING:
        return "two texts stand side by side; expected an operator between" if after.startswith("'") else None
    if written in _SYMBOLS:
        return None
    if _IDENTIFIER.fullmatch(written):
        return _word_objection(written, before, after)
    return f"{written} is not part of the language"


def _word_objection(written: str, before: str, after: str) -> str | None:
    word = written.lower()
    if "." in (before, after):
        return None
    if after == "(" and word not in _WORDS:
        if word in FUNCTIONS:
            return None
        hint = f"; write {OTHERWISE[word]}" if word in OTHERWISE else suggestion(word, FUNCTIONS)
        return f"the function {written} is not allowed{hint or '; expected one of ' + ', '.join(FUNCTIONS)}"
    if word == "date":
        return None if after.startswith("'") else "expected date 'YYYY-MM-DD'"
    if word in _WORDS:
        return None
    return f"{written} is not allowed here; names are written with one dot, as in customer.age"


def _syntax(text: str, tokens: list[Token]) -> list[tuple[str, int]]:
    """Every token in lower case with its offset. Parts of a name and texts become blanks: they are no syntax."""
    written = [_written(text, tokens, index).lower() for index in range(len(tokens))]
    around = zip(["", *written[:-1]], written, [*written[1:], ""], strict=True)
    shown = ["" if "." in (before, after) or word.startswith("'") else word for before, word, after in around]
    return [(word, token.start) for word, token in zip(shown, tokens, strict=True)]


def _nesting(text: str, words: list[tuple[str, int]]) -> Iterator[Problem]:
    level = run = 0
    for word, offset in words:
        run = run + 1 if word in _PREFIX else 0
        level += (word in _OPENING) - (word in _CLOSING)
        if level + run > DEEPEST_NESTING:
            yield problem(text, offset, f"brackets, case, not and minus may nest {DEEPEST_NESTING} deep")
            return


def _ambiguity(text: str, words: list[tuple[str, int]]) -> Iterator[Problem]:
    """The problems of two relations side by side (``a = b is null``), which databases group differently."""
    levels = [(False, False)]
    for word, offset in words:
        related, between = levels[-1]
        if word in _OPENING:
            levels.append((False, False))
        elif word in _CLOSING and len(levels) > 1:
            levels.pop()
        elif word == "and" and between:
            levels[-1] = (related, False)
        elif word in _BOUNDARIES:
            levels[-1] = (False, False)
        elif word in _RELATIONS:
            levels[-1] = (True, word == "between")
            if related:
                yield problem(text, offset, f"a second comparison ({word}) begins here; put brackets around the first")


def _parsed(text: str) -> exp.Expr:
    try:
        trees = _DIALECT.parse(text)
    except ParseError as error:
        raise refusal(text, [_parse_problem(text, error)]) from None
    except RecursionError:
        raise refusal(text, [problem(text, 0, "nested too deeply to be read")]) from None
    if len(trees) != 1 or trees[0] is None:
        raise refusal(text, [problem(text, 0, "expected exactly one expression")])
    return trees[0]


def _parse_problem(text: str, error: ParseError) -> Problem:
    first = error.errors[0] if error.errors else {}
    line, column = first.get("line") or 1, first.get("col") or 1
    near = (first.get("highlight") or "").strip()
    sentence = f'cannot be read near "{near}"' if near else "cannot be read"
    return Problem(
        f"line {line}, column {max(column - len(near) + 1, 1)}", f"{sentence}; expected a complete expression"
    )
