"""Cases of the lake, with people's steps and the visitors' payments: the closed loop's rows."""
