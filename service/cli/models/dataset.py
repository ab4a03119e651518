"""`fourcast dataset`, and the part of `fourcast train` that learns from events.

Training never reads a store: the decisions and events are read here, customer by customer, and passed to it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from service.cli.bank.stack import Stack, open_stack
from service.cli.models.tracking import track_training
from service.cli.terminal import bar, bom_option, json_option, show
from service.core.clock import now_ms
from service.core.domain import Release
from service.core.grid import DAY_MS
from service.engine.releases.artifacts import Artifacts
from service.rules.policy import Policy, from_documents, load

DAYS = 365

days_option = click.option(
    "--days", type=click.IntRange(1, 3660), default=DAYS, show_default=True, help="How far back decisions are read."
)
window_option = click.option(
    "--window",
    type=click.FloatRange(0.0, 366.0, min_open=True),
    help="Days after a showing in which taking the offer counts; the policy's by default.",
)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A .parquet or .csv file.")
@days_option
@window_option
@bom_option
@json_option
def dataset(out: Path, days: int, window: float | None, bom: bool, as_json: bool) -> None:
    """Write what training from events learns from: a row per offer shown, with what came of it and the facts then."""
    from training.experience.export import write_table

    with open_stack() as stack:
        _, policy = active_policy(stack)
        experience = read_experience(stack, policy, days, window)
    rows = write_table(experience.offers, policy.attributes, out, bom)
    show({"trials": rows, "out": str(out), **describe_experience(experience)}, as_json)


def train_from_events(days: int, window: float | None, seed: int) -> Any:
    """Train a bundle from the service's own decisions and events, and publish it; return its ``EventTraining``."""
    from training.train_from_events import learn_bundle

    with open_stack() as stack:
        release, policy = active_policy(stack)
        experience = read_experience(stack, policy, days, window)
        kept = None if release is None or release.bundle is None else stack.store.releases.bundle(release.bundle)
        settings, artifacts = stack.settings, Artifacts.of(stack.settings)
    with bar("Learning from events") as advance:
        report = learn_bundle(experience, policy, artifacts.folder, seed, kept, progress=advance)
    artifacts.publish(report.version)
    track_training(settings, report.version, report.gate.passes)
    return report


def read_experience(stack: Stack, policy: Policy, days: int, window: float | None) -> Any:
    """The observations of the last ``days``, as training reads them."""
    from training.experience.observations import collect_experience

    now = now_ms()
    with bar("Reading decisions and events"):
        return collect_experience(stack.store.outcomes.histories(now - days * DAY_MS, now), policy, now, window)


def active_policy(stack: Stack) -> tuple[Release | None, Policy]:
    """The release that serves and its policy; None and the settings' policy before the first release."""
    release = stack.store.releases.active()
    if release is None:
        return None, load(stack.settings.policy)
    return release, from_documents(stack.store.releases.policy(release.policy))


def describe_experience(experience: Any) -> Mapping[str, Any]:
    """The facts beside the observations: the window, what was left out and why, and how exposures are known."""
    return {
        "taken": sum(trial.taken for trial in experience.offers),
        "held_out": sum(trial.held_out for trial in experience.offers),
        "window_days": experience.window_days,
        "left_out": dict(experience.left_out),
        "seen_by": dict(experience.seen_by),
    }


VERBS = (dataset,)
