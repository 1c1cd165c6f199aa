// Whole-transaction gas of the escrow on Hardhat's local chain, with the published figures of others beside it.
// Usage: node bench/gas.mjs [--json FILE]
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { keccak256, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";

process.chdir(new URL("..", import.meta.url).pathname);
const { USD, World } = await import("../tests/contracts/support/world.mjs");
const { values: options } = parseArgs({ options: { json: { type: "string" } } });

const PRICE = 1n * USD;
const BATCH = 32;
const terms = { order: { maxPrice: PRICE, unitPrice: 20_000n, maxFee: 1n * USD } };
const gas = {};

const world = await World.create();
const accountAt = (addressIndex) => mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex });
world.clients.push(accountAt(14), accountAt(15));
const newcomer = accountAt(16);
const send = (name, ...args) => world.send(world.stranger, name, ...args);
const measured = async (name, call) => (gas[name] = Number((await call).gas));

// Steady state: every party has moved money before, so no figure hides or carries a first write that happens once in a life.
for (const client of world.clients) await world.fund(client, 10_000n * USD);
for (const operator of world.operators) await world.register(operator);
await world.toToken(world.stranger, "mint", world.stranger.address, 200n * USD);
await world.toToken(world.stranger, "approve", world.escrow, 2n ** 256n - 1n);
await world.send(world.stranger, "donate", 5, 100n * USD);
await world.send(world.stranger, "donate", 6, 100n * USD);
const veterans = world.operators.slice(0, 8);

async function submitAll(jobs) {
  await send("open", jobs.map((job) => job.item));
  await send("submit", await Promise.all(jobs.map((job) => world.resultItem(job))));
}

async function decide(jobs) {
  const epochs = new Set(await Promise.all(jobs.map(async (job) => (await world.jobOf(job.id)).epoch)));
  for (const epoch of epochs) if (BigInt(await world.read("seedOf", epoch + 1n)) === 0n) await world.recordSeedAfter(epoch);
  await world.passReview(jobs.at(-1));
}

async function isSampled(job) {
  const [decided, sampled] = await world.isSampled(job.id);
  if (!decided) throw new Error("a job is undecided");
  return sampled;
}

// Nine clean checks bring an operator to the floor rate.
for (const operator of veterans) {
  const jobs = [];
  for (let i = 0; i < 9; i++) jobs.push(await world.agree({ operator, client: world.clients[i % world.clients.length], ...terms }));
  await submitAll(jobs);
  await decide(jobs);
  const items = [];
  for (const job of jobs) items.push(await world.releaseItem(job, await world.check(job)));
  await send("release", items);
  await send("claim", operator.address);
}

await world.toToken(newcomer, "mint", newcomer.address, 20n * USD);
await world.toToken(newcomer, "approve", world.escrow, 2n ** 256n - 1n);
await measured("deposit_first", world.send(newcomer, "deposit", 5n * USD));
await measured("deposit_repeat", world.send(newcomer, "deposit", 5n * USD));
await measured("withdraw", world.send(newcomer, "withdraw", 1n * USD));

// One honest job, singly.
async function single(sampled) {
  const job = await world.agree({ operator: veterans[0], ...terms });
  const figures = { open: Number((await send("open", [job.item])).gas), submit: Number((await send("submit", [await world.resultItem(job)])).gas) };
  const { epoch } = await world.jobOf(job.id);
  for (let attempt = 0; ; attempt++) {
    const before = await world.snapshot();
    await world.pass(1 + attempt);
    await world.recordSeedAfter(epoch);
    if ((await isSampled(job)) === sampled) break;
    await world.restore(before);
  }
  await world.passReview(job);
  const item = await world.releaseItem(job, sampled ? await world.check(job) : undefined);
  figures.release = Number((await send("release", [item])).gas);
  return figures;
}
const honest = await single(false);
Object.assign(gas, { open: honest.open, submit: honest.submit, release: honest.release, job_single: honest.open + honest.submit + honest.release });
gas.sampling_adds = (await single(true)).release - honest.release;

