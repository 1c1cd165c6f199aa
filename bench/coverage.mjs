// Line and branch coverage of the deployed sources: the specs run on Hardhat and leave traces, which forge replays, together with the fuzz tests.
// Usage: node bench/coverage.mjs [--json FILE] [--traces FOLDER]
//   Ends with 1 if a line or branch is neither reached nor listed in `unseen` with its reason.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { forge, options, root } from "./forge.mjs";

/** What forge cannot see although it is done, as text of a line: the compiler writes no instruction for it that it could find. */
const unseen = [
  { path: "contracts/parts/Jobs.sol", text: "return Skip.None;", why: "no reason to skip is zero, which is there already: no instruction; the statement before it is reached and cannot end elsewhere" },
  { path: "contracts/parts/Slashing.sol", text: "return keeperPart;", why: "a result that is in its place already: no instruction; the statement before it is reached and cannot end elsewhere" },
  { path: "contracts/parts/Signatures.sol", text: "require(gasleft() >= WALLET_GAS_AHEAD", why: "hangs on gas, which another compilation takes another amount of; spec: \"cannot be made to refuse by sending too little gas\"" },
  { path: "contracts/libraries/HashToCurve.sol", text: "NoPrecompile(precompile)", why: "needs an older chain, which the replay is not; spec: beacon.test.mjs tries one of Cancun" },
];

