"""A second verifier, written from docs/formats.md alone: read it beside that page, from `signing` to `verifying`."""
