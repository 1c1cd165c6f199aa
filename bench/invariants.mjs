// The stateful campaigns of tests/contracts/fuzz/Invariants.t.sol, long: `./test` runs them short on Hardhat, this runs them on forge.
// Usage: node bench/invariants.mjs [--runs 1024] [--depth 64] [--seed 0x41737361] [--json FILE]
//   Another seed is another thousand plays. Ends with 1 if a rule was broken; forge then prints the shortest play that it found to break it.
import { readFile, writeFile } from "node:fs/promises";
import { forge, options } from "./forge.mjs";

const fuzz = new URL("../tests/contracts/fuzz/", import.meta.url);
const sentences = (source) => [...source.matchAll(/require\([^;]*?, "([^"]+)"\);/gs)].map(([, sentence]) => sentence);

/** What is held, by name: after every act, in every movement and transition, and against whoever tries otherwise. */
export async function rules() {
  const [invariants, ghost, intruder] = await Promise.all(["Invariants.t.sol", "Ghost.sol", "Intruder.sol"].map((name) => readFile(new URL(name, fuzz), "utf8")));
  return {
    held: [...new Set([...invariants.matchAll(/function holds_(\w+)\(/g)].map(([, name]) => name))].filter((name) => name.includes("_")).map((name) => name.replaceAll("_", " ")),
    never: [...new Set(sentences(ghost))],
    refused: [...new Set([...intruder.matchAll(/refused(?:To)?\("([^"]+)"/g)].map(([, what]) => what))],
  };
}

function campaigns({ runs, depth, seed }) {
  const { status, stdout } = forge(["test", "--json", "--match-contract", "InvariantsTest", "--fuzz-seed", seed], { FOUNDRY_INVARIANT_RUNS: runs, FOUNDRY_INVARIANT_DEPTH: depth });
  const start = stdout.indexOf("{");
  if (start < 0) throw new Error(`forge ended with ${status} and without results: ${stdout}`);
  return Object.values(JSON.parse(stdout.slice(start))).flatMap(({ test_results }) => Object.entries(test_results));
}

async function main() {
  const values = options(import.meta, { runs: { type: "string", default: "1024" }, depth: { type: "string", default: "64" }, seed: { type: "string", default: "0x41737361" }, json: { type: "string" } });
  const started = Date.now();
  const { held, never, refused } = await rules();
  const results = campaigns(values);
  const seconds = Math.round((Date.now() - started) / 1000);

  console.log(`held after every act (${held.length}):`);
  for (const name of held) console.log(`  ${name}`);
  console.log(`never seen in any movement or transition (${never.length}):`);
  for (const name of never) console.log(`  ${name}`);
  console.log(`refused, whoever tries and whenever (${refused.length}):`);
  for (const name of refused) console.log(`  ${name}`);
  console.log();

  let broken = 0;
  for (const [name, { status, reason, kind, counterexample }] of results) {
    const { runs, calls, reverts } = kind.Invariant ?? {};
    console.log(`${status === "Success" ? "ok    " : "BROKEN"} ${name.padEnd(56)} ${runs === undefined ? "" : `${runs} runs, ${calls} calls, ${reverts} reverts`}`);
    if (status === "Success") continue;
    broken += 1;
    console.log(`       ${reason}\n${JSON.stringify(counterexample, null, 2)}`);
  }
  console.log(`${held.length + never.length + refused.length} rules, ${results.length - broken} campaigns held, ${broken} broken, seed ${values.seed}, ${seconds} s`);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ ...values, seconds, held, never, refused, results: Object.fromEntries(results.map(([name, { status, kind }]) => [name, { status, ...kind.Invariant }])) }, null, 2)}\n`);
  process.exitCode = broken === 0 && results.length > 0 ? 0 : 1;
}

if (import.meta.filename === process.argv[1]) await main();
