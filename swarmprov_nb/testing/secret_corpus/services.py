"""Tokens of clouds and services, each as its issuer describes it, with the checksum that it carries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import quote
from zlib import crc32

from swarmprov_nb.testing.secret_corpus.draw import BASE62, CAPITALS, LETTERS, URL_SAFE, Draw, Planted, assigned
from swarmprov_nb.testing.secret_corpus.private_keys import pkcs8


def aws(draw: Draw) -> Planted:
    """An access key: id (IAM user guide, "Unique identifiers") and 40 characters of base64; or one with a session."""
    start = draw.pick("AKIA", "ASIA")
    identity = start + draw.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
    secret = draw.base64(30)
    code = (
        f'boto3.client("s3", aws_access_key_id="{identity}", aws_secret_access_key="{secret}")',
        f"s3 = s3fs.S3FileSystem(key='{identity}', secret='{secret}')",
        f'os.environ["AWS_ACCESS_KEY_ID"] = "{identity}"\nos.environ["AWS_SECRET_ACCESS_KEY"] = "{secret}"',
        f"storage_options = {{'key': '{identity}',\n                   'secret': '{secret}'}}",
    )
    session = {"AccessKeyId": identity, "SecretAccessKey": secret, "SessionToken": draw.base64(300)}
    files = (
        ("credentials", f"[default]\naws_access_key_id = {identity}\naws_secret_access_key = {secret}\n"),
        ("session.json", json.dumps({"Credentials": session}, indent=2)),
        ("setup.sh", f"export AWS_ACCESS_KEY_ID={identity}\nexport AWS_SECRET_ACCESS_KEY={secret}"),
    )
    file, text = draw.pick(*files)
    return draw.pick(Planted(secret, draw.pick(*code)), Planted(secret, text, file))


def google_key(draw: Draw) -> Planted:
    """An API key (AIza and 35 characters), an OAuth client's secret, an access or a refresh token."""
    key = "AIza" + draw.of(URL_SAFE, 35)
    in_address = f"https://maps.googleapis.com/maps/api/geocode/json?address=Ljubljana&key={key}"
    return draw.pick(
        assigned(draw, draw.pick("google_api_key", "maps_key", "gemini_api_key"), key),
        Planted(key, f'found = requests.get("{in_address}").json()'),
        assigned(draw, "client_secret", "GOCSPX-" + draw.of(URL_SAFE, 28)),
        assigned(draw, "refresh_token", "1//0" + draw.of(URL_SAFE, 99)),
        assigned(draw, "access_token", "ya29.a0" + draw.of(URL_SAFE, 160)),
    )


def google_service_account(draw: Draw) -> Planted:
    """The JSON key file of a service account, with its RSA key in PKCS #8."""
    key = pkcs8(draw, "rsa")
    project = f"{draw.word()}-{draw.word()}-{draw.number(100000, 999999)}"
    account = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": draw.hex(20),
        "private_key": key,
        "client_email": f"reader@{project}.iam.gserviceaccount.com",
        "client_id": str(draw.number(10**20, 10**21 - 1)),
    }
    text = json.dumps(account, indent=2)
    secret = key.splitlines()[3]
    return draw.pick(Planted(secret, text, "service-account.json"), Planted(secret, f"info = {text}"))


def azure_storage(draw: Draw) -> Planted:
    """A connection string with an account's key of 64 bytes, or the key alone; Service Bus has one of 32."""
    key, bus = draw.base64(64), draw.base64(32)
    name = draw.word() + "data"
    text = f"DefaultEndpointsProtocol=https;AccountName={name};AccountKey={key};EndpointSuffix=core.windows.net"
    endpoint = f"Endpoint=sb://{name}.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={bus}"
    return draw.pick(
        Planted(key, f'service = BlobServiceClient.from_connection_string("{text}")'),
        Planted(key, f"AZURE_STORAGE_CONNECTION_STRING={text}", ".env"),
        Planted(key, f"fs = adlfs.AzureBlobFileSystem(account_name='{name}', account_key='{key}')"),
        Planted(bus, f'client = ServiceBusClient.from_connection_string("{endpoint}")'),
    )