// The same in batches of 32, over 4 clients and 8 operators.
const batches = [[], []];
for (const jobs of batches) {
  for (let i = 0; i < BATCH; i++) {
    jobs.push(await world.agree({ operator: veterans[i % veterans.length], client: world.clients[i % world.clients.length], ...terms }));
  }
}
const opened = await send("open", batches[0].map((job) => job.item));
await send("open", batches[1].map((job) => job.item));
const submitted = await send("submit", await Promise.all(batches[0].map((job) => world.resultItem(job))));
await send("submit", await Promise.all(batches[1].map((job) => world.resultItem(job))));
await decide(batches.flat());
const unsampled = [];
for (const job of batches.flat()) if (!(await isSampled(job))) unsampled.push(job);
const released = await send("release", await Promise.all(unsampled.slice(0, BATCH).map((job) => world.releaseItem(job))));
if (released.events.some((event) => event.eventName === "ItemSkipped") || unsampled.length < BATCH) throw new Error("the batch was not released whole");
const perJob = (call) => Math.round(Number(call.gas) / BATCH);
Object.assign(gas, { open_batch32: perJob(opened), submit_batch32: perJob(submitted), release_batch32: perJob(released) });
gas.job_batch32 = Math.round(Number(opened.gas + submitted.gas + released.gas) / BATCH);

// A case, cleared and convicted, and its slash.
for (const convicted of [false, true]) {
  const suffix = convicted ? "_convicted" : "_cleared";
  const job = await world.decided({ operator: world.operators[8], sampled: true, ...terms });
  job.accuser = await world.drawn(job);
  const value = keccak256(toHex("another value"));
  const { check, checkSignature } = await world.check(job, { value });
  await measured("accuse", send("accuse", await world.recordOf(job.id), check, checkSignature));
  const { epoch } = await world.read("caseOf", job.id);
  await world.mine((epoch + 2n) * BigInt(world.parameters.epochBlocks) - 1n - (await world.blockNumber()));
  await measured("record_seed", send("recordSeed", epoch + 1n));
  await measured("draw_seats", send("drawSeats", job.id, await world.recordOf(job.id)));
  job.seats = (await world.read("caseOf", job.id)).seats.map((seat) => world.operatorAt(seat));
  job.values = Array(3).fill(convicted ? value : job.value);
  await measured("commit_3_seats", send("commitSeats", await Promise.all(job.values.map((each, seat) => world.seatItem(job, seat, each)))));
  await measured("open_claim", send("openClaim", job.id, await world.recordOf(job.id), job.opening));
  await measured(`certificate_3${suffix}`, send("certify", ...(await world.certificate(job))));
  if (!convicted) continue;
  await world.pass(world.parameters.appealWindow);
  await measured("slash", send("slash", await world.jobItems(job.id)));
}
await measured("claim", send("claim", veterans[0].address));
const late = await world.opened({ operator: veterans[1], ...terms });
await world.pass(late.order.runWindow + 1);
await measured("expire", send("expire", await world.jobItems(late.id)));

const beside = {
  deposit_first: ["50,907 Boundless, native coin; 91,581 iExec", 68_000], deposit_repeat: ["33,807 Boundless, native coin", 51_000],
  job_single: ["234,339 Boundless, lock + fulfil; 730,028 iExec Boost", 195_000], job_batch32: ["about 189,000 Boundless, lock 147,046 + 41,990", 100_000],
  sampling_adds: ["-", 15_000], slash: ["101,892 Boundless", 100_000], claim: ["62,332 Uniswap distributor, best case", 60_000],
};
const rows = Object.entries(gas).map(([name, used]) => [name, used.toLocaleString("en"), beside[name]?.[1].toLocaleString("en") ?? "", beside[name]?.[0] ?? ""]);
const table = [["operation", "gas", "aim", "published by others (gas, native or ERC-20 as named)"], ...rows];
const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column].length)));
for (const row of table) console.log(row.map((cell, i) => (i === 1 || i === 2 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ").trimEnd());
console.log("\nWhole transactions, steady state, plain ERC-20, solc 0.8.37 via IR, optimizer 200 runs. Batch figures are per job. Boundless, iExec and Uniswap: their committed gas snapshots.");
if (options.json) await writeFile(options.json, `${JSON.stringify(gas, null, 1)}\n`);
await world.connection.close();
