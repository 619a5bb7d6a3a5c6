"""How much does an answer on Matrix cost, beside a bare echo of the same library?"""
