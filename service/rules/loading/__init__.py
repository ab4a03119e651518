"""How a policy's documents become checked values: one module per document, one list of problems for them all.

``documents`` turns YAML into plain values, ``entry`` reads one mapping key by key, the others know one document each.
Nothing here raises for a fault in a document: it notes a ``Problem`` and reads on with a stand-in, so that a marketer
sees everything that is wrong at once; ``policy`` raises when the list is not empty.
"""
