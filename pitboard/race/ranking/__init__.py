"""What a drive is worth, and the boards in that order.

It knows no passing, and no run but as what was driven."""
