"""Findings: what looks like a secret is found and masked, and what does not is left alone.

Every value here is made up, and put together from parts, so that no scanner takes this file for a leak.
"""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import sys
import uuid
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.manifest.finding_paths import PATHS
from swarmprov_nb.manifest.findings import scan, texts_of_file, texts_of_stream

RANDOM = random.Random(20260801)
LETTERS = string.ascii_letters + string.digits


def made(length, alphabet=LETTERS):
    """Return a made-up value in the alphabet, with no four alike in a row."""
    return "".join(RANDOM.choice(alphabet) for _ in range(length))


def joined(*parts):
    return "".join(parts)


HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
WORDS = [
    "ocean",
    "ladder",
    "copper",
    "violin",
    "harvest",
    "mirror",
    "pencil",
    "garden",
    "island",
    "window",
    "rocket",
    "saddle",
]
PEM = base64.encodebytes(RANDOM.randbytes(200)).decode()
JWT_HEAD = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
JWT_BODY = base64.urlsafe_b64encode(b'{"sub":"1234567890"}').decode().rstrip("=")


def pem(kind):
    return joined("-----BEGIN ", kind, "PRIVATE", " KEY-----\n", PEM, "-----END ", kind, "PRIVATE", " KEY-----")


# name: (rule, text, the secret that must not be shown)
def case(rule, before, secret, after=""):
    return rule, before + secret + after, secret


