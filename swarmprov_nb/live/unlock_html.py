"""How the page that asks for a password looks: a form that works by keyboard, light or dark, and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #57606a; --ground: #f6f8fa; --card: #fff; --line: #6e7781;
  --act: #0b5cad; --on-act: #fff; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #a9b4c0; --ground: #0d1117; --card: #161b22;
  --line: #8b949e; --act: #79b8ff; --on-act: #0d1117; --bad: #ff9a92; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 10vh auto; padding: 1.5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
h1 { margin: 0 0 .5rem; font-size: 1.3rem; }
code { overflow-wrap: anywhere; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { width: 100%; margin: .25rem 0 0; padding: .5rem; border: 1px solid var(--line); border-radius: 4px;
  background: var(--card); color: var(--ink); font: inherit; }
button { margin-top: 1rem; padding: .5rem 1.25rem; border: 0; border-radius: 4px; background: var(--act);
  color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
[role=alert] { margin: .5rem 0 0; color: var(--bad); font-weight: 600; }
.soft { color: var(--soft); font-size: .9rem; margin-bottom: 0; }
"""
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Our one style and forms to ourselves; no script, no picture, no frame, nothing from elsewhere."""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – swarmprov</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""
_FORM: Final = """
<p>Wallet {name}<code>{address}</code></p>
<p>A notebook on this machine wants to sign with it. Its password stays on this machine, and is kept nowhere.</p>
<form method="post" autocomplete="off" accept-charset="utf-8"><input type="hidden" name="form" value="{form}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="off" autofocus required spellcheck="false"
 autocapitalize="off"{described}>{problem}
<button type="submit">Unlock</button></form>
<p class="soft">You did not ask for this? Close this tab: nothing is signed.</p>
"""


def form_page(address: str, name: str, *, form: str, problem: str = "") -> str:
    """Return the page that asks for the password of a wallet; `form` marks it, `problem` says what was wrong.

    >>> "autocomplete" in form_page("0x…", "field", form="7")
    True
    """
    alert = f'<p role="alert" id="problem">{escape(problem)}</p>' if problem else ""
    body = _FORM.format(
        address=escape(address),
        name=f"<strong>{escape(name)}</strong>, " if name else "",
        form=escape(form),
        problem=alert,
        described=' aria-invalid="true" aria-describedby="problem"' if problem else "",
    )
    return _PAGE.format(title="Unlock your wallet", style=_STYLE, body=body)


def last_page(*, opened: bool) -> str:
    """Return the page that says goodbye.

    >>> "close this tab" in last_page(opened=True)
    True
    """
    if opened:
        title, words = "Thank you", "You can close this tab. Your notebook says how it goes on."
    else:
        title, words = "The wallet stays locked", "You can close this tab. Begin again in your notebook."
    return _PAGE.format(title=title, style=_STYLE, body=f'<p role="status">{words}</p>')
