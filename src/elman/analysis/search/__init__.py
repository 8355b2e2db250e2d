"""Search for settings: random search and successive halving, with results that a killed search goes on from."""
