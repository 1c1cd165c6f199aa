// Whole-transaction gas of the escrow on Hardhat's local chain, with the published figures of others beside it.
// Usage: node bench/gas.mjs [--json FILE] [--write]
//   --write  makes these figures the committed snapshot (bench/gas.snapshot.json), which a contract test compares with.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { keccak256, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";

process.chdir(new URL("..", import.meta.url).pathname);
const { artifact, USD, World } = await import("../tests/contracts/support/world.mjs");
const { merkleTree } = await import("../tests/contracts/support/merkle.mjs");

const PRICE = 1n * USD;
const VETERANS = 8;
const DATE = "2030-01-01T00:00:00Z";
const terms = { order: { maxPrice: PRICE, unitPrice: 20_000n, maxFee: 1n * USD } };
const WHOLE = 50n; // units that cost the max price
const accountAt = (addressIndex) => mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex });

/** The committed figures. */
export const snapshot = async () => JSON.parse(await readFile(new URL("gas.snapshot.json", import.meta.url), "utf8"));

/** Every party has moved money before, so no figure hides or carries a first write that happens once in a life. */
async function steadyWorld() {
  const world = await World.create({}, undefined, { initialDate: DATE });
  world.clients.push(accountAt(14), accountAt(15));
  for (const client of world.clients) await world.fund(client, 10_000n * USD);
  for (const operator of world.operators) await world.register(operator);
  await world.toToken(world.stranger, "mint", world.stranger.address, 200n * USD);
  await world.toToken(world.stranger, "approve", world.escrow, 2n ** 256n - 1n);
  await world.send(world.stranger, "donate", 5, 100n * USD);
  await world.send(world.stranger, "donate", 6, 100n * USD);
  // Nine clean checks bring an operator to the floor rate.
  for (const operator of veterans(world)) {
    const jobs = await agreed(world, 9, [operator]);
    await open(world, jobs);
    await submit(world, jobs);
    await decide(world, jobs);
    await release(world, jobs);
    await world.send(world.stranger, "claim", operator.address);
  }
  return world;
}

const veterans = (world) => world.operators.slice(0, VETERANS);
const newcomers = (world) => world.operators.slice(VETERANS);

async function agreed(world, count, operators, units = 30n) {
  const jobs = [];
  for (let i = 0; i < count; i++) {
    jobs.push(await world.agree({ operator: operators[i % operators.length], client: world.clients[i % world.clients.length], units, ...terms }));
  }
  return jobs;
}

const gasOf = async (call) => {
  const { gas, events } = await call;
  if (events.some((event) => event.eventName === "ItemSkipped")) throw new Error("an item of the batch was left out");
  return Number(gas);
};
const open = (world, jobs, from = world.stranger) => gasOf(world.send(from, "open", jobs.map((job) => job.item)));
const submit = async (world, jobs, from = world.stranger) => gasOf(world.send(from, "submit", await Promise.all(jobs.map((job) => world.resultItem(job)))));

/** Sampled jobs go with their check. */
async function release(world, jobs, from = world.stranger) {
  const items = [];
  for (const job of jobs) items.push(await world.releaseItem(job, (await isSampled(world, job)) ? await world.check(job) : undefined));
  return gasOf(world.send(from, "release", items));
}

async function decide(world, jobs) {
  const epochs = new Set(await Promise.all(jobs.map(async (job) => (await world.recordOf(job.id)).epoch)));
  for (const epoch of epochs) if (BigInt(await world.read("seedOf", epoch + 1n)) === 0n) await world.recordSeedAfter(epoch);
  await world.passReview(jobs.at(-1));
}

async function isSampled(world, job) {
  const [decided, sampled] = await world.isSampled(job.id);
  if (!decided) throw new Error("a job is undecided");
  return sampled;
}

async function single(world, { from, units, sampled = false }) {
  const [job] = await agreed(world, 1, veterans(world).slice(0, 1), units);
  const figures = { open: await open(world, [job], from), submit: await submit(world, [job], from) };
  const { epoch } = await world.recordOf(job.id);
  for (let attempt = 0; ; attempt++) {
    const before = await world.snapshot();
    await world.pass(1 + attempt);
    await world.recordSeedAfter(epoch);
    if ((await isSampled(world, job)) === sampled) break;
    await world.restore(before);
  }
  await world.passReview(job);
  figures.release = await release(world, [job], from);
  return { ...figures, job: figures.open + figures.submit + figures.release };
}

