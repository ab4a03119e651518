"""Policies and the releases that serve them, in the order of a policy's life. All are endpoints of one resource.

policies    policies proposed: listed, read, compared; and what this folder shares
proposals   a policy proposed, and approved by somebody else
jobs        proposals and approvals that are answered later
simulation  two policies over the same customers
releases    releases: what served, and the one before restored
"""
