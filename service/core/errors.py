"""One family of errors: what was wrong, what was expected, where to mend it.

Every error that the product raises on purpose is a ``FourcastError``. It carries the HTTP status and the problem type
of its problem+json answer (RFC 9457); the command line prints the same sentences. A check that can find more than one
fault collects ``Problem`` rows and raises once, so that a reader mends everything in one go.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault: ``where`` (file and key, or field path) and the sentence that says how to mend it."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True)
class TranslatedProblem(Problem):
    """A problem whose sentence is written in ``language`` already and is not translated again."""

    language: str


def tell_problems(count: int) -> str:
    """A count of problems in words: "1 problem", "3 problems"."""
    return f"{count} problem" if count == 1 else f"{count} problems"


MOST_PROBLEMS = 100
"""At most so many problems are listed for one request; the rest appear once these are mended."""


class FourcastError(Exception):
    """Base of all errors raised on purpose; ``problems`` lists every fault found, possibly none."""

    status = 500
    slug = "internal"
    title = "Internal error"
    exit_code = 1

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {problem}" for problem in self.problems)])


class InvalidInput(FourcastError):
    """What the caller sent does not fit; ``problems`` name the fields."""

    status = 422
    slug = "invalid-input"
    title = "Invalid input"
    exit_code = 2


class Malformed(FourcastError):
    """The bytes are not what they claim to be (broken JSON, duplicate keys, too deep)."""

    status = 400
    slug = "malformed"
    title = "Malformed request"
    exit_code = 2


class Gone(FourcastError):
    """It existed and is no longer kept."""

    status = 410
    slug = "gone"
    title = "Gone"


class NotAcceptable(FourcastError):
    """None of the media types that the caller accepts is available."""

    status = 406
    slug = "not-acceptable"
    title = "Not acceptable"
    exit_code = 2


class TooLarge(FourcastError):
    """The body is larger than the service reads."""

    status = 413
    slug = "too-large"
    title = "Request too large"
    exit_code = 2


class UriTooLong(FourcastError):
    """Method, path and query are longer than the server reads; gunicorn answers so before any route is found."""

    status = 414
    slug = "uri-too-long"
    title = "URI Too Long"


class HeadersTooLarge(FourcastError):
    """The headers are larger than the server reads; gunicorn answers so before any route is found."""

    status = 431
    slug = "request-header-fields-too-large"
    title = "Request Header Fields Too Large"


class UnsupportedMedia(FourcastError):
    """The body's media type is not one the route reads."""

    status = 415
    slug = "unsupported-media-type"
    title = "Unsupported media type"
    exit_code = 2


class UnsupportedCoding(UnsupportedMedia):
    """The body's content coding is not supported (RFC 9110, 15.5.16)."""


class Unauthorized(FourcastError):
    """No key, or a key that no client holds."""

    status = 401
    slug = "unauthorized"
    title = "Who are you?"


class InvalidToken(Unauthorized):
    """The access token is not valid: expired, signed by another, meant for another service, or malformed (RFC 6750)."""


class Forbidden(FourcastError):
    """The key is good but its scopes or its customer do not cover this."""

    status = 403
    slug = "forbidden"
    title = "Not allowed"


class NotFound(FourcastError):
    """Nothing of that name is stored."""

    status = 404
    slug = "not-found"
    title = "Not found"
    exit_code = 2


def no_customer(customer_id: str) -> NotFound:
    """The error for a customer that is not stored."""
    return NotFound(f'No customer "{customer_id}". Import customers first, or check the id.')


class Conflict(FourcastError):
    """The same name was used before with other content."""

    status = 409
    slug = "conflict"
    title = "Conflict"
    exit_code = 2


class PreconditionFailed(FourcastError):
    """The resource changed since the caller read it; nothing was stored."""

    status = 412
    slug = "precondition-failed"
    title = "Changed since"


class PreconditionRequired(FourcastError):
    """This key may write only what it has read: If-Match is missing."""

    status = 428
    slug = "precondition-required"
    title = "Which revision?"


class Unconfirmed(FourcastError):
    """It would remove known facts, and the caller did not confirm that; nothing was done."""

    status = 409
    slug = "unconfirmed"
    title = "Nothing was stored"


class InProgress(FourcastError):
    """The same request is still being answered; try again after ``retry_after`` seconds."""

    status = 409
    slug = "in-progress"
    title = "Still being answered"
    retry_after = 1


class AnswerLost(FourcastError):
    """The request was begun before and may have been carried out; read what it was about before sending another."""

    status = 409
    slug = "answer-lost"
    title = "Carried out, answer lost"


class KeyReused(InvalidInput):
    """An Idempotency-Key was used before for another request."""

    slug = "idempotency-key-reused"
    title = "Another request had this key"


class ContactRefused(FourcastError):
    """A gate is closed to this contact now; ``problems`` name the gate and the reason."""

    status = 409
    slug = "contact-refused"
    title = "This contact may not be made"


class Unavailable(FourcastError):
    """A server that this needs does not answer; try again after ``retry_after`` seconds."""

    status = 503
    slug = "unavailable"
    title = "Not available right now"

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooMany(FourcastError):
    """The client has used up its quota of requests; try again after ``retry_after`` seconds."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ExpressionError(InvalidInput):
    """An expression cannot be parsed, has an unknown name, or mixes kinds; ``problems`` name line and column."""

    slug = "invalid-expression"
    title = "Invalid expression"


class PolicyError(InvalidInput):
    """A policy does not hold together; ``problems`` name file and key."""

    slug = "invalid-policy"
    title = "Invalid policy"


class PolicyRefused(PolicyError):
    """A policy that can be read may not serve: it breaks a rule of conduct, or does not prove itself."""

    exit_code = 1


class NotLearnable(InvalidInput, ValueError):
    """Too few customers to learn from, or one outcome only; a ValueError too, as scikit-learn's contract asks for."""


class BundleError(FourcastError):
    """A bundle of models is missing, damaged, or does not score its golden rows."""

    status = 503
    slug = "damaged-bundle"
    title = "Damaged bundle"


class NoLightGBM(BundleError):
    """LightGBM's C library does not load on this machine: no model can score."""

    title = "LightGBM does not load"
    exit_code = 2


class OwnApproval(FourcastError):
    """The proposer of a policy may not approve it: four-eyes principle."""

    status = 409
    slug = "own-approval"
    title = "Two pairs of eyes"


class Unsigned(FourcastError):
    """A policy whose red changes nobody of compliance has signed."""

    status = 409
    slug = "unsigned"
    title = "Compliance has not signed"


class Withdrawn(FourcastError):
    """A policy that was withdrawn and never serves again."""

    status = 409
    slug = "withdrawn"
    title = "Withdrawn for good"


class GateRefused(FourcastError):
    """A challenger did not pass the gate against the champion."""

    status = 409
    slug = "gate-refused"
    title = "The gate says no"
