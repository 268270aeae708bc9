"""What is replaced in a simulated venue: time, network, disk, and one seed's chance.

Here is nothing of the logic of a node."""
