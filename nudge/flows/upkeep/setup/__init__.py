"""What an installation is set up with: applied documents, first slots, the pages' key."""
