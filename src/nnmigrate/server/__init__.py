"""The language server: what nnmigrate finds, in an editor, while a person types.

`positions`, `notebooks`, `settings`, `analysis` know no protocol; `opened`,
`actions` and `examining` know its data (lsprotocol); `server` alone speaks it (pygls).
"""
