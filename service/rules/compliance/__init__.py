"""What a message may not say, and what it must.

checks  what a message may not say, and what it must
"""