SECRETS = {
    "PEM": ("private-key", pem(""), PEM[:40]),
    "RSA PEM": ("private-key", pem("RSA "), PEM[:40]),
    "EC PEM in a string": ("private-key", f"key = {json.dumps(pem('EC '))}", PEM[:40]),
    "OpenSSH": ("private-key", pem("OPENSSH "), PEM[:40]),
    "encrypted PEM": ("private-key", pem("ENCRYPTED "), PEM[:40]),
    "PEM in a list of lines": ("private-key", "\n".join(f'    "{line}\\n"' for line in pem("").splitlines()), PEM[:40]),
    "AWS access key": case("aws-access-key", "boto3.client('s3', ", joined("AK", "IA", made(16, UPPER)), ")"),
    "AWS temporary key": case("aws-access-key", "id: ", joined("AS", "IA", made(16, UPPER))),
    "AWS secret key": case("aws-secret-key", "aws_secret_access_key = '", made(40), "'"),
    "AWS secret key in a file": case("aws-secret-key", "[default]\naws_secret_access_key=", made(40), "\n"),
    "GCP service account": case("google-service-account", '{"type": "service_account", "private_key_id": "', made(40, HEX), '"}'),
    "GCP private key": ("private-key", json.dumps({"private_key": pem("")}), PEM[:40]),
    "Google API key": case("google-api-key", "url = 'https://maps.org/?key=", joined("AI", "za", made(35)), "'"),
    "Google client secret": case("google-oauth", "s = '", joined("GOC", "SPX-", made(28)), "'"),
    "Azure storage": case("azure-connection", "DefaultEndpointsProtocol=https;AccountName=a;Account" + "Key=", made(86) + "==", ";"),
    "Azure service bus": case("azure-connection", "Endpoint=sb://x/;SharedAccess" + "Key=", made(43) + "="),
    "Azure signed address": case("azure-signature", "https://a.blob.core/c?sv=2020&se=2030&si" + "g=", made(46) + "%3D"),
    "GitHub token": case("github-token", "git clone https://", joined("gh", "p_", made(36)), "@github.com/a/b"),
    "GitHub fine-grained token": case("github-token", "T='", joined("github", "_pat_", made(22), "_", made(59)), "'"),
    "GitHub server token": case("github-token", "x ", joined("gh", "s_", made(36))),
    "GitLab token": case("gitlab-token", "PRIVATE-TOKEN: ", joined("gl", "pat-", made(20))),
    "GitLab deploy token": case("gitlab-token", "t = '", joined("gl", "dt-", made(20)), "'"),
    "Slack bot token": case("slack-token", "WebClient('", joined("xo", "xb-", made(12, string.digits), "-", made(24)), "')"),
    "Slack app token": case("slack-token", "a = '", joined("xa", "pp-1-", made(11, UPPER), "-", made(40)), "'"),
    "Slack webhook": case("slack-webhook", "https://hooks.slack" + ".com/services/", f"T{made(8, UPPER)}/B{made(8, UPPER)}/{made(24)}"),
    "Stripe live key": case("stripe-key", "stripe.api_key = '", joined("sk", "_live_", made(24)), "'"),
    "Stripe test key": case("stripe-key", "k = '", joined("sk", "_test_", made(24)), "'"),
    "Stripe restricted key": case("stripe-key", "k = '", joined("rk", "_live_", made(24)), "'"),
    "OpenAI project key": case("openai-key", "OpenAI(api_key='", joined("sk", "-proj-", made(60)), "')"),
    "OpenAI old key": case("openai-key", "openai.api_key = '", joined("sk-", made(20), "T3Blbk", "FJ", made(20)), "'"),
    "Anthropic key": case("anthropic-key", "Anthropic(api_key='", joined("sk-", "ant-api03-", made(80)), "')"),
    "Hugging Face token": case("huggingface-token", "login(token='", joined("hf", "_", made(34, string.ascii_letters)), "')"),
    "PyPI token": case("pypi-token", "twine -p ", joined("py", "pi-", "AgEIcHlwaS5vcmc", made(80))),
    "npm token": case("npm-token", "x = '", joined("np", "m_", made(36)), "'"),
    "npmrc": case("npm-token", "//registry/:_auth" + "Token=", str(uuid.UUID(int=RANDOM.getrandbits(128)))),
    "JWT": case("jwt", "headers = {'Authorization': 'Bearer ", f"{JWT_HEAD}.{JWT_BODY}.{made(43)}", "'}"),
    "password in a database URL": case("password-in-url", "create_engine('postgresql://ana:", "s3same-0pen", "@db.local/x')"),
    "password in a web address": case("password-in-url", "!curl https://ana:", "tr0ub4dor", "@data.org/file.csv"),
    "password of no user": case("password-in-url", "redis://:", "p4ssw0rd!x", "@cache:6379/0"),
    "password": case("written-secret", "password = '", "hunter2hunter", "'"),
    "password argument": case("written-secret", 'connect(user="ana", password="', "correct-horse", '")'),
    "password with a type": case("written-secret", "db_password: str = '", "correct-horse", "'"),
    "password in JSON": case("written-secret", '{"password": "', "correct-horse", '"}'),
    "secret": case("written-secret", "CLIENT_SECRET='", made(20), "'"),
    "API key": case("written-secret", "api_key = '", made(32), "'"),
    "API key in a header": case("written-secret", "headers={'X-Api-Key': '", made(32), "'}"),
    "API key set in the environment": case("written-secret", "os.environ['MY_API_KEY'] = '", made(24), "'"),
    "token": case("written-secret", "token = '", "a1" + made(30), "'"),
    "environment magic": case("written-secret", "%env DB_PASSWORD=", "s3same-0pen"),
    "exported": case("written-secret", "export API_TOKEN=", "a1" + made(20)),
    "Ethereum key": case("named-key", "private_key = '0x", made(64, HEX), "'"),
    "Ethereum key loaded": case("named-key", "Account.from_key('", made(64, HEX), "')"),
    "Ethereum key in JSON": case("named-key", '{"privateKey": "0x', made(64, HEX), '"}'),
    "key from hex": case("named-key", "secret = bytes.fromhex('", made(64, HEX), "')"),
    "seed in hex": case("named-key", "seed = '", made(64, HEX), "'"),
    "seed phrase of 12": case("seed-phrase", "mnemonic = '", " ".join(WORDS), "'"),
    "seed phrase of 24": case("seed-phrase", 'seed_phrase: "', " ".join([*WORDS, *reversed(WORDS)]), '"'),
    "encrypted reference": case("encrypted-reference", "data = get('", made(128, HEX), "')"),
    "encrypted reference in an address": case("encrypted-reference", "bzz://", made(128, HEX), "/index.html"),
    "SendGrid": case("sendgrid", "SendGridAPIClient('", joined("S", "G.", made(22), ".", made(43)), "')"),
    "Square": case("square-oauth", "x = '", joined("sq0", "csp-", made(43)), "'"),
    "Telegram": case("telegram-token", "bot = Bot('", joined(made(10, "123456789"), ":", made(35)), "')"),
    "Mailchimp": case("mailchimp", "mc = Client('", joined(made(32, "abcdefghijk0123456789"), "-us12"), "')"),
    "Twilio": case("twilio", "twilio.Client('", joined("S", "K", made(32, "abcdef0123456789")), "')"),
}  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_found_and_masked(name):
    """Each format is found with high confidence by its rule, and three characters of it are shown at most."""
    rule, text, secret = SECRETS[name]
    found = [item for item in scan([("cell 3", f"import os\n{text}\n")]) if item.confidence == "high"]

    assert rule in [item.rule for item in found]
    assert all((item.place, item.line) == ("cell 3", min(item.line, 9)) for item in found)
    assert all(secret[:4] not in item.excerpt for item in found)
    assert all(secret[4:] not in json.dumps(asdict(item)) for item in found)
    assert all(item.advice.endswith(".") for item in found)


