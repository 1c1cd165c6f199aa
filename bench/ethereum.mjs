// The Ethereum library beside viem and ethers on the same data: decode logs, encode calls, sign, recover. `--table` adds BenchmarkDotNet's table.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ethers from "ethers";
import * as viem from "viem";
import { privateKeyToAccount } from "viem/accounts";

const logCount = 10_000;
const root = fileURLToPath(new URL("../", import.meta.url));
const program = join(root, "bench/Ethereum/bin/Release/net10.0/Assay.Ethereum.Bench.dll");
const abi = viem.parseAbi([
  "struct Entry { address to; uint96 amount; string note; bytes data; }",
  "function transfer(address to, uint256 amount) returns (bool)",
  "function post(Entry[] entries, uint64 deadline)",
  "event Transfer(address indexed from, address indexed to, uint256 amount)",
  "event Posted(address indexed by, uint64 id, string note, bytes data)",
]);
const key = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const to = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const amount = 123456789012345678901234567890n;

// The same logs every time; one of them in ten is a long one.
let state = 7n;
const random = () => (state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n)) >> 11n;
const bytes = (length) => viem.padHex(viem.toHex(BigInteger(length)), { size: length });
function BigInteger(length) {
  let value = 0n;
  for (let i = 0; i < length; i += 6) value = (value << 48n) | (random() & 0xffffffffffffn);
  return value & ((1n << BigInt(8 * length)) - 1n);
}
const address = () => viem.getAddress(bytes(20));

function log(i, eventName, args, data) {
  const topics = viem.encodeEventTopics({ abi, eventName, args });
  return { address: to.toLowerCase(), topics, data, blockNumber: viem.toHex(18_000_000 + (i >> 7)), blockHash: bytes(32), transactionHash: bytes(32), transactionIndex: viem.toHex(i & 127), logIndex: viem.toHex(i & 255), removed: false };
}
const uint256 = viem.parseAbiParameters("uint256");
const posted = viem.parseAbiParameters("uint64, string, bytes");
const transfers = Array.from({ length: logCount }, (_, i) => log(i, "Transfer", { from: address(), to: address() }, viem.encodeAbiParameters(uint256, [BigInteger(12) + 1n])));
const posts = Array.from({ length: logCount }, (_, i) =>
  log(i, "Posted", { by: address() }, viem.encodeAbiParameters(posted, [BigInteger(5), `note ${i} with a few words more`.repeat(i % 10 ? 1 : 8), bytes(i % 10 ? 64 : 512)])));

const answers = { transfers, posts };
for (const name in answers) answers[name] = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, result: answers[name] }));

const entries = Array.from({ length: 4 }, (_, i) => ({ to, amount: 1_000_000_000_000n + BigInt(i), note: `invoice number ${i}, paid in full and with thanks`, data: `0x${"00".repeat(100)}` }));
const contract = new ethers.Interface(abi.map((item) => ethers.Fragment.from(JSON.parse(JSON.stringify(item)))));
const transferData = viem.encodeFunctionData({ abi, functionName: "transfer", args: [to, amount] });
const fees = { chainId: 1, nonce: 7, maxPriorityFeePerGas: 1_500_000_000n, maxFeePerGas: 30_000_000_000n, to, value: 0n, data: transferData };
const account = privateKeyToAccount(key);
const signingKey = new ethers.SigningKey(key);
const digest = ethers.Transaction.from({ ...fees, type: 2, gasLimit: 65_000n }).unsignedHash;
const signature = signingKey.sign(digest);

