"""The kernels in NumPy: a readable definition of the maths, the reference in tests, and the fallback at run time.

Letters as in ``elman.kernels``. The gradient of the loss with respect to ``name`` is ``dname``; updates subtract it
(the slides' δ has the opposite sign).
"""

# ruff: noqa: F403
from elman.kernels.reference.adam import *
from elman.kernels.reference.basic import *
from elman.kernels.reference.biaffine import *
from elman.kernels.reference.crf import *
from elman.kernels.reference.elman_cell import *
from elman.kernels.reference.gated_cells import *
from elman.kernels.reference.ids import *
from elman.kernels.reference.layer import *
from elman.kernels.reference.noise import *
from elman.kernels.reference.online import *
from elman.kernels.reference.parallel_cells import *
from elman.kernels.reference.regression import *
from elman.kernels.reference.states import *
from elman.kernels.reference.text import *
from elman.kernels.reference.trees import *
