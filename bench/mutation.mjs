// Mutation testing of the deployed sources: one small change at a time, compiled and put to the specs of tests/contracts/spec. What no spec notices survives.
// Usage: node bench/mutation.mjs [--sample N] [--seed S] [--file TEXT] [--minutes M] [--jobs J] [--json FILE]
//   --sample N   so many mutants, drawn by the seed; without it all of them (hours)
//   --file TEXT  only sources whose path contains TEXT
//   --minutes M  stops drawing after so long
//   --jobs J     mutants at a time (1)
//   Survivors are explained in bench/mutation.survivors.json; ends with 1 if one is not.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { options, root } from "./forge.mjs";

/** The quickest to find something come first; some look at files or gas and say nothing about a mutant. */
const FIRST = ["jobs", "cases", "opening", "money", "operators", "attacks", "accounts", "pools", "records"];
const OTHERS = ["coverage", "deployment", "economics", "gas", "generated", "lint", "natspec"];
/** A mutant that takes longer than this goes round in circles. */
const PATIENCE = 600_000;

// ---- mutants

const swaps = (pairs) => new Map(pairs.flatMap(([a, b]) => [[a, b], [b, a]]));
const COMPARISONS = swaps([["<", "<="], [">", ">="], ["==", "!="]]);
const ARITHMETIC = swaps([["+", "-"], ["*", "/"], ["++", "--"], ["+=", "-="], ["&&", "||"], ["<<", ">>"]]);

/** Comments, strings and assembly do not change; they are blanked, so that places stay. */
function masked(source) {
  const blank = (text) => text.replace(/[^\n]/g, " ");
  return source.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|"[^"\n]*"/g, blank).replace(/assembly \("memory-safe"\) \{[\s\S]*?\n\s*\}\n/g, blank).replace(/^(import|pragma|using|library|error|event|type|uint256 constant|    (uint256|bytes32|uint8) (private|internal) constant)\b[^;{]*[;{]/gm, blank);
}