// As their own getLogs does it: parse the answer, format each log, decode it.
const viemLogs = (answer) => () => {
  for (const raw of JSON.parse(answer.toString()).result) {
    const formatted = viem.formatLog(raw);
    if (!viem.decodeEventLog({ abi, topics: formatted.topics, data: formatted.data }).args) throw new Error("no log");
  }
};
const ethersLogs = (answer) => () => {
  for (const raw of JSON.parse(answer.toString()).result) if (!contract.parseLog(raw)) throw new Error("no log");
};
const theirs = {
  DecodeTransfers: { viem: viemLogs(answers.transfers), ethers: ethersLogs(answers.transfers), operations: logCount },
  DecodePosts: { viem: viemLogs(answers.posts), ethers: ethersLogs(answers.posts), operations: logCount },
  EncodeTransfer: {
    viem: () => viem.encodeFunctionData({ abi, functionName: "transfer", args: [to, amount] }),
    ethers: () => contract.encodeFunctionData("transfer", [to, amount]),
  },
  EncodePost: {
    viem: () => viem.encodeFunctionData({ abi, functionName: "post", args: [entries, 1_800_000_000n] }),
    ethers: () => contract.encodeFunctionData("post", [entries, 1_800_000_000n]),
  },
  SignTransaction: {
    viem: () => account.signTransaction({ ...fees, type: "eip1559", gas: 65_000n }),
    ethers: () => {
      const transaction = ethers.Transaction.from({ ...fees, type: 2, gasLimit: 65_000n });
      transaction.signature = signingKey.sign(transaction.unsignedHash);
      return transaction.serialized;
    },
  },
  RecoverSigner: { viem: () => viem.recoverAddress({ hash: digest, signature: signature.serialized }), ethers: () => ethers.recoverAddress(digest, signature) },
};

// Processor time, as the program measures its own: others use this machine too.
async function rate(run, operations) {
  for (const wanted of [0.7, 0.7]) {
    const start = process.cpuUsage();
    for (let count = 0, block = 1; ; block *= 2) {
      for (let i = 0; i < block; i++) await run();
      count += block;
      const { user, system } = process.cpuUsage(start);
      const seconds = (user + system) / 1e6;
      if (seconds < wanted) continue;
      rate.last = (count * operations) / seconds;
      break;
    }
  }
  return rate.last;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
const start = (...args) => execFileSync("dotnet", [program, ...args], { cwd: folder, env: { ...process.env, ASSAY_BENCH_DATA: folder, DOTNET_TieredPGO: "1" }, encoding: "utf8", maxBuffer: 1 << 26 });
try {
  for (const name in answers) writeFileSync(join(folder, `${name}.json`), answers[name]);
  const rounds = [];
  // In turns, so that what else the machine does meets all of them.
  for (let round = 0; round < 3; round++) {
    const figures = { ours: JSON.parse(start("round")), viem: {}, ethers: {} };
    for (const [name, of] of Object.entries(theirs))
      for (const library of ["viem", "ethers"]) figures[library][name] = await rate(of[library], of.operations ?? 1);
    rounds.push(figures);
  }
  const ours = (name) => median(rounds.map((r) => r.ours[name]));
  const beside = (name, library) => median(rounds.map((r) => r.ours[name] / r[library][name]));
  const bare = { SignTransaction: "BareSign", RecoverSigner: "BareRecover" };
  console.log(`Operations per second of processor time on one thread, median of ${rounds.length} rounds; ${cpus()[0].model}, Node ${process.version}.\n`);
  console.log("| Case | Ours | viem | ethers | times viem | times ethers | times the time of bare libsecp256k1 |\n| --- | --- | --- | --- | --- | --- | --- |");
  for (const name in theirs) {
    const cost = bare[name] ? median(rounds.map((r) => r.ours[bare[name]] / r.ours[name])).toFixed(2) : "";
    const others = ["viem", "ethers"].map((library) => Math.round(median(rounds.map((r) => r[library][name]))).toLocaleString("en"));
    console.log(`| ${name} | ${Math.round(ours(name)).toLocaleString("en")} | ${others.join(" | ")} | ${beside(name, "viem").toFixed(1)} | ${beside(name, "ethers").toFixed(1)} | ${cost} |`);
  }
  if (process.argv.includes("--table")) console.log(start("table").split("// * Summary *")[1]);
} finally {
  rmSync(folder, { recursive: true });
}
