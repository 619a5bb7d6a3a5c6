"""How fast is the secure chat while thousands wait for news, and what does it need for it?"""
