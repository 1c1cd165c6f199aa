// solc's model checker (CHC on the z3 within npm's solc, no timeout set) on the pure libraries, as tests/contracts/proofs puts the questions: a contract a question.
// Usage: node bench/proofs.mjs [--only TEXT] [--patience 600] [--json FILE]
//   --only TEXT      only proofs whose name contains TEXT
//   --patience S     gives a proof up after so many seconds of processor time
//   Ends with 1 if something is refuted, or neither proved nor listed in `unproved` with what stands for it.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { options, root } from "./forge.mjs";

const folder = "tests/contracts/proofs";

/** What the checker gives up on, and what stands for it instead. */
const unproved = [
  { name: "FallingProof", why: "a product of two unknowns under a division, twice; stands: test_fuzz_the_sampling_rate_starts_at_certainty_and_falls_to_the_floor" },
];

const SAFE = "9576";
const VERDICTS = { [SAFE]: "proved", 6328: "refuted", 4984: "refuted", 3944: "refuted", 4281: "refuted", 6368: "refuted" };

const content = (path) => ({ contents: readFileSync(path.startsWith("@") ? `${root}node_modules/${path}` : `${root}${path}`, "utf8") });

/** Every question of one proof with its answer: proved, refuted or unknown. */
function ask({ path, name }) {
  const solc = createRequire(import.meta.url)("solc");
  // The other proofs of the file would be encoded with it.
  const source = content(path).contents.replace(/^contract (\w+) [\s\S]*?^}$/gm, (proof, other) => (other === name ? proof : proof.replace(/[^\n]/g, " ")));
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
    return {
      verdict: VERDICTS[errorCode] && !/might happen/.test(message) ? VERDICTS[errorCode] : "unknown",
      question: message.replace(/^CHC: /, "").split("\n")[0].replace(/ (check is safe!|happens here\.|might happen here\.)$/, ""),
      at: `${sourceLocation.file}:${text.slice(0, sourceLocation.start).split("\n").length}`, code: text.slice(sourceLocation.start, sourceLocation.end).split("\n")[0],
    };
  });
}

/** Seconds of processor time, which other work on the machine does not shorten. */
const spent = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };

/** In a thread of its own, which can be ended. */
function answered(proof, patience) {
  return new Promise((resolve, reject) => {
    const [worker, started] = [new Worker(new URL(import.meta.url), { workerData: proof }), spent()];
    const unknown = [{ verdict: "unknown", question: `everything, given up after ${patience} s`, at: proof.path, code: proof.name }];
    const watch = setInterval(() => { if (spent() - started > patience) worker.terminate().then(() => resolve(unknown)); }, 500);
    worker.once("message", resolve).once("error", reject).once("exit", () => clearInterval(watch));
  });
}

const proofs = () => readdirSync(root + folder).flatMap((file) => [...content(`${folder}/${file}`).contents.matchAll(/^contract (\w+)Proof\b/gm)].map(([, name]) => ({ path: `${folder}/${file}`, name: `${name}Proof` })));

async function main() {
  const values = options(import.meta, { only: { type: "string", default: "" }, patience: { type: "string", default: "600" }, json: { type: "string" } });
  const report = {};
  let open = 0;
  const row = (cells) => console.log(cells.map((cell, i) => (i === 0 ? `${cell}`.padEnd(24) : `${cell}`.padStart(11))).join(""));
  row(["proof", "questions", "proved", "listed", "open", "seconds"]);
  for (const proof of proofs().filter(({ name }) => name.includes(values.only))) {
    const started = spent();
    const answers = await answered(proof, Number(values.patience));
    const rest = answers.filter(({ verdict }) => verdict !== "proved").map((answer) => ({ ...answer, why: unproved.find(({ name }) => name === proof.name)?.why }));
    const lost = rest.filter(({ why, verdict }) => verdict === "refuted" || !why);
    open += lost.length + (answers.length === 0 ? 1 : 0);
    row([proof.name, answers.length, answers.length - rest.length, rest.length - lost.length, lost.length, (spent() - started).toFixed(1)]);
    for (const { verdict, question, at, code, why } of rest) console.log(`  ${verdict}: ${question}, ${at}: ${code}${why ? `\n    ${why}` : ""}`);
    report[proof.name] = answers;
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = open === 0 ? 0 : 1;
}

if (!isMainThread) parentPort.postMessage(ask(workerData));
else if (import.meta.filename === process.argv[1]) await main();
