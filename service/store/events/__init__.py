"""What happened: events, each exactly once, and the trails, contacts and visitors that decisions count.

contacts  reserved, cancelled, made, and what became of them
events    each exactly once, durable before it is acknowledged
trails    what events leave behind for decisions to read, kept beside them and never longer than KEPT instants
visitors  devices on which nobody has signed in, and what was shown and waved away on each
"""
