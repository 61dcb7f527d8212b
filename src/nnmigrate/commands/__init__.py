"""The commands, and the options that they share: options in, exit codes out."""
