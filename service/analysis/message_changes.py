"""Which messages customers would read otherwise, filled in as they are sent: what a signature under a policy signs.

A change of a template, a term, a name or a disclosure shows here as the words that a customer reads. Channels in which
an offer says the same, before and after, stand together. ``digest`` names a message by its content: SHA-256 of offer,
language, title, body, disclosures and link as a JSON array. So a record of what was signed can be checked against any
policy, and an unchanged message keeps its digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256

import orjson

from service.rules.model.rules import Message, Messages
from service.rules.policy import Policy

Written = dict[tuple[str, str, str | None], dict[str, Message]]
"""The messages of an offer in a language for a segment (None: the plain words), by channel."""


@dataclass(frozen=True, slots=True)
class MessageChange:
    """One message that is new, gone or different, in the channels that say it alike.

    ``positioning`` is the id of a segment's words; None are the plain ones. ``before`` and ``after`` are None where
    there is no such message; ``digest`` is that of ``after``, None where the message is gone.
    """

    offer: str
    language: str
    positioning: str | None
    channels: tuple[str, ...]
    before: Message | None
    after: Message | None

    @property
    def digest(self) -> str | None:
        """The name of the new message by its content."""
        return None if self.after is None else digest_of(self.offer, self.language, self.after)

    def documents(self) -> Iterator[dict[str, object]]:
        """One JSON value for each channel."""
        for channel in self.channels:
            yield {
                "offer": self.offer,
                "language": self.language,
                "channel": channel,
                "positioning": self.positioning,
                "before": None if self.before is None else asdict(self.before),
                "after": None if self.after is None else asdict(self.after),
                "digest": self.digest,
            }

    def __str__(self) -> str:
        segment = f', positioning "{self.positioning}"' if self.positioning else ""
        head = f'message of offer "{self.offer}" ({self.language}{segment}) in {", ".join(self.channels)}'
        told = [f"  was: {_one_line(self.before)}"] if self.before else []
        return "\n".join([head, *told, f"  is:  {_one_line(self.after)}" if self.after else "  is gone"])


def list_message_changes(old: Policy, new: Policy) -> tuple[MessageChange, ...]:
    """Every message that customers would read otherwise under ``new``, in the order of its offers."""
    before, after = _written(old), _written(new)
    return tuple(
        change
        for key in dict.fromkeys([*after, *before])
        for change in _compare(key, before.get(key, {}), after.get(key, {}))
    )


def digest_of(offer: str, language: str, message: Message) -> str:
    """A message's name by its content: SHA-256 as 64 hexadecimal digits."""
    content = [offer, language, message.title, message.body, message.disclosures, message.link]
    return sha256(orjson.dumps(content)).hexdigest()


def _compare(
    key: tuple[str, str, str | None], before: Mapping[str, Message], after: Mapping[str, Message]
) -> Iterator[MessageChange]:
    offer, language, positioning = key
    alike: dict[tuple[Message | None, Message | None], list[str]] = {}
    for channel in dict.fromkeys([*after, *before]):
        pair = before.get(channel), after.get(channel)
        if pair[0] != pair[1]:
            alike.setdefault(pair, []).append(channel)
    for (was, now), channels in alike.items():
        yield MessageChange(offer, language, positioning, tuple(channels), was, now)


def _written(policy: Policy) -> Written:
    found: Written = {}
    _gather(found, None, policy.messages)
    for variant in policy.variants.values():
        _gather(found, variant.id, variant.messages)
    return found


def _gather(found: Written, positioning: str | None, messages: Messages) -> None:
    for (offer, channel, language), message in messages.items():
        found.setdefault((offer, language, positioning), {})[channel] = message


def _one_line(message: Message) -> str:
    return " | ".join((message.title, message.body, *message.disclosures, message.link))
