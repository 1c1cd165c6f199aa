// The conservation check: the books rebuilt from the events alone, the views, and the tokens must tell one story.
import assert from "node:assert/strict";
import { numberToHex, parseEventLogs } from "viem";
import * as model from "./model.mjs";
import { Book, Reason, State } from "./words.mjs";

const POOLS = [Book.CheckPool, Book.InsurancePool];
const ENDS = ["RewardReleased", "JobRefunded", "StakeSlashed"];
const nameOf = (account, book) => `${account} ${book}`;
const sum = (values) => values.reduce((a, b) => a + b, 0n);

/** @param donated Tokens sent to the escrow outside of its functions. */
export async function checkBooks(world, { donated = 0n } = {}) {
  const history = await world.history();
  const books = new Map();
  const jobs = new Map();
  const tokens = await tokensMoved(world);
  for (const [hash, events] of grouped(history, (event) => event.transactionHash)) {
    checkPools(world, events, jobs, (book) => books.get(nameOf(world.escrow, book))?.balance ?? 0n);
    const reserves = events.map((event) => applyToJobs(jobs, event));
    const moved = events.filter(({ eventName }) => eventName === "LedgerMoved").map(({ args }) => applyToBooks(books, args));
    assert.equal(sum(moved) + sum(reserves), tokens.get(hash) ?? 0n, `movements and reserves of ${hash} against the tokens it moved`);
    tokens.delete(hash);
  }
  assert.equal(sum([...tokens.values()]), donated, "tokens that came past the escrow's functions");

  for (const { account, book, balance } of books.values()) assert.equal(await viewed(world, account, book), balance, `view of book ${book} of ${account}`);
  const held = sum([...books.values()].map(({ balance }) => balance)) + sum([...jobs.values()].map((job) => job.reserve));
  assert.equal(await world.balance(world.escrow), held + donated, "tokens held against the sum of all books and reserves");
  await checkJobs(world, history, jobs);
  return books;
}

/** What the client's jobs in flight hold, by the events. */
export function reservedOf(history, client) {
  const jobs = new Map();
  for (const event of history) applyToJobs(jobs, event);
  return sum([...jobs.values()].filter((job) => (job.payer ?? job.client) === client).map((job) => job.reserve));
}

/** Returns the change of reserves. */
function applyToJobs(jobs, { eventName, args }) {
  if (eventName === "JobBound") {
    jobs.set(args.job, args.payer === model.ZERO ? {} : { payer: args.payer });
    return 0n;
  }
  if (eventName === "JobOpened") {
    const bound = jobs.get(args.job);
    assert.ok(!bound?.client, `${args.job} opened twice`);
    const job = { ...bound, ...args, ...model.numbersOf(args) };
    assert.equal(job.bound, bound !== undefined, `${args.job} is bound as its terms say`);
    const reserve = job.maxPrice + job.fee;
    jobs.set(args.job, { ...job, reserve });
    return reserve;
  }
  if (!ENDS.includes(eventName)) return 0n;
  const job = jobs.get(args.job);
  assert.ok(job && !job.ended, `${args.job} ended twice`);
  const { reserve } = job;
  Object.assign(job, { ended: true, reserve: 0n });
  return -reserve;
}

/** Returns the movement. */
function applyToBooks(books, { account, book, amount, balance: told }) {
  const name = nameOf(account, book);
  const balance = (books.get(name)?.balance ?? 0n) + amount;
  assert.ok(amount !== 0n, "a movement of nothing");
  assert.notEqual(book, Book.Reserved, "a line of a book that has none");
  assert.equal(told, balance, `event balance of ${name}`);
  assert.ok(balance >= 0n, `negative balance of ${name}`);
  books.set(name, { account, book, balance });
  return amount;
}

