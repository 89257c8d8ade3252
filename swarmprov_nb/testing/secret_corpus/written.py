"""Passwords and keys that people write out: in addresses, connection strings, files of tools, headers and settings."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from swarmprov_nb.testing.secret_corpus.draw import BASE62, URL_SAFE, Draw, Planted, assigned
from swarmprov_nb.testing.secret_corpus.private_keys import pkcs8


def database_url(draw: Draw) -> Planted:
    """A connection URI (RFC 3986 §3.2.1) of PostgreSQL, MySQL, MongoDB, Redis, AMQP or SQL Server."""
    secret = quote(draw.password(), safe="")
    scheme, end = draw.pick(
        ("postgresql", ":5432/study"),
        ("postgresql+psycopg2", "/study"),
        ("mysql+pymysql", ":3306/study?charset=utf8mb4"),
        ("mongodb+srv", "/?retryWrites=true&w=majority"),
        ("redis", ":6379/0"),
        ("amqp", ":5672/jobs"),
        ("mssql+pyodbc", "/study?driver=ODBC+Driver+18+for+SQL+Server"),
    )
    user = "" if scheme == "redis" else draw.person()
    address = f"{scheme}://{user}:{secret}@{draw.host()}{end}"
    return draw.pick(
        Planted(secret, f'engine = create_engine("{address}")'),
        Planted(secret, f"%sql {address}"),
        Planted(secret, f"DATABASE_URL={address}", ".env"),
        Planted(secret, f"sqlalchemy.url = {address}", "alembic.ini"),
    )


def connection_string(draw: Draw) -> Planted:
    """Pairs of names and values: ODBC and ADO.NET (separated by semicolons), libpq (by spaces)."""
    secret, user, host = draw.password(), draw.person(), draw.host()
    odbc = f"DRIVER={{ODBC Driver 18 for SQL Server}};SERVER={host};DATABASE=study;UID={user};PWD={secret}"
    ado = f"Server={host};Database=study;User Id={user};Password={secret};Encrypt=true;"
    libpq = f"host={host} port=5432 dbname=study user={user} password={secret} sslmode=require"
    return draw.pick(
        Planted(secret, f'db = pyodbc.connect("{odbc}")'),
        Planted(secret, f"db = pyodbc.connect('{ado}')"),
        Planted(secret, f'db = psycopg2.connect("{libpq}")'),
        Planted(secret, json.dumps({"ConnectionStrings": {"Default": ado}}, indent=2), "appsettings.json"),
    )


def address_with_password(draw: Draw) -> Planted:
    """User and password before the host of a web, file transfer or git address."""
    secret = quote(draw.password(), safe="!$&*+-_.~")
    address = f"{draw.pick('https', 'ftp', 'sftp', 'http')}://{draw.person()}:{secret}@{draw.host()}/data/{draw.word()}.csv"
    return draw.pick(
        Planted(secret, f'df = pd.read_csv("{address}")'),
        Planted(secret, f"!wget {address}"),
        Planted(secret, f"http_proxy={address}", ".env"),
        Planted(secret, address, "sources.txt"),
    )


def netrc(draw: Draw) -> Planted:
    """The file .netrc of ftp, curl and many download tools, in several lines or in one."""
    secret, user = draw.password(), draw.person()
    machine = draw.pick("urs.earthdata.nasa.gov", "api.wandb.ai", "ftp.ncbi.nlm.nih.gov", draw.host())
    lines = f"machine {machine}\n    login {user}\n    password {secret}\n"
    line = f"machine {machine} login {user} password {secret}"
    echo = Planted(secret, f"!echo '{line}' >> .netrc")
    return draw.pick(Planted(secret, lines, ".netrc"), Planted(secret, line, ".netrc"), echo)


def pgpass(draw: Draw) -> Planted:
    """PostgreSQL's password file: host, port, database, user and password, with colons between."""
    secret = draw.password()
    place = (draw.pick(draw.host(), "localhost", "*"), draw.pick("5432", "*"), draw.pick("study", "*"))
    line = ":".join([*place, draw.person(), secret])
    return draw.pick(Planted(secret, line, ".pgpass"), Planted(secret, f"!echo '{line}' > .pgpass"))