async function batch(world, size) {
  // More than the batch, so that enough of them are not sampled.
  const spare = Math.ceil(size / 4) + 6;
  const [jobs, more] = [await agreed(world, size, veterans(world)), await agreed(world, spare, veterans(world))];
  const opened = await open(world, jobs);
  await open(world, more);
  const submitted = await submit(world, jobs);
  await submit(world, more);
  await decide(world, [...jobs, ...more]);
  const unsampled = [];
  for (const job of [...jobs, ...more]) if (!(await isSampled(world, job))) unsampled.push(job);
  if (unsampled.length < size) throw new Error(`only ${unsampled.length} of ${jobs.length + more.length} jobs were not sampled`);
  const released = await release(world, unsampled.slice(0, size));
  const perJob = (gas) => Math.round(gas / size);
  return { open: perJob(opened), submit: perJob(submitted), release: perJob(released), job: perJob(opened + submitted + released) };
}

/** Newcomers are always sampled. */
async function sampledBatch(world, size) {
  const jobs = await agreed(world, size, newcomers(world));
  await open(world, jobs);
  await submit(world, jobs);
  await decide(world, jobs);
  return Math.round((await release(world, jobs)) / size);
}

/** A case of three seats, and the slash of the convicted. */
async function dispute(world, convicted) {
  const gas = {};
  const send = async (name, ...args) => gasOf(world.send(world.stranger, name, ...args));
  const job = await world.decided({ operator: newcomers(world)[0], sampled: true, ...terms });
  const record = await world.recordOf(job.id);
  job.accuser = await world.drawn(job);
  const value = keccak256(toHex("another value"));
  const { check, checkSignature } = await world.check(job, { value });
  gas.accuse = await send("accuse", record, check, checkSignature);
  const { epoch } = await world.round(job);
  await world.mine((epoch + 2n) * BigInt(world.parameters.epochBlocks) - 1n - (await world.blockNumber()));
  gas.record_seed = await send("recordSeed", epoch + 1n);
  gas.draw_seats = await send("drawSeats", job.id, record);
  job.seats = (await world.round(job)).seats.map((seat) => world.operatorAt(seat));
  job.values = Array(3).fill(convicted ? value : job.value);
  gas.commit_3_seats = await send("commitSeats", await Promise.all(job.values.map((each, seat) => world.seatItem(job, seat, each))));
  gas.open_claim = await send("openClaim", job.id, record, job.opening);
  gas[`certificate_3_${convicted ? "convicted" : "cleared"}`] = await send("certify", ...(await world.certificate(job)));
  if (!convicted) return gas;
  await world.pass(world.parameters.appealWindow);
  gas.slash = await gasOf(world.send(job.accuser, "slash", await world.jobItems(job.id)));
  return gas;
}

/** A conviction that is appealed before seven more seats. */
async function appeal() {
  const world = await World.create({ secondSeats: 7, convictQuorum: 6, clearQuorum: 4, minRoster: 12 }, undefined, { initialDate: DATE });
  world.operators.push(...[10, 11, 12].map((i) => world.person(i)));
  await world.fund(world.clients[0], 10_000n * USD);
  for (const operator of world.operators) await world.register(operator);
  const job = await world.convicted(terms);
  const value = job.values[0];
  const gas = {};
  const send = async (name, ...args) => gasOf(world.send(world.stranger, name, ...args));
  gas.appeal = await send("appeal", ...(await world.pledge(job, 2, job.operator, job.operator.signer)));
  job.round = 2;
  await world.recordSeedAfter((await world.round(job)).epoch);
  gas.draw_7_seats = await send("drawSeats", job.id, await world.recordOf(job.id));
  job.seats = (await world.round(job)).seats.map((seat) => world.operatorAt(seat));
  job.values = Array(7).fill(value);
  gas.commit_7_seats = await send("commitSeats", await Promise.all(job.values.map((each, seat) => world.seatItem(job, seat, each))));
  gas.certificate_7_convicted = await send("certify", ...(await world.certificate(job)));
  await world.connection.close();
  return gas;
}

