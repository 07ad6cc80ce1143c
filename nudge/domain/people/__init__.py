"""A visitor's state: what is known of the person, and how two become one."""
