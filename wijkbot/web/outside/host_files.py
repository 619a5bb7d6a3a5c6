"""How does another party's web server give the pages with the right headers? nginx or Caddy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from wijkbot.web.secure.headers import SECURE_HEADERS


def shared_headers(api: str) -> dict[str, str]:
    """The headers of every file, when the chat itself is at another origin."""
    policy = SECURE_HEADERS["Content-Security-Policy"]
    wider = policy.replace("connect-src 'self'", f"connect-src 'self' {api}")
    return {**SECURE_HEADERS, "Content-Security-Policy": wider}


def nginx(origin: str, headers: Mapping[str, str], languages: Sequence[str]) -> str:
    """A file for the folder conf.d of nginx."""
    host = urlsplit(origin).hostname
    choices = "\n".join(f"    ~*^{code} {code};" for code in languages)
    added = "\n".join(
        f'    add_header {name} "{value}" always;' for name, value in headers.items()
    )
    return f"""\
# The page of the secure chat. Made by `wijkbot export-web`; change the marked lines only.
map $http_accept_language $chat_language {{
    default {languages[0]};
{choices}
}}
server {{
    listen 80;
    server_name {host};
    access_log off;
    return 301 https://$host$request_uri;
}}
server {{
    listen 443 ssl;
    server_name {host};
    ssl_certificate /etc/ssl/chat.pem;      # yours
    ssl_certificate_key /etc/ssl/chat.key;  # yours
    root /srv/chat;                         # this folder
    access_log off;                         # who visits is nobody's business
    error_log /dev/null crit;
    server_tokens off;
    charset utf-8;
    gzip on;
    gzip_types text/css text/plain application/javascript text/javascript image/svg+xml;
{added}
    location = /c {{
        try_files /c/$chat_language/index.html =404;
    }}
    location /c/ {{
        index index.html;
    }}
    location /static/c/ {{
    }}
    location / {{
        return 404;
    }}
}}
"""


def caddy(origin: str, headers: Mapping[str, str], languages: Sequence[str]) -> str:
    """A Caddyfile."""
    added = "\n".join(f'        {name} "{value}"' for name, value in headers.items())
    choices = "\n".join(
        f"    @{code} {{\n        path /c\n        header Accept-Language {code}*\n    }}\n"
        f"    rewrite @{code} /c/{code}/index.html"
        for code in languages
    )
    return f"""\
# The page of the secure chat. Made by `wijkbot export-web`; change the marked line only.
(safe) {{
    header {{
{added}
        -Server
    }}
}}
{origin} {{
    root * /srv/chat  # this folder
    encode gzip
    import safe
{choices}
    rewrite /c /c/{languages[0]}/index.html
    @page {{
        path /c/* /static/c/*
        method GET HEAD
    }}
    handle @page {{
        file_server
    }}
    handle {{
        respond 404
    }}
    # what goes wrong passes by everything above, the headers too
    handle_errors {{
        import safe
        respond {{err.status_code}}
    }}
}}
"""


def readme(origin: str, api: str, pin: str, told: Mapping[str, str]) -> str:
    """What whoever gets the folder must know; ``told`` has ``release`` and ``day``."""
    return f"""\
# The page of the secure chat

Made by `wijkbot export-web` of wijkbot {told["release"]} on {told["day"]}. To be served at
{origin} by somebody else than who runs
{api}: then neither of the two alone can read what residents write.

1. Put this folder on your web server, as /srv/chat or where you like.
2. Use `nginx.conf` or `Caddyfile`. Every header in them counts; leave none out and add no other
   file, script or statistics.
3. Keep no access log.
4. Look at it from another network, with the same release of wijkbot:

       wijkbot verify-web {origin}/c --api {api} --pin {pin}

   Ask the organisation for the 64 digits by another way too: by telephone, or on paper.

`sha256sum -c SHA256SUMS` tells whether all files are still as they were written. The folder is to
be made anew after each release of wijkbot, and when a telephone number changes.
"""