/** forge sees the two branches of an `if`, but not those of a `require` with an error of its own, which is the same: in the copy that is measured it is spelled so. */
export function spelledOut(source) {
  let spelled = "";
  let rest = source;
  for (let start; (start = rest.search(/\brequire\(/)) >= 0; ) {
    const { condition, error, length } = split(rest.slice(start + "require(".length));
    const whole = rest.slice(start, start + "require(".length + length);
    spelled += rest.slice(0, start) + (error && /^\s*[A-Z][\w.]*\(/.test(error) ? `if (!(${condition})) revert ${error.replace(/^ /, "")}` : whole);
    rest = rest.slice(start + whole.length + (error && /^\s*[A-Z][\w.]*\(/.test(error) ? 1 : 0));
  }
  return spelled + rest;
}

/** The arguments up to the closing parenthesis, which is not counted. */
function split(text) {
  let depth = 0;
  let comma = -1;
  for (let i = 0; i < text.length; i++) {
    if ("([{".includes(text[i])) depth += 1;
    else if (")]}".includes(text[i]) && depth-- === 0) return comma < 0 ? { condition: text.slice(0, i), length: i } : { condition: text.slice(0, comma), error: text.slice(comma + 1, i), length: i };
    else if (text[i] === "," && depth === 0 && comma < 0) comma = i;
  }
  throw new Error("a require without an end");
}

/** Lines within assembly blocks, for which the compiler gives no places in the source: they count as reached when the line before the block is. */
function assemblyLines(source) {
  const lines = new Set();
  let inside = false;
  let indent = "";
  source.split("\n").forEach((line, i) => {
    if (inside && line.startsWith(`${indent}}`)) inside = false;
    else if (inside) lines.add(i + 1);
    else if (/^\s*assembly\b.*\{\s*$/.test(line)) [inside, indent] = [true, line.match(/^\s*/)[0]];
  });
  return lines;
}

/** The checkout as forge measures it. */
function copied(work) {
  for (const folder of ["contracts", "tests/contracts", "scripts"]) cpSync(join(root, folder), join(work, folder), { recursive: true });
  cpSync(join(root, "foundry.toml"), join(work, "foundry.toml"));
  symlinkSync(join(root, "node_modules"), join(work, "node_modules"));
  for (const file of sources(join(work, "contracts"))) writeFileSync(file, spelledOut(readFileSync(file, "utf8")));
}

const sources = (folder) => readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".sol")).map((name) => join(folder, name));

/** The specs once more, with ASSAY_TRACES set; but for the one that measures gas, which is long and does nothing else. */
function trace(folder) {
  const specs = readdirSync(join(root, "tests/contracts/spec")).filter((name) => name !== "gas.test.mjs").map((name) => `tests/contracts/spec/${name}`);
  const hardhat = join(root, "node_modules/hardhat/dist/src/cli.js");
  const { status } = spawnSync(process.execPath, [hardhat, "test", "nodejs", ...specs], { cwd: root, env: { ...process.env, ASSAY_TRACES: folder }, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("a spec failed, or the contracts do not build: node_modules/.bin/hardhat test nodejs");
}

function measure(work, traces, lcov) {
  copied(work);
  const { status, stdout } = forge(["coverage", "--root", work, "--ir-minimum", "--report", "lcov", "--report-file", lcov, "--no-match-coverage", "(tests|mocks|node_modules)/", "--no-match-contract", "InvariantsTest"], {
    ASSAY_TRACES: traces, FOUNDRY_PROFILE: "coverage",
  });
  if (status !== 0) throw new Error(`forge coverage ended with ${status}: ${stdout.slice(-4000)}`);
}

/** Per source: what was found, and which lines hold something that was never reached. */
function read(lcov) {
  const files = [];
  for (const line of readFileSync(lcov, "utf8").split("\n")) {
    const [key, value = ""] = line.split(/:(.*)/s);
    const file = files.at(-1);
    if (key === "SF") files.push({ path: value, lines: 0, branches: 0, functions: 0, missed: [] });
    else if (key === "DA") tally(file, "lines", value.split(","));
    else if (key === "BRDA") { const [at, , , hits] = value.split(","); tally(file, "branches", [at, hits]); }
    else if (key === "FNDA") { const [hits, name] = value.split(","); tally(file, "functions", [name, hits]); }
  }
  return files;
}

function tally(file, kind, [at, hits]) {
  file[kind] += 1;
  if (hits === "-" || Number(hits) === 0) file.missed.push({ kind, at });
}

const percent = (all, missed) => (all === 0 ? "-" : `${(100 * (all - missed) / all).toFixed(2)} %`);

/** Branches within assembly blocks are what an eye must check: they are shown, not counted. */
function withoutAssembly(file) {
  const blocks = assemblyLines(readFileSync(join(root, file.path), "utf8"));
  const unplaced = file.missed.filter(({ kind, at }) => kind !== "functions" && blocks.has(Number(at)));
  const of = (kind) => unplaced.filter((miss) => miss.kind === kind).length;
  return { ...file, lines: file.lines - of("lines"), branches: file.branches - of("branches"), missed: file.missed.filter((miss) => !unplaced.includes(miss)), unplaced };
}

function print(files) {
  const kinds = ["lines", "branches", "functions"];
  const row = (name, of) => console.log(`${name.padEnd(40)}${kinds.map((kind) => { const { all, missed } = of(kind); return `${percent(all, missed)} of ${all}`.padStart(18); }).join("")}`);
  console.log(`${"".padEnd(40)}${kinds.map((kind) => kind.padStart(18)).join("")}`);
  const count = (file, kind) => ({ all: file[kind], missed: file.missed.filter((miss) => miss.kind === kind).length });
  for (const file of files) if (file.lines > 0) row(file.path, (kind) => count(file, kind));
  const sum = (kind) => files.map((file) => count(file, kind)).reduce((a, b) => ({ all: a.all + b.all, missed: a.missed + b.missed }), { all: 0, missed: 0 });
  row("all", sum);
}

function main() {
  const values = options(import.meta, { json: { type: "string" }, traces: { type: "string" } });
  mkdirSync(join(root, "artifacts"), { recursive: true });
  const work = mkdtempSync(join(root, "artifacts/coverage-"));
  const traces = values.traces ?? join(work, "traces");
  try {
    if (!values.traces) {
      mkdirSync(traces);
      trace(traces);
    }
    const lcov = join(work, "lcov.info");
    measure(join(work, "copy"), traces, lcov);
    const files = read(lcov).map(withoutAssembly);
    print(files);
    const unplaced = files.flatMap(({ unplaced }) => unplaced).filter(({ kind }) => kind === "lines").length;
    console.log(`and ${unplaced} lines of assembly, for which the compiler gives no place in the source`);
    let open = 0;
    for (const { path, missed } of files) {
      const source = readFileSync(join(root, path), "utf8").split("\n");
      for (const { kind, at } of missed) {
        const text = (source[at - 1] ?? at).trim();
        const known = unseen.find((entry) => entry.path === path && text.includes(entry.text));
        if (!known) open += 1;
        console.log(`${known ? "listed " : "MISSING"} ${path}:${at} (${kind}) ${text}${known ? `\n        ${known.why}` : ""}`);
      }
    }
    if (values.json) writeFileSync(values.json, `${JSON.stringify(files, null, 2)}\n`);
    process.exitCode = open === 0 ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (import.meta.filename === process.argv[1]) main();