def azure_signature(draw: Draw) -> Planted:
    """A shared access signature: the HMAC-SHA256 of an address, in base64, percent-encoded."""
    signature = quote(draw.base64(32), safe="")
    query = f"sv=2023-11-03&st=2026-01-01T00%3A00%3A00Z&se=2027-01-01T00%3A00%3A00Z&sr=c&sp=rl&sig={signature}"
    address = f"https://{draw.word()}store.blob.core.windows.net/{draw.word()}/table.parquet?{query}"
    return draw.pick(
        Planted(signature, f'df = pd.read_parquet("{address}")'), Planted(signature, address, "sources.txt")
    )


def azure_client_secret(draw: Draw) -> Planted:
    """A secret of an application in Entra: 40 characters of which the fourth to sixth are a digit and Q~."""
    secret = f"{draw.of(BASE62, 3)}{draw.number(7, 8)}Q~{draw.of(URL_SAFE + '.~', 34)}"
    call = f'ClientSecretCredential("{draw.uuid()}", "{draw.uuid()}", "{secret}")'
    return draw.pick(assigned(draw, "azure_client_secret", secret), Planted(secret, f"credential = {call}"))


def github(draw: Draw) -> Planted:
    """A token with a CRC-32 in base 62 at its end (GitHub, "Behind GitHub's new authentication token formats")."""
    classic = draw.pick("ghp_", "gho_", "ghu_", "ghs_", "ghr_") + checked(draw.of(BASE62, 30))
    fine = f"github_pat_{draw.of(CAPITALS, 22)}_{draw.of(BASE62, 59)}"
    token = draw.pick(classic, fine)
    where = f"github.com/{draw.word()}/{draw.word()}"
    return draw.pick(
        assigned(draw, "github_token", token),
        Planted(token, f"!git clone https://{token}@{where}.git"),
        Planted(token, f"!pip install git+https://{token}@{where}"),
        Planted(token, f'g = Github("{token}")'),
        Planted(token, f'[remote "origin"]\n\turl = https://x-access-token:{token}@{where}', "gitconfig"),
    )


def gitlab(draw: Draw) -> Planted:
    """A personal, deploy, runner or trigger token (GitLab, "Token prefixes")."""
    start = draw.pick("glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glsoat-")
    token = start + draw.of(URL_SAFE, 20)
    return draw.pick(
        assigned(draw, "gitlab_token", token), Planted(token, f"gl = gitlab.Gitlab(private_token='{token}')")
    )


def slack(draw: Draw) -> Planted:
    """A bot's, a user's or an app's token, or the address of a webhook (Slack, "Token types")."""
    team, member = draw.number(10**11, 10**12), draw.number(10**12, 10**13)
    bot = f"xoxb-{team}-{member}-{draw.of(BASE62, 24)}"
    user = f"xoxp-{team}-{member}-{draw.number(10**12, 10**13)}-{draw.hex(16)}"
    app = f"xapp-1-A{draw.of(CAPITALS, 10)}-{draw.number(10**12, 10**13)}-{draw.hex(32)}"
    path = f"T{draw.of(CAPITALS, 8)}/B{draw.of(CAPITALS, 10)}/{draw.of(BASE62, 24)}"
    token = draw.pick(bot, user, app)
    return draw.pick(
        assigned(draw, "slack_token", token),
        Planted(token, f'client = WebClient("{token}")'),
        Planted(path, f'requests.post("https://hooks.slack.com/services/{path}", json={{"text": "done"}})'),
    )


def chat_bot(draw: Draw) -> Planted:
    """Telegram's id and 35 characters; Discord's id in base64, time and HMAC, or the address of its webhook."""
    telegram = f"{draw.number(10**9, 8 * 10**9)}:AA{draw.of(URL_SAFE, 33)}"
    owner = base64.b64encode(str(draw.number(10**17, 10**18)).encode()).decode()
    discord = f"{owner}.G{draw.of(URL_SAFE, 5)}.{draw.of(URL_SAFE, 38)}"
    hook = f"https://discord.com/api/webhooks/{draw.number(10**17, 10**19)}/"
    path = draw.of(URL_SAFE, 68)
    return draw.pick(
        assigned(draw, "telegram_bot_token", telegram),
        Planted(telegram, f'requests.get("https://api.telegram.org/bot{telegram}/sendMessage?chat_id=1&text=done")'),
        Planted(discord, f'bot.run("{discord}")'),
        Planted(path, f'webhook = "{hook}{path}"'),
    )