@pytest.mark.parametrize(
    "text", ["mail ana.novak@uni-lj.si for data", "contact: ana@ijs.si.", '{"e": "a.b+c@mail.inst.ac.uk"}']
)
def test_an_address_is_a_low_finding(text):
    """E-mail addresses are listed, and stop nothing."""
    assert [(item.rule, item.confidence) for item in scan([("readme", text)])] == [("e-mail", "low")]


def test_a_bare_header_is_a_low_finding():
    """Code that looks for keys holds the header and no key."""
    text = joined("if '-----BEGIN ", "PRIVATE", " KEY-----' in text: warn()")

    assert [(item.rule, item.confidence) for item in scan([("cell 1", text)])] == [("private-key", "low")]


SHA = hashlib.sha256(b"x").hexdigest()
SHA512 = hashlib.sha512(b"x").hexdigest()
PIXELS = base64.b64encode(RANDOM.randbytes(60_000)).decode()
CLEAN = {
    "sha256": f'sha256 = "{SHA}"',
    "sha256 in a table": "\n".join(f"file{n}.csv,{hashlib.sha256(bytes([n])).hexdigest()}" for n in range(50)),
    "checksums": f"{SHA}  data/penguins.csv",
    "SRI": "integrity sha256-" + base64.b64encode(hashlib.sha256(b"x").digest()).decode(),
    "sha512": f"sha512 = '{SHA512}'",
    "sha512 prefixed": f"sha512:{SHA512}",
    "digest of a secret": f'secret_sha256 = "{SHA}"',
    "git commit": f"commit {hashlib.sha1(b'x').hexdigest()}",
    "Swarm reference": f"bzz://{SHA}/index.html",
    "Ethereum address": "owner = '0x" + made(40, HEX) + "'",
    "transaction": f"tx = '0x{SHA}'",
    "UUID": f"id = '{uuid.UUID(int=RANDOM.getrandbits(128))}'",
    "image": f'<img src="data:image/png;base64,{PIXELS}">',
    "image in lines": base64.encodebytes(RANDOM.randbytes(60_000)).decode(),
    "notebook output": json.dumps({"data": {"image/png": PIXELS}, "metadata": {}}),
    "numbers": "\n".join(f"{RANDOM.random()},{RANDOM.randint(0, 10**12)}" for _ in range(2000)),
    "hex dump": RANDOM.randbytes(20_001).hex(),
    "DOI": "https://doi.org/10.1371/journal.pone.0090081",
    "SPDX": "SPDX-License-Identifier: BSD-3-Clause OR (Apache-2.0 WITH LLVM-exception)",
    "ORCID": "https://orcid.org/0000-0002-1825-0097",
    "environment": "password = os.environ['DB_PASSWORD']",
    "getenv": "api_key = os.getenv('API_KEY')",
    "getpass": "password = getpass.getpass('Password: ')",
    "prompt": "token = input('Your token: ')",
    "placeholder": "password = 'changeme'",
    "angle placeholder": "API_KEY = '<your key>'",
    "dollar placeholder": "password: ${DB_PASSWORD}",
    "template": "url = f'postgresql://{user}:{password}@{host}/db'",
    "dots": "api_key = '...'",
    "crosses": "token = '" + "x" * 32 + "'",
    "documented AWS key": joined("AK", "IA", "IOSFODNN7EX", "AMPLE"),
    "argument": "def connect(user, password=None, token=''): ...",
    "attribute": "self.password = password",
    "form": "fields = {'password': 'Password', 'token': 'string'}",
    "tokens of text": "tokenizer = Tokenizer(pad_token='<pad>', token='[CLS]', sep_token='</s>')",
    "tokens in a table": "token,count\nthe,12\nsecret,3\npassword,1",
    "seed": "rng = np.random.default_rng(seed=20260801)",
    "prose with a seed": "The random seed: we chose it once, before any of the models was fitted, and kept it.",
    "port in an address": "http://localhost:8888/lab?reset",
    "time with zone": "2026-08-01T12:00:00+02:00",
    "decorator": "@pytest.mark.parametrize('a', [1])\n@dataclass(frozen=True)",
    "matrix product": "beta = np.linalg.inv(X.T@X)@X.T@y",
    "package pins": "\n".join(f"package{n}==1.{n}.0 --hash=sha256:{hashlib.sha256(bytes([n])).hexdigest()}" for n in range(30)),
    "genes": "\n".join("".join(RANDOM.choice("ACGT") for _ in range(70)) for _ in range(200)),
    "git remote": "git@github.com:swarmprov/swarmprov.git",
    "public key": "ssh-ed25519 " + base64.b64encode(RANDOM.randbytes(51)).decode(),
    "public PEM": joined("-----BEGIN PUBLIC", " KEY-----\n", PEM),
    "path to a key": "private_key_path = '/home/ana/.ssh/id_ed25519'",
    "name of a secret": "secret = '/run/secrets/db'",
    "basic authentication": "url_auth = get_auth_from_url(self.url)",
    "public key of a seal": '{"signerKey":"0x' + made(64, HEX) + '","signedAt":1793700000}',
    "CSS": "a{color:#aabbccdd;background:url(data:image/svg+xml;utf8,abc)}",
    "minified JavaScript": "var e=t.token,n=e.key;function r(e){return e.password===t.secret?n:null}",
    "table of species": "\n".join(f"Adelie,Torgersen,{n}.1,18.7,181,3750,male,2007" for n in range(500)),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAN)
