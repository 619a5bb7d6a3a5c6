"""What can wijkbot do on Matrix? Groups and direct chats, plain and end-to-end encrypted.

No buttons (numbered lines instead), threads and replies, exactly-once sending. The adapter
needs the extra ``matrix`` (matrix-nio with its encryption).
"""

from __future__ import annotations
