"""What is scarce: which customer goes to which adviser, as far as the advisers' hours carry. Pure.

Nothing here reads a store, a clock or a file: customers, priorities and hours come with the call.

    leads  which customer goes to which adviser
"""
