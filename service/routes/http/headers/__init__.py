"""Request headers with a meaning of their own.

cors           CORS (the Fetch standard): which origins a browser lets call /v1
languages      Accept-Language: the language of an answer
preconditions  If-Match and If-None-Match of a write
prefer         Prefer: respond-async, the one preference that is honoured
"""