def test_clean_text_has_no_high_finding(name):
    """Digests, identifiers, images, tables and code without secrets stop nothing."""
    assert [item for item in scan([("cell 1", CLEAN[name])]) if item.confidence == "high"] == []


@pytest.mark.parametrize("name", sorted(set(CLEAN) - {"sha512", "sha512 prefixed", "dollar placeholder"}))
def test_clean_text_has_no_finding_at_all(name):
    """What is clean is not even listed."""
    assert scan([("cell 1", CLEAN[name])]) == ()


# -- keys that we know, digests that we made


@pytest.mark.parametrize("form", [bytes.hex, lambda key: key.hex().upper(), lambda key: base64.b64encode(key).decode()])
def test_a_key_of_this_user_is_found_wherever_it_stands(form):
    """A loaded key is a finding under any name, as hex or base64."""
    key = RANDOM.randbytes(32)
    text = f"checksum = '{form(key)}'"

    assert [(item.rule, item.confidence) for item in scan([("c", text)], known_keys=[key])] == [("known-key", "high")]
    assert scan([("c", text)], known_keys=[RANDOM.randbytes(32)]) == ()


def test_digests_and_references_that_we_made_are_no_finding():
    """Our own digests pass, with 0x, with an algorithm's name, and in any case of letters."""
    reference = made(128, HEX)
    text = f"seed = '0x{SHA}'\nref = '{reference.upper()}'"

    assert len(scan([("c", text)])) == 2
    assert scan([("c", text)], own_digests=[f"sha256:{SHA}", f"0x{reference}"]) == ()


