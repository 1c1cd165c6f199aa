// Vectors answered by the contracts, for other implementations of the same rules to be checked against.
import { readFile } from "node:fs/promises";
import { encodeAbiParameters, keccak256, toHex } from "viem";
import * as model from "./model.mjs";
import { artifact, World } from "./world.mjs";

const word = (text) => keccak256(toHex(text));
const address = (text) => `0x${word(text).slice(-40)}`;

export const names = ["draw", "sampling", "eip712"];
export const path = (name) => new URL(`../../vectors/${name}.json`, import.meta.url);
export const committed = (name) => readFile(path(name), "utf8");

/** The text of each vector file, computed by a fresh chain. */
export async function generate() {
  const world = await World.create();
  const harness = { address: await world.deploy(await artifact("DrawHarness", "mocks/DrawHarness.sol"), []), ...(await artifact("DrawHarness", "mocks/DrawHarness.sol")) };
  const ask = (functionName, ...args) => world.readFrom(harness.address, harness.abi, functionName, args);
  const files = { draw: await draws(world, harness, ask), sampling: await samplings(ask), eip712: await digests(world) };
  await world.connection.close();
  const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, `${JSON.stringify(content, plain, 1)}\n`]));
}

// Who left in an earlier block left at a later second here, so that no draw is right by the wrong one of the two.
const place = (i, cluster = i, retiredAt = 0n) => ({
  operator: address(`operator ${i}`), cluster: address(`cluster ${cluster}`), retiredAt, leftAt: retiredAt === 0n ? 0n : 200n - retiredAt,
});

const rosters = {
  "sixteen of their own": Array.from({ length: 16 }, (_, i) => place(i)),
  "pairs of one cluster": Array.from({ length: 12 }, (_, i) => place(i, i >> 1)),
  "some retired before, at and after the last block": Array.from({ length: 10 }, (_, i) => place(i, i, [0n, 99n, 0n, 100n, 101n][i % 5])),
  "one that left and came back": [...Array.from({ length: 6 }, (_, i) => place(i, i, i === 2 ? 50n : 0n)), place(2)],
  "all of one cluster": Array.from({ length: 8 }, (_, i) => place(i, 3)),
  "five, the fewest allowed": Array.from({ length: 5 }, (_, i) => place(i)),
  "one place": [place(0)],
};

async function draws(world, harness, ask) {
  const cases = [];
  // The contract numbers the payout addresses that are clusters here; zero is no cluster to it and no address here.
  const numbers = new Map([[model.ZERO, 0]]);
  const numberOf = (cluster) => (numbers.has(cluster) ? numbers : numbers.set(cluster, numbers.size)).get(cluster);
  for (const [name, roster] of Object.entries(rosters)) {
    await world.transact(world.deployer, harness.address, harness.abi, "setRoster", [roster.map((each) => ({ ...each, cluster: numberOf(each.cluster), leftAt: Number(each.leftAt) }))]);
    for (let i = 0; i < 8; i++) {
      // The last two are by time.
      const byTime = i >= 6;
      const round = i % 3;
      // Every third case freezes fewer places than the roster has today; two have the client among the operators.
      const rosterLength = i % 3 === 2 ? Math.ceil(roster.length / 2) : roster.length;
      const terms = {
        seed: word(`seed ${name} ${i}`), job: word(`job ${i}`), round, rosterLength, lastBlock: 100n, client: i === 4 || i === 5 ? roster.at(-1).operator : address("client"),
        payer: i === 3 ? roster.at(-1).operator : model.ZERO,
        operatorCluster: roster[0].cluster, excluded: roster.slice(1, 1 + [0, 1, 4][round]).map(({ cluster }) => cluster),
      };
      const { operatorCluster, excluded, lastBlock, ...rest } = terms;
      const clusters = { operatorCluster: numberOf(operatorCluster), excluded: excluded.map(numberOf) };
      const picks = await ask("picks", { ...rest, ...clusters, byTime, last: lastBlock, rosterLength: BigInt(rosterLength) }, 6n);
      cases.push({ name: `${name}, ${i}`, ...rest, byTime, epochLast: lastBlock, excludedClusters: [...new Set([operatorCluster, ...excluded])], roster, count: 6, picks });
    }
  }
  return {
    about: "The first picks (at most count) among the first rosterLength places of roster; retiredAt is a block number, leftAt a second, zero while active; epochLast is compared with the second if byTime.", cases,
  };
}

