"""What everybody shares: the nouns, the grid, errors, attributes and the expression language. Pure; imports nothing of
ours.

    attributes    what a customer's record may hold, and how it enters a grid
    context       context.*: what a rule may read of a request and of the bank's day, one row a name
    csv_safety    cells of a CSV file that no spreadsheet runs as a formula; the byte order mark
    customer_ids  customers' ids and external keys
    decision_ids  a UUIDv7, whose first 48 bits are the milliseconds at which it was made (RFC 9562, 5.7)
    domain        the nouns as frozen values
    errors        what was wrong, what was expected, where to mend it
    expressions   SQL expressions over customer.*, offer.*, channel.*, history.* and context.*
    folding       one form for all spellings that a reader takes for the same
    grid          customer (n) x offer (m) x channel (k), and what is read on it
    hashing       who is in which arm, and in which order things are tried, by SHA-256 of a salt and a name
    progress      a function that long work calls with how much is done, of how much
    suggestions   what to say of a name that nobody knows
    trails        all that a rule can ask of a customer's events, in a size that does not grow with them
"""
