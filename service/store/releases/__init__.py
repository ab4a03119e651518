"""What serves: policies, bundles and releases; proposals with two pairs of eyes; champion and challenger.

challengers  a release that lets another policy or bundle serve a share of its customers
office       releases, clients and the audit log
proposals    release with two pairs of eyes
releases     policies, bundles and the releases that serve them
"""
