"""The verbs of `fourcast`, by what they work on; each module lists its own in ``VERBS``."""
