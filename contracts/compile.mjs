// Compiles src/ into the artifacts that the Python package ships.
//   node compile.mjs           writes them
//   node compile.mjs --check   compares them byte for byte, exit code 1 where they differ
// The answer depends on the source, the pinned compiler and the settings below, on nothing of this machine.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.env.SWARMPROV_ARTIFACTS ?? join(here, "..", "swarmprov_nb", "chain", "artifacts");
const contracts = ["SwarmProvenance"];

const settings = {
  evmVersion: "paris", // no PUSH0, no MCOPY: runs on every chain of our table
  metadata: { appendCBOR: false, bytecodeHash: "none" }, // the code hash says nothing but the code
  optimizer: { enabled: true, runs: 10000 },
  viaIR: false,
};

function compile(name) {
  const file = `${name}.sol`;
  const source = readFileSync(join(here, "src", file));
  const request = {
    language: "Solidity",
    sources: { [file]: { content: source.toString("utf8") } },
    settings: { ...settings, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } } },
  };
  const answer = JSON.parse(solc.compile(JSON.stringify(request)));
  if (answer.errors?.length) throw new Error(answer.errors.map((each) => each.formattedMessage).join("\n"));
  const { abi, evm } = answer.contracts[file][name];
  return {
    contractName: name,
    license: "BSD-3-Clause",
    compiler: solc.version(),
    settings,
    sourceSha256: createHash("sha256").update(source).digest("hex"),
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    abi,
  };
}

let failed = false;
for (const name of contracts) {
  const made = `${JSON.stringify(compile(name), null, 1)}\n`;
  const path = join(folder, `${name}.json`);
  if (process.argv.includes("--check")) {
    const same = readFileSync(path, "utf8") === made;
    console.log(`${name}: ${same ? "same bytes" : "differs from the committed artifact; run node compile.mjs"}`);
    failed ||= !same;
  } else {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, made);
    console.log(`${name}: written`);
  }
}
process.exit(failed ? 1 : 0);
