"""The journal, the vault and the folds' state in Valkey or Redis; no other room speaks to it."""
