"""A rule that tests add to the shipped policy: a gate that blocks who logs in less often than nobody does."""

RULE = """\
  - id: only-the-busiest
    stage: applicability
    strategy: mobile-first
    require: customer.logins_30d >= 4711
    reason: {zh: 仅面向最活跃的客户, en: For the busiest customers only}
    unlock: {zh: 多登录, en: Log in more often}
    cases:
      - {given: {customer.logins_30d: 4711}, expect: passes}
      - {given: {customer.logins_30d: 12}, expect: blocks}
"""