/** Every mutant of a source: where, what instead, and by which operator. */
export function mutantsOf(source) {
  const text = masked(source);
  const found = [];
  const add = (operator, start, length, replacement) => found.push({ operator, start, length, replacement });
  for (const { 0: token, index } of text.matchAll(/(?<=[\w)\]] )(<=|>=|==|!=|<|>|\+=|-=|\+|-|\*|\/|&&|\|\||<<|>>)(?= [\w(!~-])/g)) {
    if (COMPARISONS.has(token)) add("comparison", index, token.length, COMPARISONS.get(token));
    else if (ARITHMETIC.has(token)) add(["&&", "||"].includes(token) ? "logic" : "arithmetic", index, token.length, ARITHMETIC.get(token));
  }
  for (const { 0: token, index } of text.matchAll(/(\+\+|--)(?=[\w(])/g)) add("arithmetic", index, 2, ARITHMETIC.get(token));
  for (const { index } of text.matchAll(/!(?=[\w(])/g)) add("logic", index, 1, "");
  for (const { 0: number, index } of text.matchAll(/(?<![\w.\[])(\d[\d_]*|0x[\da-f]+)(?![\w.\]])/g)) add("constant", index, number.length, `${BigInt(number.replaceAll("_", "")) === 0n ? 1 : BigInt(number.replaceAll("_", "")) + 1n}`);
  for (const { 0: word, index } of text.matchAll(/\b(true|false)\b/g)) add("constant", index, word.length, word === "true" ? "false" : "true");
  for (const { 0: call, index } of text.matchAll(/\brequire\((?:[^;])*?\);/g)) add("require removed", index, call.length, "");
  for (const { 0: line, index } of text.matchAll(/\bif \([^;{]*\) return[^;{]*;/g)) add("guard removed", index, line.length, "");
  for (const { 0: statement, 1: indent, index } of text.matchAll(/^( {8,})(?!return|require|if|else|for|while|unchecked|revert|assembly|emit)(?:[a-z_(+-][^;{}]*);$/gm)) {
    if (!/^\s*(?:\(?(?:u?int\d*|bool|address|bytes\d*|[A-Z]\w*)(?:\[\d*\])?(?: storage| memory| calldata)? \w+)/.test(statement)) add("statement removed", index + indent.length, statement.length - indent.length, ";");
  }
  for (const { 0: statement, index } of text.matchAll(/\bemit [^;]*;/g)) add("event removed", index, statement.length, "");
  return found.sort((a, b) => a.start - b.start);
}

function everyMutant(filter) {
  const files = ["contracts", "contracts/parts", "contracts/libraries"].flatMap((folder) => readdirSync(root + folder).filter((name) => name.endsWith(".sol")).map((name) => `${folder}/${name}`));
  return files.filter((file) => file.includes(filter ?? "")).flatMap((file) => {
    const source = readFileSync(root + file, "utf8");
    return mutantsOf(source).map((mutant) => {
      const before = source.slice(0, mutant.start);
      const [line, text] = [before.split("\n").length, source.slice(before.lastIndexOf("\n") + 1, source.indexOf("\n", mutant.start)).trim()];
      const was = source.slice(mutant.start, mutant.start + mutant.length);
      return { file, line, text, change: `${was.replace(/\s+/g, " ")} -> ${mutant.replacement || "nothing"}`, column: mutant.start - before.lastIndexOf("\n"), ...mutant };
    });
  });
}

/** The same mutants for the same seed. */
function drawn(mutants, count, seed) {
  let state = BigInt(seed);
  const next = () => Number((state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn) >> 33n);
  const all = [...mutants];
  for (let i = all.length - 1; i > 0; i--) {
    const j = next() % (i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all.slice(0, count);
}

// ---- one mutant, in a worker with a compiler of its own

const SETTINGS = {
  viaIR: true, evmVersion: "cancun", metadata: { appendCBOR: false, bytecodeHash: "none" },
  // As little as makes the stack suffice: a mutant is compiled once and run for seconds.
  optimizer: { enabled: false, details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: ":" } } },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
};

const read = (path) => readFileSync(path.startsWith("@") ? `${root}node_modules/${path}` : `${root}${path}`, "utf8");
const deployables = () => readdirSync(`${root}contracts`).filter((name) => name.endsWith(".sol")).map((name) => `contracts/${name}`);

/** Whether a source is among those that a deployable is made of. */
function isPartOf(file, deployable, seen = new Set()) {
  if (file === deployable) return true;
  if (seen.has(deployable)) return false;
  seen.add(deployable);
  return [...read(deployable).matchAll(/from "(\.[^"]+)"/g)].some(([, path]) => isPartOf(file, normalize(join(dirname(deployable), path)), seen));
}

/** Code of the deployables that hold the file, or undefined if the mutant does not compile. */
function compiled(solc, file, source) {
  const wanted = deployables().filter((name) => isPartOf(file, name));
  const contents = (path) => ({ contents: path === file ? source : read(path) });
  const input = { language: "Solidity", sources: Object.fromEntries(wanted.map((name) => [name, { content: contents(name).contents }])), settings: SETTINGS };
  const { errors = [], contracts } = JSON.parse(solc.compile(JSON.stringify(input), { import: contents }));
  if (errors.some(({ severity }) => severity === "error")) return undefined;
  return wanted.flatMap((name) => Object.entries(contracts[name]).map(([contract, { abi, evm }]) => ({
    path: `${name}/${contract}.json`, abi, bytecode: `0x${evm.bytecode.object}`, deployedBytecode: `0x${evm.deployedBytecode.object}`,
  }))).filter(({ bytecode }) => bytecode !== "0x");
}

function written(artifacts, folder) {
  for (const { path, ...artifact } of artifacts) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(artifact));
  }
}

/** Ends at the first test that fails. */
function survives(spec, folder) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--test-reporter=tap", `tests/contracts/spec/${spec}.test.mjs`], { cwd: root, env: { ...process.env, ASSAY_MUTANT: folder }, stdio: ["ignore", "pipe", "ignore"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
      if (/^\s*not ok/m.test(text)) child.kill("SIGKILL");
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

async function judge(solc, { file, start, length, replacement }, originals, specs, folder) {
  const source = read(file);
  const artifacts = compiled(solc, file, source.slice(0, start) + replacement + source.slice(start + length));
  if (!artifacts) return { end: "stillborn" };
  if (!originals.has(file)) originals.set(file, JSON.stringify(compiled(solc, file, source)));
  if (JSON.stringify(artifacts) === originals.get(file)) return { end: "equivalent" };
  rmSync(folder, { recursive: true, force: true });
  written(artifacts, folder);
  for (const spec of specs) if (!(await survives(spec, folder))) return { end: "killed", by: spec };
  return { end: "survived" };
}

function work() {
  const solc = createRequire(import.meta.url)("solc");
  const originals = new Map();
  parentPort.on("message", async ({ mutant, specs }) => parentPort.postMessage(await judge(solc, mutant, originals, specs, workerData)));
}

// ---- all of them

/** Which specs pass on the same compilation without a change: some measure gas, some compare with committed files. */
async function usable(folder) {
  const solc = createRequire(import.meta.url)("solc");
  written(deployables().flatMap((name) => compiled(solc, name, read(name))), folder);
  const good = [];
  const found = readdirSync(`${root}tests/contracts/spec`).map((file) => file.replace(/\.test\.mjs$/, "")).filter((name) => !OTHERS.includes(name));
  const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  for (const spec of found.sort((a, b) => rank(a) - rank(b))) {
    if (await survives(spec, folder)) good.push(spec);
    else console.log(`spec ${spec} does not pass on this compilation and is left out`);
  }
  return good;
}

async function main() {
  const values = options(import.meta, { sample: { type: "string" }, seed: { type: "string", default: "1" }, file: { type: "string" }, minutes: { type: "string" }, jobs: { type: "string", default: "1" }, json: { type: "string" } });
  const built = spawnSync(process.execPath, [`${root}node_modules/hardhat/dist/src/cli.js`, "build", "--quiet"], { cwd: root, stdio: "inherit" });
  if (built.status !== 0) throw new Error("the contracts do not build");
  const folder = mkdtempSync(`${root}artifacts/mutation-`);
  try {
    const all = everyMutant(values.file);
    const wanted = drawn(all, Number(values.sample ?? all.length), values.seed);
    const specs = await usable(join(folder, "original"));
    const until = values.minutes ? Date.now() + Number(values.minutes) * 60_000 : Infinity;
    console.log(`${wanted.length} of ${all.length} mutants, seed ${values.seed}, specs: ${specs.join(", ")}`);
    const results = await judged(wanted, specs, Number(values.jobs), until, folder);
    report(results, values);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The spec that killed the last mutants of a file comes first for the next one. */
async function judged(wanted, specs, jobs, until, folder) {
  const killers = new Map();
  const order = (file) => [...specs].sort((a, b) => (killers.get(file + b) ?? 0) - (killers.get(file + a) ?? 0));
  const queue = [...wanted];
  const results = [];
  const one = async (n) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: join(folder, `${n}`) });
    for (let mutant; Date.now() < until && (mutant = queue.shift()); ) {
      worker.postMessage({ mutant, specs: order(mutant.file) });
      const outcome = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      worker.removeAllListeners();
      if (outcome.by) killers.set(mutant.file + outcome.by, (killers.get(mutant.file + outcome.by) ?? 0) + 1);
      results.push({ ...mutant, ...outcome });
      console.log(`${outcome.end.padEnd(10)} ${mutant.file}:${mutant.line} ${mutant.operator}: ${mutant.change}${outcome.by ? ` (${outcome.by})` : ""}`);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: jobs }, (_, n) => one(n)));
  return results;
}

function report(results, { json }) {
  const explained = JSON.parse(readFileSync(new URL("mutation.survivors.json", import.meta.url), "utf8"));
  const count = (list, end) => list.filter((result) => result.end === end).length;
  const score = (list) => { const [killed, lived] = [count(list, "killed"), count(list, "survived")]; return killed + lived === 0 ? "-" : `${(100 * killed / (killed + lived)).toFixed(1)} %`; };
  for (const [title, key] of [["source", "file"], ["operator", "operator"]]) {
    console.log(`\n${title.padEnd(40)}${["killed", "survived", "equivalent", "stillborn", "score"].map((head) => head.padStart(12)).join("")}`);
    for (const name of [...new Set(results.map((result) => result[key]))].sort()) {
      const list = results.filter((result) => result[key] === name);
      console.log(`${name.padEnd(40)}${[...["killed", "survived", "equivalent", "stillborn"].map((end) => count(list, end)), score(list)].map((cell) => `${cell}`.padStart(12)).join("")}`);
    }
  }
  const survivors = results.filter(({ end }) => end === "survived").map((result) => ({ ...result, why: explained.find(({ file, text, change }) => result.file === file && result.text === text && result.change === change)?.why }));
  console.log(`\nsurvivors: ${survivors.length}`);
  for (const { file, line, text, change, why } of survivors) console.log(`  ${file}:${line} ${change}\n    ${text}\n    ${why ?? "NOT EXPLAINED"}`);
  console.log(`\nscore ${score(results)}: ${count(results, "killed")} killed, ${survivors.length} survived, ${survivors.filter(({ why }) => !why).length} of them not explained; ${count(results, "equivalent")} equivalent, ${count(results, "stillborn")} did not compile`);
  if (json) writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
  process.exitCode = survivors.every(({ why }) => why) ? 0 : 1;
}

if (!isMainThread) work();
else if (import.meta.filename === process.argv[1]) await main();
