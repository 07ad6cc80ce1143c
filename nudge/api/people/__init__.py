"""Operations about visitors: their state, their segments, and their next offer."""
