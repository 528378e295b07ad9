"""The virtual board: what builds it, boots it, and reads what it left."""
