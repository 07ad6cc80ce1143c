"""Care for visitors who may leave: warnings, their causes, and what they say."""
