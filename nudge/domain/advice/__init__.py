"""Advice on variants: which may be stopped, and which segments need one that loses on average."""
