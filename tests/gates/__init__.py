"""Gates that cannot be talked round: generated customers, every road, and an oracle that knows no policy.

``people`` makes customers at the edges of every gate, ``oracle`` judges what was shown to them by plain Python written
from the law and the bank's contact rules, ``roads`` drives every road an offer can take, ``service_road`` the real
service on real servers. ``python -m tests.gates --customers 100000 --service 10000`` is the long run.
"""
