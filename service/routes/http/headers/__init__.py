"""Request headers with a meaning of their own: origins, preconditions, preferences, languages.

cors           which pages a browser lets call /v1 (CORS, the Fetch standard)
languages      the language of an answer
preconditions  If-Match and If-None-Match of a write
prefer         of all preferences one is honoured, respond-async, and only where a view asks for it
"""
