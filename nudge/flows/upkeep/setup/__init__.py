"""The setup of an installation: applied documents, first slots, the pages' key."""
