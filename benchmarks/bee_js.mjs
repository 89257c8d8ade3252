// Hashes a file with the MerkleTree that bee-js uses and prints CPU seconds and the reference as JSON.
// usage: node bee_js.mjs FOLDER_WITH_NODE_MODULES FILE
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder, file] = process.argv.slice(2)
const { MerkleTree } = createRequire(join(folder, 'package.json'))('cafe-utility')
const data = new Uint8Array(readFileSync(file))
await MerkleTree.root(data.subarray(0, 512 * 1024)) // compiled before it is measured
const before = process.cpuUsage()
const root = await MerkleTree.root(data)
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ seconds: (user + system) / 1e6, reference: Buffer.from(root.hash()).toString('hex') }))
