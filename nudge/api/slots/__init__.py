"""Operations about slots: their documents, and the versions of their policies."""