/** Fees in and checks out of one transaction, computed again, are its one line per pool. */
function checkPools(world, events, jobs, balanceOf) {
  const before = POOLS.map(balanceOf);
  const after = [...before];
  for (const { eventName, args } of events) {
    // Stake that a case frees may be owed to the insurance.
    if (eventName === "LedgerMoved" && args.reason === Reason.Insurance && args.book === Book.InsurancePool) {
      before[1] += args.amount;
      after[1] += args.amount;
    }
    if (eventName !== "RewardReleased") continue;
    const job = jobs.get(args.job);
    const price = model.price({ ...job, units: args.units });
    assert.equal(args.price, price, `price of ${args.job}`);
    after[0] += job.fee - world.parameters.keeperPart + model.recordFee(world.parameters, job.ratePpm, price);
    const pay = args.reexecutor === model.ZERO ? 0n : takeFromPools(after, price);
    const paid = events.filter((event) => event.eventName === "LedgerMoved" && event.args.job === args.job && event.args.reason === Reason.CheckPay);
    assert.deepEqual(paid.map((line) => [line.args.account, line.args.book, line.args.amount]), pay === 0n ? [] : [[args.reexecutor, Book.Earned, pay]]);
  }
  const lines = events.filter(({ eventName, args }) => eventName === "LedgerMoved" && args.reason === Reason.Checks);
  const expected = POOLS.map((book, i) => [book, after[i] - before[i]]).filter(([, amount]) => amount !== 0n);
  assert.deepEqual(lines.map(({ args }) => [args.book, args.amount]), expected, "what a batch did to the pools");
  for (const { args } of lines) assert.deepEqual([args.job, args.account], [model.ZERO32, world.escrow]);
}

function takeFromPools(pools, wanted) {
  const [fromChecks, fromInsurance] = model.fill(pools, wanted);
  pools[0] -= fromChecks;
  pools[1] -= fromInsurance;
  return fromChecks + fromInsurance;
}

/** The record from the events is the kept one to the end and beyond, and exposure is the sum of the max prices in flight. */
async function checkJobs(world, history, jobs) {
  const exposures = new Map(world.operators.map((operator) => [operator.address, 0n]));
  const byJob = grouped(history.filter(({ args }) => jobs.has(args.job)), ({ args }) => args.job);
  for (const [id, job] of jobs) {
    const [state] = await world.read("stateOf", id);
    assert.equal(state >= State.Released, job.ended ?? false, `end of ${id}`);
    assert.equal(await world.read("isRecord", id, world.recordFrom(byJob.get(id))), true, `record of ${id}`);
    if (!job.ended) exposures.set(job.operator, exposures.get(job.operator) + job.maxPrice);
  }
  for (const [operator, exposure] of exposures) assert.equal((await world.read("operatorOf", operator)).exposure, exposure, `exposure of ${operator}`);
}

/** What each transaction brought to the escrow, less what it took. */
async function tokensMoved(world) {
  const logs = await world.rpc("eth_getLogs", { address: world.token, fromBlock: numberToHex(0), toBlock: "latest" });
  const net = new Map();
  for (const { args, transactionHash } of parseEventLogs({ abi: world.tokenArtifact.abi, logs, eventName: "Transfer" })) {
    const change = (args.to === world.escrow ? args.value : 0n) - (args.from === world.escrow ? args.value : 0n);
    if (change !== 0n) net.set(transactionHash, (net.get(transactionHash) ?? 0n) + change);
  }
  return net;
}

function grouped(list, keyOf) {
  const groups = new Map();
  for (const entry of list) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry]);
  return groups;
}

async function viewed(world, account, book) {
  if (POOLS.includes(book)) {
    assert.equal(account, world.escrow);
    return (await world.read("pools"))[POOLS.indexOf(book)];
  }
  if (book === Book.Available) return world.read("available", account);
  const operator = await world.read("operatorOf", account);
  return { [Book.Bond]: operator.bond, [Book.Locked]: operator.locked, [Book.Earned]: operator.earned }[book];
}
