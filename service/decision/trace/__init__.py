"""One decision taken apart: why, why not, and what would change it. Read-only, and outside the path of a request.

cells               every cell of the grid judged and explained, and what would open a withheld offer
funnel              from all offers to those that are shown
drop_one            whether another treatment would win if one factor of the priority were the same for all
shortfall           how far a closed gate is from opening
record_differences  the paths at which a stored record differs from its replay
"""