def stripe(draw: Draw) -> Planted:
    """A secret or restricted key, live or test, or the secret of a webhook (Stripe, "API keys")."""
    key = draw.pick("sk_live_", "rk_live_", "sk_test_") + draw.of(BASE62, draw.pick(24, 99))
    return draw.pick(
        assigned(draw, "stripe_key", key),
        Planted(key, f'stripe.api_key = "{key}"'),
        assigned(draw, "webhook_secret", "whsec_" + draw.of(BASE62, 32)),
    )


def mail_and_phone(draw: Draw) -> Planted:
    """SendGrid, Mailgun, Mailchimp (hex and data centre), Brevo; Twilio's token beside its account."""
    account, token = f"AC{draw.hex(16)}", draw.hex(16)
    chimp = f"{draw.hex(16)}-us{draw.number(1, 21)}"
    return draw.pick(
        assigned(draw, "sendgrid_api_key", f"SG.{draw.of(URL_SAFE, 22)}.{draw.of(URL_SAFE, 43)}"),
        assigned(draw, "mailgun_api_key", f"key-{draw.hex(16)}"),
        Planted(chimp, f'mailchimp.set_config({{"api_key": "{chimp}"}})'),
        assigned(draw, "brevo_key", f"xkeysib-{draw.hex(32)}-{draw.of(BASE62, 16)}"),
        Planted(token, f'client = twilio.rest.Client("{account}", "{token}")'),
        Planted(token, f"TWILIO_ACCOUNT_SID={account}\nTWILIO_AUTH_TOKEN={token}", ".env"),
    )


def language_model(draw: Draw) -> Planted:
    """Keys of OpenAI (T3BlbkFJ in the middle), Anthropic, Groq, Replicate, Perplexity, OpenRouter."""
    token = draw.pick(
        f"sk-proj-{draw.of(URL_SAFE, 74)}T3BlbkFJ{draw.of(URL_SAFE, 74)}",
        f"sk-{draw.of(BASE62, 20)}T3BlbkFJ{draw.of(BASE62, 20)}",
        f"sk-ant-api03-{draw.of(URL_SAFE, 93)}AA",
        f"gsk_{draw.of(BASE62, 52)}",
        f"r8_{draw.of(BASE62, 37)}",
        f"pplx-{draw.of(BASE62, 48)}",
        f"sk-or-v1-{draw.hex(32)}",
    )
    return draw.pick(
        assigned(draw, "llm_api_key", token),
        Planted(token, f'client = OpenAI("{token}")'),
        Planted(token, f"answer = ask(question, auth='{token}')"),
    )


def huggingface(draw: Draw) -> Planted:
    """A user's access token: hf_ and 34 letters."""
    token = "hf_" + draw.of(LETTERS, 34)
    return draw.pick(assigned(draw, "hf_token", token), Planted(token, f'login("{token}")'))


def package_index(draw: Draw) -> Planted:
    """PyPI's macaroon, npm's token with GitHub's checksum, Docker Hub's and RubyGems' tokens."""
    start = base64.b64decode("AgEIcHlwaS5vcmc=")  # version and location of the macaroon, by which PyPI knows it
    body = start + b"\x02\x24" + draw.uuid().encode() + b"\x00\x00\x06\x20" + draw.bytes(32)
    pypi = "pypi-" + base64.urlsafe_b64encode(body).decode().rstrip("=")
    npm = "npm_" + checked(draw.of(BASE62, 30))
    docker = "dckr_pat_" + draw.of(URL_SAFE, 27)
    return draw.pick(
        Planted(pypi, f"[pypi]\nusername = __token__\npassword = {pypi}", ".pypirc"),
        Planted(pypi, f"!twine upload -u __token__ -p {pypi} dist/*"),
        Planted(npm, f"//packages.example.org/:_authToken={npm}", ".npmrc"),
        assigned(draw, "npm_token", npm),
        Planted(docker, f"!docker login -u {draw.person()} -p {docker}"),
        assigned(draw, "gem_host_api_key", f"rubygems_{draw.hex(24)}"),
    )


