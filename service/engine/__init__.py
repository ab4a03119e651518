"""Where the pure core meets time, models and storage. One request, one ladder: see ``engine``.

Order of a request: ``auth`` says who asks -> ``offers`` reads, decides and records -> ``rendering`` writes the answer.
``releases`` says what serves. ``crm`` and the rest are services beside that road; ``runner`` does what waits.

    auth         who asks, and whom they may reach
    contacts     contacts reserved before they are made
    crm          what a bank's CRM works with, as parts of the engine, each with one subject
    drift        drift of what serves, measured on its own stored decisions
    engine       where the pure core meets time, models and storage
    experiments  what each standing test and strategy brings
    explain      decisions told and made again
    failures     what nobody foresaw in a unit of work of the runner
    metrics      what the engine counts while it serves
    offers       the road of one offer
    portrait     what the pure core worked out of a customer, as the bytes a caller receives
    preferences  what a customer permits, in the words of the active policy
    releases     what serves, and how it comes to serve
    runner       what is done beside the requests, by a process of its own (fourcast work), any number of them
"""
