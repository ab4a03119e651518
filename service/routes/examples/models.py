"""Bundles, releases, trials and drift."""

from typing import Any

RELEASE: dict[str, Any] = {"id": 12, "policy": "4933" * 16, "bundle": "b-0123456789ab", "prices": {}}
FIGURES: dict[str, Any] = {"auc": 0.898, "calibration_error": 0.007}
MODELS: dict[str, Any] = {
    "models": [
        {"version": "b-0123456789ab", "serves_as": "champion", "metrics": {"deposit": FIGURES}, "problem": None},
        {"version": "b-ba9876543210", "serves_as": None, "metrics": {"deposit": FIGURES}, "problem": None},
    ]
}
COMPARED: dict[str, Any] = {
    "one": "b-0123456789ab",
    "other": "b-ba9876543210",
    "same_files": True,
    "families": {"deposit": {"auc": {"one": 0.898, "other": 0.901}}},
}
MANIFEST: dict[str, Any] = {
    "version": "b-0123456789ab",
    "serves_as": "champion",
    "seed": 7,
    "horizon_days": 92,
    "families": {"deposit": {"features": ["age", "total_log"], "metrics": FIGURES, "base_rate": 0.11}},
}
DRIFT: dict[str, Any] = {
    "bundle": "b-0123456789ab",
    "since": "2026-10-24T09:30:00+08:00",
    "until": "2026-11-23T09:30:00+08:00",
    "customers": 1874,
    "unreadable_decisions": 0,
    "drifted": ["demand_yuan"],
    "shifts": [
        {
            "name": "demand_yuan",
            "kind": "feature",
            "customers": 1874,
            "psi": 0.31,
            "psi_noise": 0.012,
            "ks": 0.24,
            "ks_noise": 0.038,
            "unknown_before": 0.0,
            "unknown_now": 0.0,
            "verdict": "drifted",
        }
    ],
    "calibration": [
        {
            "family": "deposit",
            "customers": 1502,
            "taken": 171,
            "expected": 165.2,
            "ratio": 1.035,
            "ratio_low": 0.849,
            "ratio_high": 1.221,
            "verdict": "steady",
        }
    ],
}
TRIAL_ASKED: dict[str, Any] = {"bundle": "b-ba9876543210", "share": 0.1, "note": "More trees"}
TRIAL: dict[str, Any] = {"challenger": {"policy": "4933" * 16, "bundle": "b-ba9876543210", "share": 0.1}}
