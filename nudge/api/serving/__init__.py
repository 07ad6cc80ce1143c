"""Operations that pages and servers call all day: decisions and events."""
