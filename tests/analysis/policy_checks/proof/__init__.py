"""The proof that a policy's gates imply the law: its parts, its soundness, and lax policies written by hand."""
