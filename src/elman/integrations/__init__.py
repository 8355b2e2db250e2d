"""Adapters to other libraries, which are imported only here and only when a module of this folder is."""
