"""What the bank's marketers own: the policy, and how its rules are applied."""
