"""Problems in the caller's language: English sentences matched against the rows of ``chinese/``.

translation  an English sentence is looked up in chinese/
"""
