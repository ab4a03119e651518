"""policy_checks."""
