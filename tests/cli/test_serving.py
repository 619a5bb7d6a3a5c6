"""May a process that serves hold as many open pages as the machine lets it?"""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import resource
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
from wijkbot.cli.serving import allow_many_pages
allow_many_pages()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most), most > 64)
"""


def test_a_process_that_serves_takes_all_the_files_it_may_open() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert "True True" == told.stdout.strip()
