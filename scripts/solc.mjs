#!/usr/bin/env node
// npm's solc behind the command line that forge expects of a compiler: `--version`, and `--standard-json` from stdin to stdout.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

if (process.argv.includes("--version")) console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
else if (process.argv.includes("--standard-json")) process.stdout.write(solc.compile(readFileSync(0, "utf8")));
else throw new Error(`solc.mjs knows only --version and --standard-json, not ${process.argv.slice(2).join(" ")}`);
