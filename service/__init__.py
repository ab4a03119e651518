"""Fourcast: the next best offer for every customer, its channel, and why. These are the rooms of the house.

A request comes in by ``routes``, ``engine`` reads what is stored and asks ``decision``, ``rendering`` puts the decision
into words. A room imports only lower rooms; ``tests/test_layers.py`` has the table. Training is a package beside this.

    analysis   what a policy would change and what it did change
    app        the Flask app of one engine: endpoints, error handlers, middleware
    cache      finished answers in Redis, never trusted beyond the revision they were made from
    cli        `fourcast`: the command line
    core       the nouns, the grid, errors, attributes and the expression language
    decision   what to offer one customer, or many, through which channel, and why
    engine     where the pure core meets time, models and storage
    planning   which customer goes to which adviser, as far as the advisers' hours carry
    rendering  decisions in words, in Chinese and English
    routes     one file per resource, found by walking this folder
    rules      what the bank's marketers own
    runtime    what the process needs besides the product
    scoring    what the models and the past say of a customer, in numbers, and the order that follows
    store      the truth about customers, consents, events, decisions, releases, clients, and the audit log
"""

__version__ = "0.1.0"
