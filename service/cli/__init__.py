"""`fourcast`: the command line. A file that says ``VERBS = (verb,)`` adds a verb; ``main`` reads the table from the
files.

A verb reads its arguments, asks ``engine`` or ``training``, and prints text or JSON. What decides is never here. Each
verb is in the file of its name: `fourcast check-files` in ``customers/check_files.py``.

    actor      the actor of a verb, for the audit log
    bank       the bank of a verb, its files, and the servers behind it
    customers  verbs about customers: their files, decisions, portrait, and leads
    main       `fourcast`: every verb of the command line
    models     verbs of the data scientist
    operate    verbs of the operator: start, serve, check before traffic, keys, secrets, audit
    policies   verbs of the marketer: check, propose, compare and approve a policy, and what its parts bring
    terminal   the terminal: results as text or JSON, progress bars
"""