/** Money that moves by somebody else's hand, between parties that have moved money before. */
async function byOthersHands(world, operator) {
  const [client, other] = world.clients;
  const send = (from, ...call) => gasOf(world.send(from, ...call));
  const gas = {};
  const expiry = 2n ** 64n - 1n;
  for (const { address } of [client, other]) await world.toToken(client, "mint", address, 10n * USD);
  gas.deposit_for = await send(client, "depositFor", other.address, 1n * USD);
  gas.withdraw_to = await send(client, "withdrawTo", other.address, 1n * USD);
  // A bitmap's first nonce writes a new word once in 256; the orders have begun this one.
  const withdrawal = { account: client.address, to: other.address, amount: 1n * USD, nonce: 255n, expiry };
  gas.withdraw_signed = await send(world.stranger, "withdrawSigned", withdrawal, await world.sign(client, "Withdraw", withdrawal));
  const wallet = await world.wallet(client);
  await world.send(client, "depositFor", wallet.address, 5n * USD);
  for (const nonce of [0n, 1n]) {
    const taken = { ...withdrawal, account: wallet.address, nonce };
    gas.withdraw_signed_by_wallet = await send(world.stranger, "withdrawSigned", taken, await world.sign(wallet, "Withdraw", taken));
  }
  const payout = await world.unlocked(operator.payoutKey);
  await world.send(payout, "cancelNonce", 0n);
  for (const [name, from] of [["claim_to", payout], ["claim_signed", world.stranger]]) {
    const [job] = await agreed(world, 1, veterans(world).slice(1, 2));
    await open(world, [job], operator);
    await world.pass(job.order.runWindow + 1);
    await world.send(operator, "expire", await world.jobItems(job.id));
    const claim = { operator: operator.address, to: other.address, nonce: 1n, expiry };
    const args = name === "claim_to" ? ["claimTo", operator.address, other.address] : ["claimSigned", claim, await world.sign(payout, "Claim", claim)];
    gas[name] = await send(from, ...args);
  }
  return gas;
}

/** Deposits by the holder's signature for the token. */
async function signedDeposits() {
  const world = await World.create({}, { name: "SignedToken", source: "SignedToken" }, { initialDate: DATE });
  const [holder] = world.clients;
  await world.fund(holder, 10n * USD);
  await world.toToken(holder, "mint", holder.address, 10n * USD);
  await world.toToken(holder, "approve", world.escrow, 0n);
  const deadline = 2n ** 64n - 1n;
  const gas = {};
  for (const nonce of [0n, 1n]) {
    const permit = await world.signForToken(holder, "Permit", { owner: holder.address, spender: world.escrow, value: USD, nonce, deadline });
    gas.deposit_permit = await gasOf(world.send(holder, "depositWithPermit", holder.address, USD, deadline, ...permit));
  }
  const [validAfter, nonce] = [0n, keccak256(toHex("authorization"))];
  const authorization = { from: holder.address, to: world.escrow, value: USD, validAfter, validBefore: deadline, nonce };
  const signature = await world.signForToken(holder, "ReceiveWithAuthorization", authorization);
  gas.deposit_authorization = await gasOf(world.send(world.stranger, "depositWithAuthorization", holder.address, USD, validAfter, deadline, nonce, ...signature));
  await world.connection.close();
  return gas;
}

/** A claim under the second root of an account that has claimed before, in a tree of 1,024. */
async function rewardClaim(world, operator) {
  const code = await artifact("Rewards");
  const rewards = await world.deploy(code, [world.token, world.stranger.address, world.clients[0].address, 60]);
  await world.toToken(world.stranger, "mint", rewards, 100n * USD);
  const others = Array.from({ length: 1023 }, (_, i) => ({ account: toHex(i + 1, { size: 20 }), amount: BigInt(i + 1) }));
  let gas;
  for (const epoch of [1n, 2n]) {
    const entry = { account: operator.address, amount: epoch * USD };
    const tree = merkleTree([...others, entry]);
    await world.transact(world.stranger, rewards, code.abi, "submitRoot", [epoch, tree.root]);
    await world.pass(60);
    gas = await gasOf(world.transact(operator, rewards, code.abi, "claim", [epoch, entry.amount, tree.proofOf(entry)]));
  }
  return { reward_claim: gas };
}

