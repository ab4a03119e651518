"""The arms of the policy's experiments: who is in which, and what each does differently from the whole method. Pure.

policies     arm policies: what each arm does differently from the whole method
assignment   the arm of one customer, and of many
exploration  the decisions of one day that are shown in random order
mixed        many customers of many small arms, judged together
"""
