"""DuckDB as the judge of our expressions: random expressions and random rows, and both must agree on every pair.

``writing`` makes the expressions, ``rows`` the grids with NULLs, ``courts`` puts them to the
databases, ``judging`` compares. A pair is
one expression on one row. The long run is ``python -m tests.oracle --pairs 1000000``; CI runs 10,000.
"""
