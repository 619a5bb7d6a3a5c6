"""What do the tests need that pip does not bring, and where is it on this machine?"""
