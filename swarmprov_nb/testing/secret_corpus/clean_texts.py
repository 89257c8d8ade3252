"""What honest notebooks say, as templates: `clean` fills in what stands between << and >>, blocks are parted by ---."""



from __future__ import annotations

from typing import Final

_CODE = r"""
URL = "https://zenodo.org/records/<<digits 7>>/files/<<word>>.zip"
SHA256 = "<<sha256>>"
---
known_hash = "sha256:<<sha256>>"
path = pooch.retrieve(url, known_hash=known_hash)
---
assert hashlib.md5(data).hexdigest() == "<<md5>>"
---
expected_sha512 = "<<sha512>>"
assert sha512(data).hexdigest() == expected_sha512
---
commit = "<<sha1>>"
!git checkout <<hex 6>>
---
reference = "<<sha256>>"
data = swarmprov.open(f"bzz://{reference}")
---
%swarmprov verify <<sha256>>
---
contract = w3.eth.contract(address="0x<<hex 20>>", abi=ABI)
tx_hash = "0x<<hex 32>>"
---
public_key = "0x04<<hex 64>>"
address = to_address(public_key)
---
key = jax.random.PRNGKey(<<digits 6>>)
key, subkey = jax.random.split(key)
---
rng = np.random.default_rng(<<digits 30>>)
seed = <<digits 15>>
---
api_key = "YOUR_API_KEY"  # get one at https://api.example.org/keys
client = Client(api_key=api_key)
---
token = os.environ["GITHUB_TOKEN"]
headers = {"Authorization": f"Bearer {token}"}
---
password = getpass("Password: ")
engine = create_engine(f"postgresql://{user}:{password}@{host}/study")
---
client = OpenAI(api_key="sk-...")
os.environ.setdefault("OPENAI_API_KEY", "<your key here>")
---
AWS_ACCESS_KEY_ID = "<<documented>>"
s3 = boto3.client("s3", config=Config(signature_version=UNSIGNED))
---
login(token=userdata.get("HF_TOKEN"))
model = AutoModel.from_pretrained(name, token=True)
---
tokens = tokenizer.tokenize(text)
tokenizer.add_special_tokens({"pad_token": "[PAD]", "sep_token": "<|sep|>"})
---
for key, value in sorted(groups.items(), key=lambda item: item[1]):
    print(key, value)
---
store = pd.HDFStore("data.h5")
key = "penguins/measurements"
store.put(key, df, format="table")
---
df = df.set_index("primary_key").join(other, on="foreign_key")
secret_santa = df["name"].sample(frac=1)
---
accession = "GSE<<digits 6>>"
primer = "<<genes 64>>"
---
protein = (
    "M<<protein 60>>"
    "<<protein 60>>"
)
---
inchikey = "<<capitals 14>>-<<capitals 8>>SA-N"
---
smiles = "CC(C)C[C@H](NC(=O)[C@H](Cc1ccccc1)NC(=O)c1cnccn1)B(O)O"
fingerprint_bits = "<<hex 50>>"
---
IMAGE = "docker.io/library/python@sha256:<<sha256>>"
cid = "Qm<<base58 44>>"
---
logo = "data:image/png;base64,<<picture>>"
display(HTML(f"<img src={logo}>"))
---
experiment_id = "<<uuid>>"
run = client.get_run("<<hex 16>>")
---
sheet = "https://docs.google.com/spreadsheets/d/<<url_safe 44>>/export?format=csv"
df = pd.read_csv(sheet)
---
url = "https://data.example.org/api/v2/items?id=<<uuid>>&page_token=1&sort=key"
---
merkle_root = "<<sha256>>"
leaf = keccak256(bytes.fromhex("<<sha256>>"))
---
signature = "0x<<hex 65>>"
assert recover(message, signature) == "0x<<hex 20>>"
---
wallet = Account.create()
private_key = wallet.key.hex()  # never print it
mnemonic = None
---
private_key = serialization.load_pem_private_key(Path(path).read_bytes(), password=None)
---
parser.add_argument("--password", default=None, help="password of the database (asked if missing)")
---
def connect(user: str, password: str | None = None, *, api_key: str = "", timeout: float = 30.0) -> Session: ...
---
engine = create_engine("postgresql://user:password@localhost:5432/mydatabase")  # as in the manual
---
session_token = request.cookies.get("session_token")
if not secrets.compare_digest(session_token, expected): raise Forbidden
---
PATTERN = re.compile(r"(?:password|token|secret)[\"']?\s*[:=]\s*(\S+)")
---
geohash = "u2edj<<lower 7>>"
plus_code = "8FRP3G22+<<capitals 3>>"
---
checkpoint = "bert-base-uncased-finetuned-<<word>>-<<word>>-epoch<<digits 2>>"
revision = "<<sha1>>"
---
fingerprint = "SHA256:<<base64 33>>"
sri = "sha384-<<base64 48>>"
---
authorized = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI<<base62 43>> reader"
---
signer = "did:key:z6Mk<<base58 44>>"
---
mask = 0b<<bits 64>>
weights = np.array([0.<<digits 16>>, 1.<<digits 15>>, -0.<<digits 16>>])
---
pi = "3.14159<<digits 200>>"
isbn, ean = "978<<digits 10>>", <<digits 13>>
---
stopwords = "about above after again against because been before being below between both".split()
---
LOCK = '''
<<word>>==1.<<digits 1>> --hash=sha256:<<sha256>>
<<word>>==2.<<digits 1>> --hash=sha256:<<sha256>>
'''
---
model = AutoModelForCausalLM.from_pretrained("org/<<word>>", revision="<<sha1>>", token=os.getenv("HF_TOKEN"))
---
partition_key = "<<word>>/<<uuid>>"
cache[("<<md5>>", partition_key)] = result
---
access_token = get_token(scope="https://api.example.org/.default").token
requests.get(url, params={"access_token": access_token})
---
secret_key = secrets.token_hex(32)
app.config["SECRET_KEY"] = secret_key
---
conn = psycopg2.connect(host=host, user=user, password=os.environ["PGPASSWORD"], dbname="study")
---
sns.heatmap(df.pivot_table(index="token", columns="key", values="count"), cmap="viridis")
"""

