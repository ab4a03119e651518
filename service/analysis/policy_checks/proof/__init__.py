"""A proof that the gates of a policy imply the law, or a customer for whom they do not. Pure.

For every offer in every channel: no values of what the rules read pass all gates of the policy and break a statutory
one. Read the conditions as formulas (``reading``), find values that stand for all (``variables``, ``cuts``, ``sums``),
search them (``search``). Whatever the reading does not understand it lets be true, false or unknown, so that a lax
policy is never called clean. The price is that a policy may be refused that no real customer could abuse.

    truth        formulas in three-valued logic, and what each can still be
    variables    what a formula reads, and the values that stand for all
    cuts         at which values of one column a comparison changes
    sums         a value as a sum of columns
    trees        what reading asks of expressions and their values
    comparisons  comparisons of plain values as atoms
    reading      the tree of a condition as a formula
    questions    formulas asked together, alike where only their figures differ
    cells        the gates that guard each offer in each channel
    search       whether some customer passes every gate and yet breaks a law
    witness      that customer in words
    wording      expressions as text
    findings     every breach of a policy, and what could not be decided
"""
