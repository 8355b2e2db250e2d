"""The kernels in NumPy: the readable statement of the maths, the oracle of the tests, the fallback.

Letters as in ``elman.kernels``. The gradient of ``name`` is ``dname``; gradients are those of a loss (they point uphill
and an update subtracts them; the slides' δ point the other way).
"""

# ruff: noqa: F403
from elman.kernels.reference.adam import *
from elman.kernels.reference.basic import *
from elman.kernels.reference.cells import *
from elman.kernels.reference.crf import *
from elman.kernels.reference.gated import *
from elman.kernels.reference.layer import *
from elman.kernels.reference.online import *
from elman.kernels.reference.parallel import *
from elman.kernels.reference.states import *
from elman.kernels.reference.text import *
from elman.kernels.reference.trees import *
