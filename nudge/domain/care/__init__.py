"""Care: who may leave, why, and what is done about it: signals, rules, cases."""
