"""One file per claim in the README's performance table; every figure is a ratio against a floor of the same run."""