def test_a_known_key_is_found_even_among_own_digests():
    """Saying that a key is a digest does not hide it."""
    key = RANDOM.randbytes(32)

    assert scan([("c", key.hex())], known_keys=[key], own_digests=[key.hex()])


# -- ids, excerpts, places


def test_an_id_names_rule_place_and_secret_and_nothing_more():
    """The id stays while lines move, and changes with the secret, its place and the key of the ids."""
    secret = made(20)
    text = f"password = '{secret}'"
    (first,) = scan([("cell 1", text)])
    (moved,) = scan([("cell 1", "\n\n" + text)])
    others = [scan([("cell 2", text)])[0], scan([("cell 1", text.replace(secret, made(20)))])[0]]
    keyed = scan([("cell 1", text)], key=b"mine")[0]

    assert (moved.id, moved.line) == (first.id, 3)
    assert len({first.id, keyed.id, *(other.id for other in others)}) == 4
    assert len(first.id) == 32


def test_one_secret_is_one_finding():
    """Rules that overlap give one finding, and a secret that stands twice in a place is listed once."""
    secret = joined("gh", "p_", made(36))
    text = f"token = '{secret}'\napi_key = '{secret}'"

    assert [(item.rule, item.line) for item in scan([("c", text)])] == [("github-token", 1)]


def test_every_secret_of_a_line_is_masked_in_every_excerpt():
    """The excerpt of a second secret shows nothing of the first."""
    first, second = made(16), made(16)
    found = scan([("c", f"connect(password='{first}', secret='{second}')")])

    assert [item.excerpt for item in found] == [
        f"connect(password='{first[:3]}…",
        f"connect(password='…', secret='{second[:3]}…",
    ]


def test_a_short_secret_shows_one_character():
    """Three characters of a short password would be most of it."""
    (found,) = scan([("c", "password = 'tr0ub'")])

    assert found.excerpt == "password = 't…"


def test_findings_come_in_order():
    """Findings stand in the order of places, then of lines."""
    texts = [(f"cell {n}", f"\npassword = '{made(12)}'\napi_key = '{made(24)}'") for n in (2, 1)]

    assert [(item.place, item.line) for item in scan(texts)] == [("cell 2", 2), ("cell 2", 3), ("cell 1", 2), ("cell 1", 3)]  # fmt: skip


def test_importing_the_scan_does_not_import_detect_secrets():
    """detect-secrets is imported by the first scan that needs it."""
    import subprocess

    code = "import sys, swarmprov_nb.manifest.findings; print('detect_secrets' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=300), st.text(max_size=300))
def test_a_secret_is_found_in_any_surroundings(before, after):
    """Whatever stands around it, a token is found and never shown."""
    secret = joined("gh", "p_", made(36))
    found = scan([("c", f"{before} {secret} {after}")])

    assert any(item.rule == "github-token" for item in found)
    assert all(secret[:8] not in item.excerpt for item in found)


# -- texts of files


