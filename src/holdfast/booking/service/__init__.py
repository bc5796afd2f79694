"""How booking answers its door, one file per subject.

`booking` is the door's class; `placing` and `settling` are the two lanes through which all stock moves; `quoting`,
`owning` and `reading` do what needs no lane; `answers` turns rows into what the door shows; `verifying` recounts.
"""
