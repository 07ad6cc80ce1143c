"""Verification: journal, lake and the folds' state are compared with each other."""
