"""Frozen value types that all rooms share. No room's logic, no input, no output."""
