"""Operations about planned SMS: send times, and plans that are withdrawn."""
