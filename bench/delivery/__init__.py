"""How fast are the mailboxes, beside what the database itself can do in the same run?"""
