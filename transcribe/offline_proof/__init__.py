"""`transcribe run --offline-proof`: a run in which the operating system makes every connection impossible, on record.

`cutting` takes the network away, `launch` starts a command without it, `attempts` tries to connect all the same, and
`proof` chooses the way, checks it before and after the run, and writes `report/offline-proof.md`.
"""