def named_key(draw: Draw) -> Planted:
    """Random bytes in hex or base64 under a name that says that they are a key."""
    name = draw.pick("encryption_key", "secret_key", "fernet_key", "hmac_key", "signing_secret", "app_secret")
    bits = draw.pick(16, 24, 32, 32, 48, 64)
    return assigned(draw, name, draw.pick(draw.hex(bits), draw.base64(bits), draw.base64(bits)))


def bearer(draw: Draw) -> Planted:
    """An opaque token in the header Authorization (RFC 6750), or in one of a service's own."""
    token = draw.pick(draw.of(BASE62, 32), draw.hex(20), draw.of(URL_SAFE, 43), draw.base64(30))
    header = draw.pick(f"Authorization: Bearer {token}", f"Authorization: Token {token}", f"X-Auth-Token: {token}")
    name, _, value = header.partition(": ")
    return draw.pick(
        Planted(token, f'headers = {{"{name}": "{value}", "Accept": "application/json"}}'),
        Planted(token, f'session.headers["{name}"] = "{value}"'),
        Planted(token, f'!curl -s -H "{header}" https://{draw.host()}/api/items'),
        Planted(token, f"GET /api/items HTTP/1.1\nHost: {draw.host()}\n{header}\n", "request.txt"),
    )


def basic(draw: Draw) -> Planted:
    """User and password in the header Authorization, in base64 (RFC 7617), or as curl and requests take them."""
    user, password = draw.person(), draw.password()
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    url = f"https://{draw.host()}/api"
    return draw.pick(
        Planted(token, f'headers = {{"Authorization": "Basic {token}"}}'),
        Planted(token, f"GET /api HTTP/1.1\nAuthorization: Basic {token}\n", "request.txt"),
        Planted(password, f"!curl -u {user}:{password} {url}"),
        Planted(password, f'r = requests.get("{url}", auth=("{user}", "{password}"))'),
        Planted(password, f'r = requests.get("{url}", auth=HTTPBasicAuth("{user}", "{password}"))'),
    )


def password(draw: Draw) -> Planted:
    """A password under its name, in whatever is written."""
    name = draw.pick("password", "db_password", "passwd", "passphrase", "smtp_password", "admin_pass")
    return assigned(draw, name, draw.password())


def container_secret(draw: Draw) -> Planted:
    """Docker's config.json (user and password in base64), a Secret of Kubernetes, variables of a compose file."""
    secret = draw.password()
    packed = base64.b64encode(f"{draw.person()}:{secret}".encode()).decode()
    data = base64.b64encode(secret.encode()).decode()
    docker = json.dumps({"auths": {"ghcr.io": {"auth": packed}}}, indent=2)
    cluster = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  password: {data}\n"
    compose = f"services:\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_PASSWORD={secret}\n"
    return draw.pick(
        Planted(packed, docker, "config.json"),
        Planted(data, cluster, "secret.yaml"),
        Planted(secret, compose, "compose.yaml"),
    )


def server_token(draw: Draw) -> Planted:
    """The token that opens a Jupyter server, in the address that it prints, or the secret key of a web framework."""
    token = draw.hex(24)
    host = draw.pick("localhost", "127.0.0.1", draw.host())
    address = f"http://{host}:8888/{draw.pick('lab', 'tree', '')}?token={token}"
    log = f"    To access the server, copy and paste one of these URLs:\n        {address}\n"
    django = f"django-insecure-{draw.of(BASE62 + '!@#$%^&*(-_=+)', 50)}"
    flask = draw.hex(32)
    return draw.pick(
        Planted(token, log, "server.txt"),
        Planted(token, f"# the hub: {address}\nimport pandas as pd"),
        Planted(django, f"SECRET_KEY = '{django}'"),
        Planted(flask, f'app.secret_key = "{flask}"'),
    )


def cluster_config(draw: Draw) -> Planted:
    """A user of a kubeconfig: a key as PEM in base64, a password, or a token."""
    key = base64.b64encode(pkcs8(draw, draw.pick("ec", "rsa")).encode()).decode()
    password = draw.password()
    name, value = draw.pick(("client-key-data", key), ("client-key-data", key), ("password", password))
    head = f"apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    server: https://{draw.host()}:6443\n  name: lab\n"
    text = f"{head}users:\n- name: {draw.person()}\n  user:\n    username: {draw.person()}\n    {name}: {value}\n"
    return Planted(value, text, "kubeconfig")
