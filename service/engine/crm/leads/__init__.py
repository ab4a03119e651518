"""Leads at work: built from a batch of decisions, judged again at every step, told with what an adviser needs.

building     a batch of decisions in the advisers' channel, cut to the advisers' hours, best first
facts        what an adviser wants to know of a lead's customer before the call, as things stand
judging      what the gates say of a lead
leads        the customers an adviser should call this week, best first, and what becomes of each
permissions  who may do what with a lead
story        what a lead says to the adviser
"""
