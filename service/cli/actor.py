"""The actor of a verb: the person whom a token or the operating system names, or whom that person may act for.

FOURCAST_TOKEN holds an access token of the bank's identity provider; its subject acts, within its scopes. Without one
the user of the process acts, by the user id: LOGNAME and USER are not read, since anybody may set them. ``--as`` names
another person only where a mandate lets this one act for them (`fourcast mandates`). Where the two differ the audit log
has both. Over HTTP the API key or the token says who acts.
"""

import os
import pwd
from dataclasses import dataclass

import click

from service.cli.bank.stack import Stack
from service.core.clock import now_ms
from service.core.errors import Forbidden, InvalidInput, Problem
from service.engine.auth.jwks import KeySet
from service.engine.auth.tokens import AccessTokens

as_option = click.option(
    "--as", "--actor", "name", help="Act for another person, by a mandate; yourself by default (see the guide)."
)
note_option = click.option("--note", default="", help="Why, in words; kept with it and in the audit log.")


@dataclass(frozen=True, slots=True)
class Person:
    """Who types: the name, and the scopes of the token that says so; None where the operating system says so."""

    name: str
    scopes: frozenset[str] | None = None


def actor_of(stack: Stack, name: str | None, note: str = "", *scopes: str) -> tuple[str, str]:
    """The name of the actor, and the note for the audit log; a token must grant one of the scopes.

    Where the actor is another than who types, the note ends with who types.

    Raises:
        Forbidden: the token lacks the scope, or no mandate lets this person act for that one.
        InvalidInput: nobody is known to type.
    """
    person = person_of(stack)
    if person.scopes is not None and scopes and not person.scopes & set(scopes):
        raise Forbidden(f"The token in FOURCAST_TOKEN lacks the scope {' or '.join(scopes)}.")
    if name is None or name == person.name:
        return person.name, note
    if not stack.store.mandates.may_act(person.name, name):
        raise Forbidden(
            f'You are "{person.name}", and no mandate lets you act for "{name}". Leave --as away, or have one '
            f"confirmed: `fourcast mandates ask {person.name} --for {name}`, then `fourcast mandates confirm` by "
            "another person."
        )
    return name, f"{note} [user {person.name}]".strip()


def compliance_of(stack: Stack, name: str | None, note: str) -> tuple[str, str]:
    """As ``actor_of``, for a person who signs for compliance: by a token's scope, or by a mandate.

    Raises:
        Forbidden: neither says that this person signs for compliance.
    """
    actor, said = actor_of(stack, name, note, COMPLY)
    person = person_of(stack)
    granted = person.scopes is not None and actor == person.name
    if not granted and not stack.store.mandates.may_comply(actor):
        raise Forbidden(
            f'No mandate lets "{actor}" sign for compliance: `fourcast mandates ask {actor} --compliance`, then '
            "`fourcast mandates confirm` by another person."
        )
    return actor, said


def person_of(stack: Stack) -> Person:
    """Who types.

    Raises:
        InvalidInput: neither a token nor the operating system names anybody.
        InvalidToken: the token is not good.
        Unavailable: the identity provider's keys cannot be read.
    """
    settings = stack.settings
    if settings.token is None:
        return Person(_user())
    if settings.jwt_jwks is None:
        words = "needs FOURCAST_JWT_ISSUER and FOURCAST_JWT_JWKS, by which it is verified"
        raise InvalidInput("The token cannot be verified.", [Problem("FOURCAST_TOKEN", words)])
    client = AccessTokens(settings, KeySet(settings.jwt_jwks), now_ms).client(settings.token)
    return Person(client.name, client.scopes)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError as error:
        words = f"the operating system has no name for user {os.getuid()}: set it to an access token of yours"
        raise InvalidInput("Nobody is known to type this.", [Problem("FOURCAST_TOKEN", words)]) from error


COMPLY = "policies:comply"
