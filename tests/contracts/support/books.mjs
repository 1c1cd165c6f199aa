// The conservation check: the books rebuilt from LedgerMoved alone, the views, and the tokens must tell one story.
import assert from "node:assert/strict";
import { numberToHex, parseEventLogs } from "viem";
import { Book } from "./words.mjs";

const CLIENT_BOOKS = [Book.Available, Book.Reserved];
const POOLS = [Book.CheckPool, Book.InsurancePool];

/** @param donated Tokens sent to the escrow outside of its functions. */
export async function checkBooks(world, { donated = 0n } = {}) {
  const logs = await world.rpc("eth_getLogs", { address: world.escrow, fromBlock: numberToHex(0), toBlock: "latest" });
  const moves = parseEventLogs({ abi: world.abi, logs, eventName: "LedgerMoved" });
  const books = new Map();
  const perTransaction = new Map();
  for (const { args, transactionHash } of moves) {
    const name = `${args.account} ${args.book}`;
    const balance = (books.get(name)?.balance ?? 0n) + args.amount;
    assert.ok(args.amount !== 0n, "a movement of nothing");
    assert.equal(args.balance, balance, `event balance of ${name}`);
    assert.ok(balance >= 0n, `negative balance of ${name}`);
    books.set(name, { account: args.account, book: args.book, balance });
    perTransaction.set(transactionHash, (perTransaction.get(transactionHash) ?? 0n) + args.amount);
  }

  let total = 0n;
  for (const { account, book, balance } of books.values()) {
    assert.equal(await viewed(world, account, book), balance, `view of book ${book} of ${account}`);
    total += balance;
  }
  assert.equal(await world.balance(world.escrow), total + donated, "tokens held against the sum of all books");

  const tokenLogs = await world.rpc("eth_getLogs", { address: world.token, fromBlock: numberToHex(0), toBlock: "latest" });
  const transfers = parseEventLogs({ abi: world.tokenArtifact.abi, logs: tokenLogs, eventName: "Transfer" });
  const net = new Map();
  for (const { args, transactionHash } of transfers) {
    const sign = (who) => (who.toLowerCase() === world.escrow.toLowerCase() ? 1n : 0n);
    net.set(transactionHash, (net.get(transactionHash) ?? 0n) + args.value * (sign(args.to) - sign(args.from)));
  }
  for (const [hash, sum] of perTransaction) assert.equal(sum, net.get(hash) ?? 0n, `movements of ${hash} against the tokens it moved`);
  await checkExposure(world);
  return books;
}

/** Exposure is the sum of the max prices of an operator's jobs in flight. */
async function checkExposure(world) {
  const logs = await world.rpc("eth_getLogs", { address: world.escrow, fromBlock: numberToHex(0), toBlock: "latest" });
  const sums = new Map(world.operators.map((operator) => [operator.address.toLowerCase(), 0n]));
  for (const { args } of parseEventLogs({ abi: world.abi, logs, eventName: "JobOpened" })) {
    const job = await world.jobOf(args.job);
    const operator = job.operator.toLowerCase();
    if (job.state <= 4) sums.set(operator, sums.get(operator) + job.maxPrice);
  }
  for (const [operator, sum] of sums) assert.equal((await world.read("operatorOf", operator)).exposure, sum, `exposure of ${operator}`);
}

async function viewed(world, account, book) {
  if (POOLS.includes(book)) {
    assert.equal(account.toLowerCase(), world.escrow.toLowerCase());
    return (await world.read("pools"))[POOLS.indexOf(book)];
  }
  if (CLIENT_BOOKS.includes(book)) return (await world.read("account", account))[book];
  const operator = await world.read("operatorOf", account);
  return { [Book.Bond]: operator.bond, [Book.Locked]: operator.locked, [Book.Earned]: operator.earned }[book];
}
