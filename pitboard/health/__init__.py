"""How a machine is: what can be read of it, and what that means for a race day.

Here is nothing that changes the machine, and no word on a lap."""
