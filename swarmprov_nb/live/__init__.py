"""What front ends are told, and what they ask: the comm to the Lab panel, and the jobs behind panel and widgets.

Everything here is safe to ask from any thread. `comm` speaks to the panel; `publish_job` and `verify_job` work in a
`worker` thread and tell what there is to show as plain JSON; nothing private passes `sharing`.
"""

from __future__ import annotations
