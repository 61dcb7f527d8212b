"""Which lines and branches no test takes, held against those that are named with a reason."""
