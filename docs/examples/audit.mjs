// Recomputes from the chain alone: every balance from LedgerMoved, and sampling and draw of every submitted job. Needs a node with the logs, nothing of ours.
//   node docs/examples/audit.mjs RPC_URL ESCROW [FROM_BLOCK]
import { readFile } from "node:fs/promises";
import { createPublicClient, encodeAbiParameters, erc20Abi, getAddress, http, keccak256, parseAbiParameters, toHex } from "viem";

const [rpcUrl, escrow, from = "0"] = process.argv.slice(2);
const { abi } = JSON.parse(await readFile(new URL("../../contracts/abi/Escrow.json", import.meta.url), "utf8"));
const client = createPublicClient({ transport: http(rpcUrl) });
const block = await client.getBlock();
const at = { address: escrow, abi, blockNumber: block.number };
const read = (functionName, ...args) => client.readContract({ ...at, functionName, args });
const events = async (eventName) => (await client.getContractEvents({ ...at, eventName, fromBlock: BigInt(from), toBlock: block.number })).map(({ args, blockNumber }) => ({ ...args, blockNumber }));
let differences = 0;
const same = (what, expected, actual) => { if (expected !== actual) { differences++; console.log(`DIFFERENT ${what}: expected ${expected}, the contract says ${actual}`); } };

// Balances: the signed sum of each book's movements; every event also carries the balance after it.
const Book = ["Available", "Reserved", "Bond", "Locked", "Earned", "CheckPool", "InsurancePool"];
const books = new Map();
const moves = await events("LedgerMoved");
for (const { account, book, amount, balance } of moves) {
  const key = `${account} ${Book[book]}`;
  books.set(key, (books.get(key) ?? 0n) + amount);
  same(`${key} in block`, books.get(key), balance);
}
for (const account of new Set(moves.map((m) => m.account))) {
  const [available, reserved] = await read("account", account);
  const { bond, locked, earned } = await read("operatorOf", account);
  const [checkPool, insurancePool] = getAddress(account) === getAddress(escrow) ? await read("pools") : [0n, 0n];
  [available, reserved, bond, locked, earned, checkPool, insurancePool].forEach((held, i) => same(`${account} ${Book[i]}`, books.get(`${account} ${Book[i]}`) ?? 0n, held));
}
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
const clusterOf = new Map((await events("OperatorRegistered")).map(({ operator, payout }) => [operator, payout]));
const clientOf = new Map((await events("JobOpened")).map(({ job, client: who }) => [job, who]));

function draw({ seed, job, round, length, epoch, taken }, count) {
  const [clusters, lastBlock, picks] = [new Set(taken), (epoch + 1n) * BigInt(epochBlocks) - 1n, []];
  for (let probe = 0n; probe < 64n && picks.length < count; probe++) {
    const place = roster[hash("bytes32, bytes32, bytes32, uint8, uint256", DRAW, seed, job, round, probe) % BigInt(length)];
    if ((place.retiredAt !== undefined && place.retiredAt <= lastBlock) || place.operator === clientOf.get(job) || clusters.has(place.cluster)) continue;
    clusters.add(place.cluster);
    picks.push(place.operator);
  }
  return picks;
}

const submitted = await events("ResultSubmitted");
let sampledJobs = 0;
for (const { job, operator, epoch, ratePpm, rosterLength } of submitted) {
  const seed = seeds.get(epoch + 1n);
  const sampled = seed !== undefined && hash("bytes32, bytes32, bytes32", SAMPLE, seed, job) % 1_000_000n < BigInt(ratePpm);
  const [, contracts] = await read("isSampled", job);
  same(`job ${job} sampled`, sampled, contracts);
  if (!sampled) continue;
  sampledJobs++;
  const picks = draw({ seed, job, round: 0, length: rosterLength, epoch: epoch + 1n, taken: [clusterOf.get(operator)] }, 3);
  for (let n = 0; n < picks.length; n++) same(`job ${job} attempt ${n}`, picks[n], await read("drawnFor", job, n));
}
const operatorOf = new Map(submitted.map(({ job, operator }) => [job, operator]));
const accused = new Map((await events("ResultAccused")).map((e) => [e.job, e]));
for (const { job, seats } of await events("SeatsDrawn")) {
  const { epoch, rosterLength, accuser } = accused.get(job);
  const taken = [clusterOf.get(operatorOf.get(job)), clusterOf.get(accuser)];
  same(`job ${job} seats`, draw({ seed: seeds.get(epoch + 1n), job, round: 1, length: rosterLength, epoch: epoch + 1n, taken }, 3).join(), seats.join());
}
console.log(`${submitted.length} results, ${sampledJobs} sampled, ${accused.size} cases; ${differences} differences`);
process.exitCode = differences ? 1 : 0;
