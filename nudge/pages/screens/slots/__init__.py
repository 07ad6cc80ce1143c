"""The screens of slots: the list, a slot's page, its actions, and what another way would bring."""
