"""One decision taken apart: why, why not, and what would change it. Read-only, and off the road of a request.

differences  every path whose value was one thing when it was stored and is another now
drop_one     would another treatment win if one factor of the priority said the same of all
funnel       from all offers to those that are shown
shortfall    how far a closed gate is from opening
trace        why, why not, and what would change it
"""
