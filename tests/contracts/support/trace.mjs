// Keeps what a world's chain was asked and what it did, so that tests/contracts/replay can do it again on forge's EVM (bench/coverage.mjs).
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { encodeAbiParameters, numberToHex } from "viem";

const Kind = { Send: 0, Call: 1, Snapshot: 2, Revert: 3 };
const STEP = [
  {
    type: "tuple",
    components: [
      { name: "kind", type: "uint8" }, { name: "from", type: "address" }, { name: "to", type: "address" }, { name: "data", type: "bytes" },
      { name: "value", type: "uint256" }, { name: "nonce", type: "uint256" }, { name: "number", type: "uint256" }, { name: "time", type: "uint256" },
      { name: "done", type: "bool" }, { name: "gasMatters", type: "bool" }, { name: "answer", type: "bytes" }, { name: "created", type: "string" },
      { name: "snapshot", type: "uint256" }, { name: "firstHash", type: "uint256" }, { name: "hashes", type: "bytes32[]" },
    ],
  },
];
const NOBODY = "0x0000000000000000000000000000000000000000";
const EMPTY = {
  kind: 0, from: NOBODY, to: NOBODY, data: "0x", value: 0n, nonce: 0n, number: 0n, time: 0n, done: true, gasMatters: false, answer: "0x", created: "", snapshot: 0n,
  firstHash: 0n, hashes: [],
};
const ENOUGH_GAS = 16_000_000n;
const HASHES_KEPT = 256n;

let traces = 0;

/** The provider itself, or one that writes a trace into the folder of ASSAY_TRACES; its first line is the chain's id, each further one a step. */
export function traced(provider, chainId, nameOf) {
  const folder = process.env.ASSAY_TRACES;
  if (!folder) return provider;
  const file = join(folder, `${process.pid}-${traces++}.trace`);
  appendFileSync(file, `${chainId}\n`);
  const trace = new Trace(provider, (step) => appendFileSync(file, `${encodeAbiParameters(STEP, [{ ...EMPTY, ...step }])}\n`), nameOf);
  return { request: (request) => trace.request(request) };
}

class Trace {
  constructor(provider, write, nameOf) {
    Object.assign(this, { provider, write, nameOf, hashedTo: 0n, hashedAt: new Map() });
  }

  ask(method, ...params) {
    return this.provider.request({ method, params });
  }

  async request({ method, params }) {
    if (method === "eth_sendTransaction") return this.send(params);
    if (method === "eth_call") return this.call(params);
    const answer = await this.ask(method, ...params);
    if (method === "evm_snapshot") {
      this.write({ kind: Kind.Snapshot, snapshot: BigInt(answer) });
      this.hashedAt.set(answer, this.hashedTo);
    }
    if (method === "evm_revert") {
      this.write({ kind: Kind.Revert, snapshot: BigInt(params[0]) });
      this.hashedTo = this.hashedAt.get(params[0]);
    }
    return answer;
  }

  latest() {
    return this.ask("eth_getBlockByNumber", "latest", false);
  }

  async send([transaction]) {
    const nonce = BigInt(await this.ask("eth_getTransactionCount", transaction.from, "latest"));
    const before = await this.latest();
    const outcome = await this.outcome("eth_sendTransaction", [transaction]);
    const block = await this.latest();
    if (block.number !== before.number) {
      const created = transaction.to ? undefined : this.nameOf(transaction.data);
      const data = transaction.to ? transaction.data : `0x${transaction.data.slice(created.bytecode.length)}`;
      this.write({ ...(await this.step(Kind.Send, transaction, block, outcome)), nonce, data, created: created ? created.path.split("/").at(-1) : "", answer: outcome.done ? "0x" : outcome.answer });
    }
    return finish(outcome);
  }

  async call(params) {
    const outcome = await this.outcome("eth_call", params);
    this.write({ ...(await this.step(Kind.Call, params[0], await this.latest(), outcome)), answer: outcome.answer });
    return finish(outcome);
  }

  async outcome(method, params) {
    try {
      return { done: true, answer: await this.ask(method, ...params) };
    } catch (error) {
      return { done: false, error, answer: typeof error.data === "string" ? error.data : "0x" };
    }
  }

  async step(kind, { from = NOBODY, to = NOBODY, data = "0x", value = "0x0", gas }, block, { done }) {
    const number = BigInt(block.number);
    const firstHash = this.hashedTo + HASHES_KEPT < number ? number - HASHES_KEPT : this.hashedTo;
    const hashes = [];
    for (let i = firstHash; i < number; i++) hashes.push((await this.ask("eth_getBlockByNumber", numberToHex(i), false)).hash);
    this.hashedTo = number;
    return { kind, from, to, data, value: BigInt(value), number, time: BigInt(block.timestamp), done, gasMatters: BigInt(gas ?? ENOUGH_GAS) < ENOUGH_GAS, firstHash, hashes };
  }
}

function finish({ done, answer, error }) {
  if (!done) throw error;
  return answer;
}
