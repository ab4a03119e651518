"""Leads for advisers: made, listed, worked, reported.

builds  leads made for a branch beside the requests, and the report of what became of them
leads   the branch's list, and one lead
steps   what an adviser or a manager does with a lead
"""
