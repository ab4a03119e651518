"""`fourcast`: the command line. A file that says ``VERBS = (verb,)`` adds a verb; ``main`` reads the table from the
files.

A verb reads its arguments, asks ``engine`` or ``training``, and prints text or JSON. What decides is never here. Each
verb is in the file of its name: `fourcast check-files` in ``customers/check_files.py``.

    actor      who acts, for the audit log
    bank       which bank a verb speaks of, its files, and the servers behind it
    customers  their files, their decisions, their portrait, and the leads made of them
    main       `fourcast`: every verb of the command line
    models     verbs of the data scientist
    operate    start, serve, look before traffic, keys, secrets, audit
    policies   check, propose, compare and approve a policy, and what its parts bring
    terminal   what every verb shares with the terminal
"""
