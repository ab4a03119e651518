"""Rights of a customer: what they permit, what they are called, what is stored of them,
and what they object to.

preferences  consents of a customer, by the purposes of the active policy
labels       labels that decide for a customer: read, dropped, taken back
copy         a copy of everything about one customer
filing       the filing of the algorithm, as the bank states it
impact       the impact assessment of what is done with personal data
objections   objections to decisions: cases with a deadline, answered by a person
"""
