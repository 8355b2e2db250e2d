"""One file a command. The formats that draw trees are added for all of them."""

import elman.viz  # noqa: F401
