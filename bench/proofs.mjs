// solc's model checker (CHC on the z3 within npm's solc, no timeout set) on the pure libraries, as tests/contracts/proofs puts the questions.
// Usage: node bench/proofs.mjs [--only NAME] [--json FILE]
//   Ends with 1 if something is refuted, or neither proved nor listed in `unproved` with its reason.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { options, root } from "./forge.mjs";

const solc = createRequire(import.meta.url)("solc");
const folder = "tests/contracts/proofs";

/** What the checker gives up on, and what stands for it instead. */
const unproved = [];

const SAFE = "9576";
const VERDICTS = { [SAFE]: "proved", 6328: "refuted", 4984: "refuted", 3944: "refuted", 4281: "refuted", 6368: "refuted" };

const content = (path) => ({ contents: readFileSync(path.startsWith("@") ? `${root}node_modules/${path}` : `${root}${path}`, "utf8") });

/** Every question of one proof with its answer: proved, refuted or unknown. */
export function ask(name, source = content(`${folder}/${name}.sol`).contents) {
  const path = `${folder}/${name}.sol`;
  const input = {
    language: "Solidity",
    sources: { [path]: { content: source } },
    settings: {
      modelChecker: {
        contracts: { [path]: [name] }, engine: "chc", solvers: ["z3"], showProvedSafe: true, showUnproved: true,
        targets: ["assert", "underflow", "overflow", "divByZero", "outOfBounds"],
      },
      outputSelection: { "*": { "*": ["abi"] } },
    },
  };
  const { errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: content }));
  const broken = errors.find(({ severity }) => severity === "error");
  if (broken) throw new Error(broken.formattedMessage);
  return errors.filter(({ message }) => message.startsWith("CHC: ")).map(({ errorCode, message, sourceLocation }) => {
    const text = sourceLocation.file === path ? source : content(sourceLocation.file).contents;
    const line = text.slice(0, sourceLocation.start).split("\n").length;
    return {
      verdict: VERDICTS[errorCode] && !/might happen/.test(message) ? VERDICTS[errorCode] : "unknown",
      question: message.replace(/^CHC: /, "").split("\n")[0].replace(/ (check is safe!|happens here\.|might happen here\.)$/, ""),
      at: `${sourceLocation.file}:${line}`, code: text.slice(sourceLocation.start, sourceLocation.end).split("\n")[0],
    };
  });
}

function main() {
  const values = options(import.meta, { only: { type: "string" }, json: { type: "string" } });
  const names = readdirSync(root + folder).map((file) => file.replace(/\.sol$/, "")).filter((name) => !values.only || name === values.only);
  const report = {};
  let open = 0;
  console.log(`${"".padEnd(24)}${"questions".padStart(10)}${"proved".padStart(8)}${"listed".padStart(8)}${"open".padStart(6)}${"seconds".padStart(9)}`);
  for (const name of names) {
    const started = Date.now();
    const answers = ask(name);
    const rest = answers.filter(({ verdict }) => verdict !== "proved").map((answer) => ({ ...answer, why: unproved.find(({ at, code }) => answer.at.startsWith(at) && answer.code.includes(code))?.why }));
    const lost = rest.filter(({ why, verdict }) => verdict === "refuted" || !why);
    open += lost.length + (answers.length === 0 ? 1 : 0);
    console.log(`${name.padEnd(24)}${[answers.length, answers.length - rest.length, rest.length - lost.length, lost.length].map((n, i) => `${n}`.padStart([10, 8, 8, 6][i])).join("")}${((Date.now() - started) / 1000).toFixed(1).padStart(9)}`);
    for (const { verdict, question, at, code, why } of rest) console.log(`  ${verdict}: ${question}, ${at}: ${code}${why ? `\n    ${why}` : ""}`);
    report[name] = answers;
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = open === 0 ? 0 : 1;
}

if (import.meta.filename === process.argv[1]) main();
