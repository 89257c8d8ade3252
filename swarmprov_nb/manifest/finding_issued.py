"""Tokens in the form that their issuer gave them, by which they are known wherever they stand.

Formats are those that the issuers document (AWS "Unique identifiers", GitHub "Token formats", Stripe "API keys", GitLab
"Token prefixes", RFC 7519 for JWT, and the pages on authentication of the others).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from swarmprov_nb.bounded_json import loads
from swarmprov_nb.manifest.finding_rule import REVOKE, Confidence, Rule, issued, rule


def _jwt(match: re.Match[str]) -> Confidence | None:
    head = match[0].split(".")[0]
    try:
        return "high" if "alg" in loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) else None
    except (binascii.Error, ValueError):
        return None


_SERVICES: Final = r"""
    adafruit-key        aio_[A-Za-z0-9]{28}                                     aio_
    airtable-token      pat[A-Za-z0-9]{14}\.[0-9a-f]{64}                        pat
    anthropic-key       sk-ant-[A-Za-z0-9_-]{20,200}                            sk-ant-
    atlassian-token     ATATT3[A-Za-z0-9_=-]{100,250}                           atatt3
    brevo-key           xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}                    xkeysib-
    cloudflare-key      v1\.0-[0-9a-f]{24}-[0-9a-f]{146}                        v1.0-
    databricks-token    dapi[0-9a-f]{32}(?:-\d)?                                dapi
    digitalocean-token  do[opr]_v1_[0-9a-f]{64}                                 dop_v1_ doo_v1_ dor_v1_
    django-key          django-insecure-[^\s"']{20,100}                         django-insecure-
    docker-token        dckr_[po]at_[A-Za-z0-9_-]{27,64}                        dckr_
    doppler-token       dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,80}   dp.
    figma-token         fig[dop]_[A-Za-z0-9_-]{40,64}                           figd_ figo_ figp_
    grafana-token       glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/=]{32,400}     glsa_ glc_
    groq-key            gsk_[A-Za-z0-9]{40,64}                                  gsk_
    heroku-key          HRKU-[A-Za-z0-9_-]{36,64}                               hrku-
    huggingface-token   (?:hf_|api_org_)[A-Za-z]{34}                            hf_ api_org_
    langsmith-key       lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}                lsv2_
    linear-key          lin_(?:api|oauth)_[A-Za-z0-9]{32,64}                    lin_
    mailgun-key         key-[0-9a-f]{32}                                        key-
    mapbox-token        sk\.eyJ[A-Za-z0-9_-]{20,200}\.[A-Za-z0-9_-]{20,40}      sk.eyj
    netlify-token       nf[pcou]_[A-Za-z0-9]{36}                                nfp_ nfc_ nfo_ nfu_
    new-relic-key       NRAK-[A-Z0-9]{27}                                       nrak-
    notion-token        ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43}           ntn_ secret_
    npm-token           npm_[A-Za-z0-9]{36}                                     npm_
    openrouter-key      sk-or-v1-[0-9a-f]{64}                                   sk-or-
    perplexity-key      pplx-[A-Za-z0-9]{40,64}                                 pplx-
    planetscale-token   pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,64}           pscale_
    postman-key         PMAK-[0-9a-f]{24}-[0-9a-f]{34}                          pmak-
    pulumi-token        pul-[0-9a-f]{40}                                        pul-
    pypi-token          pypi-[A-Za-z0-9_-]{50,1000}                             pypi-
    replicate-token     r8_[A-Za-z0-9]{37}                                      r8_
    rubygems-key        rubygems_[0-9a-f]{48}                                   rubygems_
    sendgrid            SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}                sg.
    sentry-token        sntry[su]_[A-Za-z0-9+/=_-]{40,400}                      sntrys_ sntryu_
    shopify-token       shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}                      shpat_ shpca_ shppa_ shpss_
    sonar-token         sq[pua]_[0-9a-f]{40}                                    sqp_ squ_ sqa_
    supabase-token      sbp_[0-9a-f]{40}                                        sbp_
    tailscale-key       tskey-[a-z]+-[A-Za-z0-9]{8,24}-[A-Za-z0-9]{16,40}       tskey-
    terraform-token     [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}         .atlasv1.
    vault-token         hv[sbr]\.[A-Za-z0-9_-]{24,300}                          hvs. hvb. hvr.
    xai-key             xai-[A-Za-z0-9]{70,90}                                  xai-
