"""Mail: what a letter is, and the door to whatever carries it.

`letters` writes a letter as a message, `mailers` has the door and what stands behind it: a folder, the console, SMTP.
Nothing here knows of accounts or tokens, keeps anything, or tries again: the queue that does belongs to accounts.
"""