async function samplings(ask) {
  const rates = [];
  for (const [floorPpm, recordNumerator, recordOffset] of [[100_000, 1, 1], [50_000, 4, 3], [1, 10, 10], [1_000_000, 1, 1], [20_000, 4_294_967_295, 1]]) {
    for (const clean of [0, 1, 2, 7, 9, 10, 100, 4_294_967_295]) {
      const ratePpm = await ask("rateDown", BigInt(clean), BigInt(floorPpm), BigInt(recordNumerator), BigInt(recordOffset));
      rates.push({ clean, floorPpm, recordNumerator, recordOffset, ratePpm: Number(ratePpm) });
    }
  }
  const decisions = [];
  for (let i = 0; i < 40; i++) {
    const [seed, job, ratePpm] = [word(`seed ${i}`), word(`job ${i}`), [0, 1, 50_000, 100_000, 500_000, 999_999, 1_000_000][i % 7]];
    decisions.push({ seed, job, ratePpm, sampled: await ask("isSampled", seed, job, BigInt(ratePpm)) });
  }
  return { about: "rate = min(1,000,000, max(floorPpm, recordNumerator * 1,000,000 / (clean + recordOffset))), rounded down; then the decision by seed.", rates, decisions };
}

async function digests(world) {
  const values = {
    Order: [
      {
        client: world.clients[0].address, operator: world.operators[0].address, workload: word("workload"), policy: word("policy"), comparison: 0,
        unitPrice: 1_000_000n, maxPrice: 40_000_000n, maxFee: 10_000_000n, runWindow: 200, nonce: 0n, expiry: 1_900_000_000n,
        payer: model.ZERO, pool: 0, runtime: 0, witness: model.ZERO,
      },
      {
        client: world.clients[1].address, operator: model.ZERO, workload: word("another"), policy: word("bounds"), comparison: 1,
        unitPrice: 2n ** 96n - 1n, maxPrice: 2n ** 96n - 1n, maxFee: 2n ** 96n - 1n, runWindow: 2 ** 32 - 1, nonce: 2n ** 256n - 1n, expiry: 2n ** 64n - 1n,
        payer: address("payer"), pool: 2 ** 32 - 1, runtime: 255, witness: address("witness"),
      },
    ],
    Acceptance: [{ order: word("order"), operator: world.operators[0].address, nodeKey: world.operators[0].nodeKey.address, openBy: 1_900_000_000n }],
    Result: [{ job: word("job"), commitment: word("commitment"), manifest: word("manifest") }],
    Attestation: [
      { job: word("job"), round: 0, seat: 2, finding: 1, value: word("value"), salt: model.ZERO32 },
      { job: word("job"), round: 1, seat: 0, finding: 4, value: word("value"), salt: word("salt") },
    ],
    SeatCommitment: [{ job: word("job"), round: 1, seat: 2, commitment: word("commitment") }],
    Stored: [{ job: word("job"), commitment: word("commitment") }],
    Cancel: [{ job: word("job"), expiry: 1_900_000_000n }],
    Spending: [
      {
        payer: world.clients[0].address, spender: world.clients[1].address, perJob: 2n ** 96n - 1n, perDay: 5n, until: 2 ** 40 - 1, nonce: 2n ** 256n - 1n,
        expiry: 2n ** 64n - 1n,
      },
    ],
    Void: [{ account: world.clients[0].address, spent: 2n ** 256n - 1n, expiry: 1_900_000_000n }],
    Pledge: [{ job: word("job"), account: world.clients[0].address, round: 2 }],
    Withdraw: [{ account: world.clients[0].address, to: world.clients[1].address, amount: 2n ** 256n - 1n, nonce: 2n ** 256n - 1n, expiry: 2n ** 64n - 1n }],
    Claim: [{ operator: world.operators[0].address, to: world.clients[1].address, nonce: 7n, expiry: 1_900_000_000n }],
  };
  const structs = [];
  for (const [type, messages] of Object.entries(values)) {
    for (const message of messages) {
      const digest = await world.read(`hash${type}`, message);
      structs.push({ type, encodeType: `${type}(${model.types[type].map((entry) => `${entry.type} ${entry.name}`).join(",")})`, message, digest });
    }
  }
  const opening = { outputsRoot: word("outputs"), units: 30n, salt: word("salt") };
  const [bytes, number] = [(name) => ({ name, type: "bytes32" }), { name: "units", type: "uint64" }];
  const value = keccak256(encodeAbiParameters([bytes("outputsRoot"), number], [opening.outputsRoot, opening.units]));
  const commitment = keccak256(encodeAbiParameters([bytes("salt"), bytes("value")], [opening.salt, value]));
  return { domain: world.domain, structs, opening: { ...opening, value, commitment } };
}