def hosting(draw: Draw) -> Planted:
    """DigitalOcean, Databricks, Vault, Terraform, Heroku, Doppler, Pulumi, Shopify, Cloudflare's CA."""
    name, token = draw.pick(
        ("do_token", f"dop_v1_{draw.hex(32)}"),
        ("databricks_token", f"dapi{draw.hex(16)}"),
        ("vault_token", f"hvs.{draw.of(URL_SAFE, 90)}"),
        ("terraform_token", f"{draw.of(BASE62, 14)}.atlasv1.{draw.of(BASE62, 67)}"),
        ("heroku_api_key", f"HRKU-{draw.uuid()}"),
        ("doppler_token", f"dp.pt.{draw.of(BASE62, 43)}"),
        ("pulumi_access_token", f"pul-{draw.hex(20)}"),
        ("shopify_token", f"shpat_{draw.hex(16)}"),
        ("origin_key", f"v1.0-{draw.hex(12)}-{draw.hex(73)}"),
    )
    return draw.pick(assigned(draw, name, token), Planted(token, f'connect("https://{draw.host()}", "{token}")'))


def watching(draw: Draw) -> Planted:
    """Grafana (with a CRC-32 in hex), New Relic, Sentry, Datadog, PagerDuty-like keys of 20 characters."""
    body = draw.of(BASE62, 32)
    sentry = json.dumps({"iat": draw.number(17 * 10**8, 18 * 10**8), "url": "https://sentry.io", "org": draw.word()})
    packed = base64.b64encode(sentry.encode()).decode()
    name, token = draw.pick(
        ("grafana_token", f"glsa_{body}_{crc32(body.encode()):08x}"),
        ("new_relic_key", f"NRAK-{draw.of(CAPITALS, 27)}"),
        ("sentry_auth_token", f"sntrys_{packed}_{draw.base64(32).rstrip('=')}"),
        ("dd_api_key", draw.hex(16)),
        ("dd_app_key", draw.hex(20)),
        ("honeycomb_api_key", draw.of(BASE62, 22)),
    )
    return assigned(draw, name, token)


def research(draw: Draw) -> Planted:
    """What data scientists log in with: Weights & Biases, Kaggle, Zenodo, NCBI, Notion, Airtable, Infura, weather."""
    key, token, node = draw.hex(20), draw.of(BASE62, 60), draw.hex(16)
    kaggle, ncbi, air = draw.hex(16), draw.hex(18), f"pat{draw.of(BASE62, 14)}.{draw.hex(32)}"
    return draw.pick(
        Planted(key, f'wandb.login(key="{key}")'),
        assigned(draw, "wandb_api_key", key),
        Planted(kaggle, json.dumps({"username": draw.person() + "stats", "key": kaggle}), "kaggle.json"),
        Planted(token, f'r = requests.get("https://zenodo.org/api/deposit/depositions?access_token={token}")'),
        Planted(ncbi, f'Entrez.email = "a@example.org"\nEntrez.api_key = "{ncbi}"'),
        assigned(draw, "notion_token", "ntn_" + draw.of(BASE62, 46)),
        assigned(draw, "airtable_key", air),
        Planted(node, f'w3 = Web3(Web3.HTTPProvider("https://mainnet.infura.io/v3/{node}"))'),
        Planted(node, f'url = f"https://api.openweathermap.org/data/2.5/weather?q={{city}}&appid={node}"'),
    )


def jwt(draw: Draw) -> Planted:
    """A JSON Web Token (RFC 7519) signed with HS256."""
    claims = {"sub": draw.uuid(), "name": draw.person().title(), "iat": draw.number(17 * 10**8, 18 * 10**8)}
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    signed = ".".join(url64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    token = f"{signed}.{url64(hmac.digest(draw.bytes(32), signed.encode(), hashlib.sha256))}"
    return draw.pick(
        assigned(draw, draw.pick("token", "supabase_key", "id_token"), token),
        Planted(token, f'headers = {{"Authorization": "Bearer {token}"}}'),
        Planted(token, f"Cookie: session={token}; Path=/", "request.txt"),
    )


def checked(body: str) -> str:
    """Return a text with its CRC-32 in six digits of base 62."""
    rest, digits = crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = BASE62[digit] + digits
    return body + digits


def url64(data: bytes) -> str:
    """Return unpadded base64 for addresses (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
