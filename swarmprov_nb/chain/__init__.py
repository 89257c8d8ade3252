"""Who said so, and when: networks, wallets, the contract, the embedded chain, anchors.

Importing this package imports no Ethereum library: each module loads what it needs where it needs it.
"""

from __future__ import annotations
