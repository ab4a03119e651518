"""Notes: why somebody did it, in words, kept with what was done and in the audit log."""

from service.core.errors import InvalidInput, Problem

NOTE_MAX = 500


def expect_note(note: str) -> str:
    """The note, checked.

    Raises: InvalidInput: when it cannot be stored.
    """
    if "\0" in note or len(note) > NOTE_MAX:
        raise InvalidInput(
            "The note does not fit.", [Problem("note", f"must be text of at most {NOTE_MAX} characters")]
        )
    return note
