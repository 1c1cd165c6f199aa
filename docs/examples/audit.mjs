// Recomputes from the chain alone: every balance from LedgerMoved and the jobs in flight, and sampling and draw of every submitted job. Needs a node with the logs, nothing of ours.
//   node docs/examples/audit.mjs RPC_URL ESCROW [FROM_BLOCK]
import { readFile } from "node:fs/promises";
import { createPublicClient, encodeAbiParameters, erc20Abi, getAddress, http, keccak256, parseAbiParameters, toHex, zeroAddress } from "viem";

const [rpcUrl, escrow, from = "0"] = process.argv.slice(2);
const { abi } = JSON.parse(await readFile(new URL("../../contracts/abi/Escrow.json", import.meta.url), "utf8"));
const client = createPublicClient({ transport: http(rpcUrl) });
const block = await client.getBlock();
const at = { address: escrow, abi, blockNumber: block.number };
const read = (functionName, ...args) => client.readContract({ ...at, functionName, args });
const events = async (eventName) => (await client.getContractEvents({ ...at, eventName, fromBlock: BigInt(from), toBlock: block.number })).map(({ args, blockNumber }) => ({ ...args, blockNumber }));
let differences = 0;
const same = (what, expected, actual) => { if (expected !== actual) { differences++; console.log(`DIFFERENT ${what}: expected ${expected}, the contract says ${actual}`); } };

// Jobs: the record that calls about one carry, from its events, and whether it is in flight. Its numbers are packed in two words.
const [opened, submitted] = [await events("JobOpened"), await events("ResultSubmitted")];
const part = (word, from, bits) => BigInt.asUintN(bits, word >> BigInt(from));
const numbers = ({ terms, course }) => ({
  maxPrice: part(terms, 96, 96), ratePpm: part(terms, 224, 24), fee: part(course, 0, 96), epoch: part(course, 176, 40), rosterLength: part(course, 216, 24),
});
const records = new Map();
for (const e of opened) records.set(e.job, { ...e, payer: zeroAddress, witness: zeroAddress, commitment: toHex(0, { size: 32 }) });
for (const { job, payer, witness } of await events("JobBound")) Object.assign(records.get(job), { payer, witness });
for (const { job, course, commitment } of submitted) Object.assign(records.get(job), { course, commitment });
for (const record of records.values()) Object.assign(record, numbers(record));
const ended = new Set((await Promise.all(["RewardReleased", "JobRefunded", "StakeSlashed"].map(events))).flat().map(({ job }) => job));
for (const [job, record] of records) {
  same(`record of job ${job}`, true, await read("isRecord", job, record));
  const [state] = await read("stateOf", job);
  same(`job ${job} ended`, ended.has(job), state >= 5);
}

// Balances: the signed sum of each book's movements; every event also carries the balance after it. What is reserved has no movements.
const Book = ["Available", "Reserved", "Bond", "Locked", "Earned", "CheckPool", "InsurancePool"];
const views = Book.filter((book) => book !== "Reserved");
const books = new Map();
const add = (key, amount) => books.set(key, (books.get(key) ?? 0n) + amount);
const moves = await events("LedgerMoved");
for (const { account, book, amount, balance } of moves) {
  const key = `${account} ${Book[book]}`;
  add(key, amount);
  same(`${key} in block`, books.get(key), balance);
}
for (const account of new Set(moves.map((m) => m.account))) {
  const available = await read("available", account);
  const { bond, locked, earned } = await read("operatorOf", account);
  const [checkPool, insurancePool] = getAddress(account) === getAddress(escrow) ? await read("pools") : [0n, 0n];
  [available, bond, locked, earned, checkPool, insurancePool].forEach((held, i) => same(`${account} ${views[i]}`, books.get(`${account} ${views[i]}`) ?? 0n, held));
}
const purseOf = ({ client: who, payer }) => (payer === zeroAddress ? who : payer);
for (const [job, record] of records) if (!ended.has(job)) add(`${purseOf(record)} Reserved`, record.maxPrice + record.fee);
const owed = [...books.values()].reduce((a, b) => a + b, 0n);
const held = await client.readContract({ address: await read("token"), abi: erc20Abi, functionName: "balanceOf", args: [escrow], blockNumber: block.number });
if (held < owed) differences++;
console.log(`block ${block.number}: ${moves.length} movements, ${books.size} books, owed ${owed}, held ${held}`);

// Sampling and draw.
const hash = (types, ...values) => BigInt(keccak256(encodeAbiParameters(parseAbiParameters(types), values)));
const [SAMPLE, DRAW] = ["assay.sample", "assay.draw"].map((tag) => keccak256(toHex(tag)));
const { epochBlocks } = await read("parameters");
const seeds = new Map((await events("SeedRecorded")).map(({ epoch, seed }) => [epoch, seed]));
const roster = [];
for (const { operator, place, cluster } of await events("OperatorJoined")) roster[place] = { operator, cluster };
for (const { place, blockNumber } of await events("OperatorRetired")) roster[place].retiredAt = blockNumber;
const clusterOf = new Map((await events("OperatorJoined")).map(({ operator, cluster }) => [operator, cluster]));

function draw({ seed, job, round, length, epoch, taken }, count) {
  const [clusters, lastBlock, picks] = [new Set(taken), (epoch + 1n) * BigInt(epochBlocks) - 1n, []];
  for (let probe = 0n; probe < 64n && picks.length < count; probe++) {
    const place = roster[hash("bytes32, bytes32, bytes32, uint8, uint256", DRAW, seed, job, round, probe) % BigInt(length)];
    if ((place.retiredAt !== undefined && place.retiredAt <= lastBlock) || [records.get(job).client, records.get(job).payer].includes(place.operator) || clusters.has(place.cluster)) continue;
    clusters.add(place.cluster);
    picks.push(place.operator);
  }
  return picks;
}

let sampledJobs = 0;
for (const { job } of submitted) {
  const record = records.get(job);
  const { operator, epoch, ratePpm, rosterLength } = record;
  const seed = seeds.get(epoch + 1n);
  const sampled = seed !== undefined && hash("bytes32, bytes32, bytes32", SAMPLE, seed, job) % 1_000_000n < BigInt(ratePpm);
  const [, contracts] = await read("isSampled", job, record);
  same(`job ${job} sampled`, sampled, contracts);
  if (!sampled) continue;
  sampledJobs++;
  const picks = draw({ seed, job, round: 0, length: rosterLength, epoch: epoch + 1n, taken: [clusterOf.get(operator)] }, 3);
  for (let n = 0; n < picks.length; n++) same(`job ${job} attempt ${n}`, picks[n], await read("drawnFor", job, record, n));
}
const accused = new Map((await events("ResultAccused")).map((e) => [e.job, e]));
for (const { job, seats } of await events("SeatsDrawn")) {
  const { epoch, rosterLength, accuser } = accused.get(job);
  const taken = [clusterOf.get(records.get(job).operator), clusterOf.get(accuser)];
  same(`job ${job} seats`, draw({ seed: seeds.get(epoch + 1n), job, round: 1, length: rosterLength, epoch: epoch + 1n, taken }, 3).join(), seats.join());
}
console.log(`${submitted.length} results, ${sampledJobs} sampled, ${accused.size} cases; ${differences} differences`);
process.exitCode = differences ? 1 : 0;
