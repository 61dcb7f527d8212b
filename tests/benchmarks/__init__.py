"""How long nnmigrate takes, beside other tools and beside itself."""
