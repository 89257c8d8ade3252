"""What attesting takes on the Ethereum Attestation Service, from its own npm artifacts on a real development node.

Its packages are fetched into a temporary folder and forgotten: `npm pack` brings the one archive, and runs nothing.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from row import Skipped

PACKAGE = "@ethereum-attestation-service/eas-contracts@1.9.0"
CONTRACTS = ("SchemaRegistry", "EAS")
SCHEMA = "bytes32 manifest,bytes32 locator,uint16 kind"  # what an anchor of ours holds
NOBODY = "0x" + "00" * 20


def gas_of_eas():
    """Gas by name: attest, attest with a parent, timestamp, revoke. Raises `Skipped` where npm or anvil is missing."""
    try:
        import pytest
        from anvils import anvil
    except ImportError as missing:
        raise Skipped(f"{missing.name} is not installed") from missing
    artifacts = fetched()
    try:
        with anvil("--hardfork", "prague") as url:
            return dict(measured(url, artifacts))
    except pytest.skip.Exception as missing:
        raise Skipped(str(missing)) from missing


def fetched():
    """{contract: artifact} from the package."""
    if not shutil.which("npm"):
        raise Skipped("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(["npm", "pack", PACKAGE], cwd=folder, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise Skipped(f"npm cannot fetch {PACKAGE}")
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as opened:
            paths = {name: f"package/artifacts/contracts/{name}.sol/{name}.json" for name in CONTRACTS}
            return {name: json.load(opened.extractfile(path)) for name, path in paths.items()}


def measured(url, artifacts):
    from web3 import HTTPProvider, Web3

    web3 = Web3(HTTPProvider(url))
    sender = {"from": web3.eth.accounts[0]}

    def receipt(call):
        return web3.eth.wait_for_transaction_receipt(call.transact(sender))

    def deployed(name, *arguments):
        made = web3.eth.contract(abi=artifacts[name]["abi"], bytecode=artifacts[name]["bytecode"])
        return web3.eth.contract(address=receipt(made.constructor(*arguments))["contractAddress"], abi=made.abi)

    registry = deployed("SchemaRegistry")
    eas = deployed("EAS", registry.address)
    schema = receipt(registry.functions.register(SCHEMA, NOBODY, True))["logs"][0]["topics"][1]

    def attested(parent=bytes(32)):
        data = secrets.token_bytes(64) + (1).to_bytes(32, "big")
        return receipt(eas.functions.attest((schema, (NOBODY, 0, True, parent, data, 0))))

    def uid(attestation):
        return eas.events.Attested().process_receipt(attestation)[0]["args"]["uid"]

    first = attested()
    yield "attest", first["gasUsed"]
    yield "attest, 1 parent", attested(uid(first))["gasUsed"]
    yield "timestamp", receipt(eas.functions.timestamp(secrets.token_bytes(32)))["gasUsed"]
    yield "revoke", receipt(eas.functions.revoke((schema, (uid(first), 0))))["gasUsed"]
