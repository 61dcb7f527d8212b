"""Comments for nnmigrate in code: what silences findings, and what asks a person."""
