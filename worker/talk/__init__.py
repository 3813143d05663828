"""What people say and whom they assign, carried to the other side. Pure: decides what to write, writes nothing."""
