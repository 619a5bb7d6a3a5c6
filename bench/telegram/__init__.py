"""How much does an answer on Telegram cost, beside a bare echo of the same library?"""
