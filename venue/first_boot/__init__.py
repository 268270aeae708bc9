"""What a machine without a set-up shows and takes: its screen, its page, and the hand-over to the installer.

Never: what a node of a venue does once it is one."""
