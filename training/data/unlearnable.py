"""What a model cannot learn from: wrong input of the bank, and the ValueError that scikit-learn's contract asks for."""

from service.core.errors import InvalidInput


class Unlearnable(InvalidInput, ValueError):
    """Too few customers, or one outcome only; the sentence says how many are needed."""