"""

ISSUED: Final[tuple[Rule, ...]] = (
    issued("aws-access-key", r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}", "a3t abia acca akia asia"),
    rule(
        "aws-secret-key",
        r"(?i:aws|secret|s3).{0,20}?(?i:key|pwd|password|token).{0,20}?[\"'=:\s]"
        r"(?P<secret>[0-9a-zA-Z/+]{40})(?![0-9a-zA-Z/+=])",
        "aws secret s3",
    ),
    rule("google-service-account", r"\"private_key_id\"\s*:\s*\"(?P<secret>[0-9a-f]{40})\"", "private_key_id"),
    issued("google-api-key", r"AIza[0-9A-Za-z_-]{35}", "aiza"),
    issued(
        "google-oauth",
        r"GOCSPX-[0-9A-Za-z_-]{28}|ya29\.[0-9A-Za-z_-]{20,512}|1//0[0-9A-Za-z_-]{60,200}",
        "gocspx- ya29. 1//0",
    ),
    rule(
        "azure-connection",
        r"(?i:AccountKey|SharedAccessKey|SharedSecretValue)=(?P<secret>[A-Za-z0-9+/]{40,120}={0,2})",
        "accountkey sharedaccesskey sharedsecretvalue",
    ),
    rule("azure-signature", r"[?&]sig=(?P<secret>[A-Za-z0-9%+/=]{40,120})", "sig="),
    rule(
        "azure-client-secret",
        r"(?<![A-Za-z0-9_~.-])(?P<secret>[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})(?![A-Za-z0-9_~-])",
        "q~",
    ),
    issued(
        "github-token",
        r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255}",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
    ),
    issued(
        "gitlab-token",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_.-]{20,255}",
        "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- glsoat-",
    ),
    issued("slack-token", r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{10,250}", "xox xapp-"),
    rule(
        "slack-webhook",
        r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>T[A-Za-z0-9_]+/[A-Za-z0-9_/]+)",
        "hooks.slack.com",
    ),
    rule(
        "discord-webhook", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/(?P<secret>[A-Za-z0-9_-]{60,80})", "/webhooks/"
    ),
    issued("discord-token", r"[A-Za-z0-9]{23,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}", "token bot discord"),
    rule("telegram-token", r"(?<![0-9])(?P<secret>\d{8,10}:AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])", ":aa"),
    issued(
        "stripe-key",
        r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,247}|whsec_[A-Za-z0-9+/]{32,64}",
        "sk_live sk_test rk_live rk_test whsec_",
    ),
    rule("twilio-token", r"AC[0-9a-f]{32}[\"',\s]{1,6}(?P<secret>[0-9a-f]{32})(?![0-9a-zA-Z])", "ac"),
    issued(
        "openai-key",
        r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,250}|"
        r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{40,64}",
        "sk-",
    ),
    *(issued(*re.split(r"\s+", line.strip(), maxsplit=2)) for line in _SERVICES.strip().splitlines()),
    rule("npm-token", r"(?:_authToken|(?<![A-Za-z0-9_])_auth)\s*=\s*(?P<secret>[A-Za-z0-9+/=_-]{16,512})", "_auth"),
    rule(
        "jwt",
        r"(?<![A-Za-z0-9_+-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}",
        "eyj",
        REVOKE,
        _jwt,
    ),
    rule(
        "node-address",
        r"(?:infura\.io|alchemy(?:api)?\.(?:io|com)|g\.alchemy\.com|quiknode\.pro|drpc\.org)/"
        r"(?:[a-z0-9-]{1,20}/){0,2}(?P<secret>[A-Za-z0-9_-]{32,64})(?![A-Za-z0-9_-])",
        "infura.io alchemy quiknode.pro drpc.org",
    ),
)