/** The seed of an epoch from a recorded round of drand's quicknet. */
async function beaconSeed() {
  const { chain, rounds: [first, second] } = JSON.parse(await readFile(new URL("../tests/vectors/drand.json", import.meta.url), "utf8"));
  const start = chain.genesis + (first.round - 1) * chain.period;
  const world = await World.create({ epochSeconds: chain.period, randomness: 1 }, undefined, { initialDate: new Date((start - 60) * 1000).toISOString() });
  await world.pass(60);
  const gas = {};
  for (const [i, { uncompressed }] of [first, second].entries()) {
    gas.record_beacon = await gasOf(world.send(world.stranger, "recordBeacon", 2n ** 39n + BigInt(start / chain.period + i - 1), `0x${uncompressed}`));
  }
  await world.connection.close();
  return gas;
}

/** @returns Figures by name. */
export async function measure() {
  const world = await steadyWorld();
  const newcomer = accountAt(16);
  const operator = veterans(world)[0];
  const gas = {};
  await world.toToken(newcomer, "mint", newcomer.address, 20n * USD);
  await world.toToken(newcomer, "approve", world.escrow, 2n ** 256n - 1n);
  gas.deposit_first = await gasOf(world.send(newcomer, "deposit", 5n * USD));
  gas.deposit_repeat = await gasOf(world.send(newcomer, "deposit", 5n * USD));
  gas.withdraw = await gasOf(world.send(newcomer, "withdraw", 1n * USD));

  const own = await single(world, { from: operator, units: WHOLE });
  Object.assign(gas, { open: own.open, submit: own.submit, release: own.release, job_single: own.job });
  gas.job_single_relayed = (await single(world, { from: world.stranger, units: 30n })).job;
  gas.sampling_adds_single = (await single(world, { from: operator, units: WHOLE, sampled: true })).release - own.release;
  for (const size of [8, 32, 128]) {
    const { open: opened, submit: submitted, release: released, job } = await batch(world, size);
    if (size === 32) Object.assign(gas, { open_batch32: opened, submit_batch32: submitted, release_batch32: released });
    gas[`job_batch${size}`] = job;
  }
  gas.sampling_adds = (await sampledBatch(world, 32)) - gas.release_batch32;
  for (const convicted of [false, true]) Object.assign(gas, await dispute(world, convicted));
  Object.assign(gas, await appeal());
  gas.claim = await gasOf(world.send(world.stranger, "claim", operator.address));
  const late = await world.opened({ operator, ...terms });
  await world.pass(late.order.runWindow + 1);
  gas.expire = await gasOf(world.send(world.stranger, "expire", await world.jobItems(late.id)));
  Object.assign(gas, await byOthersHands(world, operator), await rewardClaim(world, operator), await signedDeposits(), await beaconSeed());
  await world.connection.close();
  return gas;
}

/** Figures of others, and what ours may cost at most. */
export const beside = {
  deposit_first: ["50,907 Boundless, native coin; 91,581 iExec", 68_000], deposit_repeat: ["33,807 Boundless, native coin", 51_000],
  job_single: ["234,339 Boundless, lock + fulfil; 730,028 iExec Boost", 195_000], job_batch32: ["about 189,000 Boundless, lock 147,046 + 41,990", 100_000],
  sampling_adds: ["-", 15_000], slash: ["101,892 Boundless", 100_000], reward_claim: ["62,332 Uniswap distributor, best case", 60_000],
};

function print(gas) {
  const rows = Object.entries(gas).map(([name, used]) => [name, used.toLocaleString("en"), beside[name]?.[1].toLocaleString("en") ?? "", beside[name]?.[0] ?? ""]);
  const table = [["operation", "gas", "aim", "published by others (gas, native or ERC-20 as named)"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) console.log(row.map((cell, i) => (i === 1 || i === 2 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ").trimEnd());
  console.log(
    "\nWhole transactions, steady state, plain ERC-20, solc 0.8.37 via IR. Batch figures are per job; job_single is sent by its operator and costs the max price,\n" +
      "job_single_relayed is sent by somebody else and leaves a remainder; sampling_adds is per job of a batch of 32, slash is sent by the accuser.\n" +
      "Boundless, iExec and Uniswap: their committed gas snapshots.",
  );
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values: options } = parseArgs({ options: { json: { type: "string" }, write: { type: "boolean" } } });
  const gas = await measure();
  print(gas);
  const text = `${JSON.stringify(gas, null, 1)}\n`;
  if (options.json) await writeFile(options.json, text);
  if (options.write) await writeFile(new URL("gas.snapshot.json", import.meta.url), text);
}
