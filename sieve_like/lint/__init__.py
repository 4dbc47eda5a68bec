"""What is valid in a script and most likely wrong: findings with a stable code, from the bound script.

linter -> script (what the checks look at) -> one module per kind of finding -> comments that ignore some
"""
