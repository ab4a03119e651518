"""Types of arrays that every room of training uses."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
"""Row numbers, from 0."""
Fold = tuple[Places, Places]
"""The rows to learn from, and the rows held out."""
