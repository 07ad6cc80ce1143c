"""Operations that tell what slots did, what it earned, and what visitors say of it."""
