"""python -m wijkbot: the same as the command wijkbot."""

from wijkbot.cli import main

main()
