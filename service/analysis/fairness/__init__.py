"""Who is offered something, by group, and what tells groups apart without saying so. Pure.

group_rates  rates by group beside the best-served group, with intervals
fairness     being offered, shown and worth something, by sex, age band and region
proxies      attributes that tell a trait by their values, without its name
"""
