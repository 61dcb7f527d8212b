"""What runs inside an environment of nnsight, where nnmigrate is not installed.

The environment's interpreter is started on this folder (see ``__main__.py``). Modules here import
the standard library, torch, transformers, nnsight and each other, and nothing else of nnmigrate;
nothing of nnmigrate imports them.
"""
