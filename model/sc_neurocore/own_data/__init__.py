"""The user's own data: bounded reading of an `.npz`, its parts, the scale of its samples, the names of its classes."""
