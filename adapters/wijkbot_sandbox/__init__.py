"""A pretend group app: several invented residents, one group, their private chats with the bot.

Everything a resident does here goes through the same pipeline as a message of a real platform.
"""
