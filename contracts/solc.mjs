#!/usr/bin/env node
// The pinned compiler of node_modules, in the two ways in which forge calls a native solc: no other binary is fetched.
import { readFileSync } from "node:fs";
import solc from "solc";

const words = process.argv.slice(2);
if (words.includes("--version")) {
  // forge reads the platform from the last part, and knows only native ones
  const version = solc.version().replace("Emscripten.clang", "Linux.g++");
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${version}`);
} else if (words.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error(`solc.mjs answers --version and --standard-json, not: ${words.join(" ")}`);
  process.exit(1);
}
