"""What detect-secrets finds (https://github.com/Yelp/detect-secrets), used as a library over single lines.

Its plugins bring the formats of more issuers than our own rules. Nothing is verified over the network. Its entropy
plugins, which take every digest for a secret, and its keyword and address plugins, which ours replace, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from swarmprov_nb.manifest.finding_rule import Confidence, is_placeholder

# module, class, how sure we are, and what must stand in a line for the plugin to be asked
_Plugin = tuple[str, str, Confidence, tuple[str, ...]]
_PLUGINS: tuple[_Plugin, ...] = (
    ("artifactory", "ArtifactoryDetector", "low", ("akc", "ap")),
    ("aws", "AWSKeyDetector", "high", ("akia", "asia", "a3t", "abia", "acca", "aws")),
    ("azure_storage_key", "AzureStorageKeyDetector", "high", ("accountkey",)),
    ("cloudant", "CloudantDetector", "high", ("cloudant", "cl_", "cl-", "clou")),
    ("discord", "DiscordBotTokenDetector", "high", ("discord", "bot", "token")),
    ("github_token", "GitHubTokenDetector", "high", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    (
        "gitlab_token",
        "GitLabTokenDetector",
        "high",
        ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glcbt-", "gr1348941"),
    ),
    ("ibm_cloud_iam", "IbmCloudIamDetector", "low", ("ibm", "iam", "cloud")),
    ("ibm_cos_hmac", "IbmCosHmacDetector", "high", ("secret",)),
    ("jwt", "JwtTokenDetector", "high", ("eyj",)),
    ("mailchimp", "MailchimpDetector", "high", ("-us",)),
    ("npm", "NpmDetector", "high", ("_authtoken",)),
    ("openai", "OpenAIDetector", "high", ("t3blbkfj",)),
    ("pypi_token", "PypiTokenDetector", "high", ("pypi-",)),
    ("sendgrid", "SendGridDetector", "high", ("sg.",)),
    ("slack", "SlackDetector", "high", ("xox", "hooks.slack.com")),
    ("softlayer", "SoftlayerDetector", "high", ("softlayer",)),
    ("square_oauth", "SquareOAuthDetector", "high", ("sq0csp-",)),
    ("stripe", "StripeDetector", "high", ("_live_",)),
    ("telegram_token", "TelegramBotTokenDetector", "high", ("bot", "telegram", "token")),
    ("twilio", "TwilioKeyDetector", "high", ("twilio", "sid", "auth", "key")),
)
_WINDOW, _OVERLAP, _SHORTEST = 4096, 512, 16


def plugin_hits(text: str) -> Iterator[tuple[str, Confidence, int, int]]:
    """Yield what the plugins find in a text, line by line: rule, confidence, where it starts and where it ends.

    >>> list(plugin_hits("nothing to see"))
    []
    """
    asked = _asked(text.lower(), _PLUGINS)
    offset = 0
    for line in text.split("\n") if asked else ():
        for plugin in _asked(line.lower(), asked) if len(line) >= _SHORTEST else ():
            for start, end in _hits(line, plugin):
                yield plugin[0].replace("_", "-"), plugin[2], offset + start, offset + end
        offset += len(line) + 1


def _asked(lowered: str, plugins: Iterable[_Plugin]) -> list[_Plugin]:
    return [plugin for plugin in plugins if any(map(lowered.__contains__, plugin[3]))]


def _hits(line: str, plugin: _Plugin) -> Iterator[tuple[int, int]]:
    """Yield where a plugin's secrets stand in a line."""
    for start in range(0, len(line), _WINDOW - _OVERLAP):
        part = line[start : start + _WINDOW]
        for secret in set(_plugin(*plugin[:2]).analyze_string(part)):
            place = part.find(secret)
            if place >= 0 and _alone(part, place, len(secret)) and not _made_up(secret):
                yield start + place, start + place + len(secret)


@cache
def _plugin(module: str, kind: str) -> Any:
    return getattr(import_module(f"detect_secrets.plugins.{module}"), kind)()


def _alone(text: str, start: int, length: int) -> bool:
    """Say whether a secret is not merely a piece of a longer word, of base64 say."""
    around = text[max(0, start - 1) : start] + text[start + length : start + length + 1]
    return not any(character.isalnum() or character in "_+/" for character in around)


def _made_up(secret: str) -> bool:
    from detect_secrets.filters import heuristic

    return bool(
        is_placeholder(secret)
        or heuristic.is_sequential_string(secret)
        or heuristic.is_potential_uuid(secret)
        or heuristic.is_templated_secret(secret)
    )
