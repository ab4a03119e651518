"""Leads planned: which customer goes to which adviser, within the advisers' hours. Pure.

Nothing here reads a store, a clock or a file: customers, priorities and hours come with the call.

    leads  which customer goes to which adviser
"""