def test_texts_of_a_file(tmp_path):
    """Text is read whole, bytes that are no text give nothing."""
    (tmp_path / "a.csv").write_text("é,1\n")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / "c.txt").write_bytes("é".encode("latin-1"))

    assert list(texts_of_file(tmp_path / "a.csv", place="data/a.csv")) == [("data/a.csv", "é,1\n")]
    assert list(texts_of_file(tmp_path / "b.png")) == []
    assert list(texts_of_file(tmp_path / "c.txt")) == [("c.txt", "é")]


def test_a_long_file_says_where_reading_stopped():
    """The place says how much was read, and a character cut in two breaks nothing."""
    parts = ["é".encode() * 10] * 10

    assert list(texts_of_stream("a.txt", parts, limit=5)) == [("a.txt (first 5 bytes)", "éé")]


def test_a_notebook_is_read_cell_by_cell(tmp_path):
    """Sources and outputs are decoded before they are scanned, with cells counted from 1."""
    cells = [
        {"cell_type": "code", "source": ["a = 1\n", "b"], "outputs": [{"data": {"text/plain": ["x\n"], "image/png": "Y"}}]},
        {"cell_type": "markdown", "source": "text"},
    ]  # fmt: skip
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    texts = [(place, text.strip()) for place, text in texts_of_file(path)]

    assert texts == [("n.ipynb, cell 1", "a = 1\nb"), ("n.ipynb, output of cell 1", "x"), ("n.ipynb, cell 2", "text")]


def test_texts_in_parquet_are_read(tmp_path):
    """Columns of texts in Parquet are scanned row by row; other columns are not."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    address = joined("ana", "@", "uni-lj.si")
    pandas.DataFrame({"n": [1, 2], "s": ["x\ny", address], "c": pandas.Categorical(["u", "v"])}).to_parquet(path)
    texts = list(texts_of_file(path))

    assert texts == [("t.parquet, column s", f"x y\n{address}"), ("t.parquet, column c", "u\nv")]
    assert [(item.rule, item.line) for item in scan(texts)] == [("e-mail", 2)]


def test_what_only_looks_like_parquet_gives_nothing():
    """A broken Parquet file is no text and no error."""
    assert list(texts_of_stream("t.parquet", [b"PAR1", bytes(100)])) == []


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("raw = pd.read_csv('/home/ana/secretplace.csv')", "'/ho…"),
        ("raw = open('/secret/place.csv')", "'/se…"),
        ("see ~/study/raw.csv", "~/s…"),
        ("open(r'C:\\Users\\ana\\raw.csv')", "C:\\…"),
        ("open('d:/data/ana/raw.csv')", "d:/…"),
        ("url = 'file:///x/y'", "fil…"),
        ("%cd /scratch/ana", "/sc…"),
    ],
)
def test_an_absolute_path_in_a_source_is_a_low_finding(text, start):
    """A path that tells a name or a machine's folders is named, and stops nothing."""
    found = scan([("cell 1", text)], rules=PATHS)
    assert [(item.rule, item.confidence) for item in found] == [("absolute path", "low")]
    assert found[0].excerpt.endswith(start)


@pytest.mark.parametrize(
    "text",
    [
        "get('https://host.org/home/ana/raw.csv')",
        "a / b / c",
        "'/'",
        "open('data/raw.csv'), open('./data/raw.csv'), open('../home/raw.csv')",
        "get('/api/v1/users')",
        "open('/dev/null'), open('/tmp/x/y.csv'), '#!/usr/bin/env python'",
        "f'{base}/home/ana/raw.csv'",
        "re.compile(r'^/(a|b)/[^/]+/c')",
        "<b>bold</b> and 1/2/3 of km/h, 2026/08/01",
        "a:b:c, {'C': 1}, x[1:2]",
        "s3://bucket/home/raw.csv",
    ],
)
def test_what_is_no_absolute_path_is_left_alone(text):
    """Addresses, relative paths, routes, expressions and places alike on every machine are no finding."""
    assert scan([("cell 1", text)], rules=PATHS) == ()
