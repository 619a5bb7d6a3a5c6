"""The shell: it connects engine, storage, content and adapters, and decides nothing itself."""
