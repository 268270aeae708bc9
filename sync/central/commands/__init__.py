"""The admin's terminal; speaks to a running central through its socket.

Here is nothing that central itself needs."""
