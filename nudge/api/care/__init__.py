"""Operations about visitors who may leave: their warnings, and what goes with leaving."""
