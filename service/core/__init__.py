"""What all packages share: domain values, the grid, errors, attributes and the expression language. Pure.

Nothing here imports another package of the service.

    domain        the domain's nouns as frozen values
    errors        one family of errors, each with an HTTP status and every problem found
    customer_ids  customers' ids and external keys: which texts may be stored
    decision_ids  decisions' ids: UUIDv7, in one canonical form
    grid          customer (n) x offer (m) x channel (k): shapes, the grid's index, the bank's days
    context       context.*: what a rule may read of a request and of the bank's day, one row a name
    expressions   SQL expressions over customer.*, offer.*, channel.*, history.* and context.*
    attributes    a customer's attributes and features, checked and encoded as columns
    trails        a customer's events as trails: what rules can ask of them, in bounded size
    hashing       reproducible assignment and ordering by SHA-256 of a salt and a name
    folding       one form of a text for all spellings that look alike
    suggestions   what to suggest for an unknown name
    clock         the wall clock, ms UTC, and the type by which it is handed in
    csv_safety    CSV cells that no spreadsheet runs as a formula, and the byte order mark
    progress      a function that long work calls with how much is done, of how much
"""