_PROSE = r"""
Data: https://doi.org/10.5281/zenodo.<<digits 7>>, arXiv:2401.<<digits 5>>, ORCID 0000-0002-1825-0097.
---
The archive has sha256 `<<sha256>>` and sha1 `<<sha1>>`.
---
```
<<sha256>>  data/raw.csv
<<sha256>>  data/clean.csv
<<sha512>>  data/model.bin
```
---
Published at bzz://<<sha256>>/index.html; anchored in transaction 0x<<hex 32>>, block <<digits 8>>.
---
Set your key first: `export OPENAI_API_KEY=sk-...`, then put `password: ${DB_PASSWORD}` into the settings.
---
To log in, make a file `.netrc` with `machine urs.earthdata.nasa.gov login USERNAME password PASSWORD`.
---
The password of the data base is not stored here: ask the maintainers for a token.
---
The secret: a random forest needs little tuning. The key: more trees never hurt, they only cost time.
---
A private key begins with `-----BEGIN` and must never be committed; a seed phrase has twelve words or more.
---
Built from commit <<sha1>> ([diff](https://github.com/org/repo/compare/<<sha1>>...<<sha1>>)).
---
![plot](data:image/png;base64,<<picture>>)
---
Image `ghcr.io/org/analysis@sha256:<<sha256>>`, layer <<hex 32>>, request <<uuid>>.
---
git-lfs pointer:

    version https://git-lfs.github.com/spec/v1
    oid sha256:<<sha256>>
    size <<digits 9>>
---
Gene *<<capitals 4>>1*, primer 5'-<<genes 22>>-3', PubMed <<digits 8>>.
---
Time 2026-03-12T10:00:00.123456+02:00, 46.0569° N, 14.5058° E, run <<digits 17>>.
---
Our Ed25519 public key is `<<base64 32>>`, Ethereum address 0x<<hex 20>>.
---
The basic idea: a token is a word; the bearer of a gene is a carrier, and each key of the table names one carrier.
"""

CODE: Final = tuple(_CODE.strip("\n").split("\n---\n"))
PROSE: Final = tuple(_PROSE.strip("\n").split("\n---\n"))
