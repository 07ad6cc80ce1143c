"""Commands that play simulated or recorded visitors against slots: all that reach `lab`."""
