"""Care for visitors who are about to leave: warnings, their rules and cases, and words."""
