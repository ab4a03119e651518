"""Before it is done: what a policy would change, for whom, and how firmly its weights stand. Pure.

    simulate     an old and a new policy side by side over a population    ``simulation`` holds what it finds
    diff         what the new policy says differently, in words
    sensitivity  how far each weight of the four C must move before decisions change
    groups       the segment-like groups over which a simulation counts

Nothing here reads a store, a clock or a file: customers, scores and the moment come with the call.
"""
