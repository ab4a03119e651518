"""The policy's nouns as frozen values: what the YAML documents become once they have been checked.

contact     the contact policy's nouns as frozen values
monitoring  what the bank watches in models that serve, and from where on it must be told
portrait    what the policy says of a customer's portrait, as frozen values
rules       the policy's nouns as frozen values
targeting   to which customers a strategy speaks, in expressions of the policy
"""
