// What the contract should answer, computed a second time from the protocol page.
import { encodeAbiParameters, hashTypedData, keccak256, toBytes } from "viem";

export const PPM = 1_000_000n;
export const ZERO = "0x0000000000000000000000000000000000000000";
export const ZERO32 = `0x${"0".repeat(64)}`;

const encoded = (types, values) => keccak256(encodeAbiParameters(types.map((type) => ({ type })), values));
const least = (...values) => values.reduce((a, b) => (a < b ? a : b));

export const valueOf = ({ outputsRoot, units }) => encoded(["bytes32", "uint64"], [outputsRoot, units]);
export const commitmentOf = (salt, value) => encoded(["bytes32", "bytes32"], [salt, value]);

export const sealOf = ({ job, round, seat, salt, value }) =>
  encoded(["bytes32", "uint8", "uint8", "bytes32", "bytes32"], [job, round, seat, salt, value]);

// Where the numbers of a record are in its two words: name, bits, and whether it is read as a bigint; from the low end.
const TERMS = [["unitPrice", 96n, BigInt], ["maxPrice", 96n, BigInt], ["runWindow", 32n, Number], ["ratePpm", 24n, Number], ["comparison", 7n, Number], ["bound", 1n, Boolean]];
const COURSE = [
  ["fee", 96n, BigInt], ["openedAt", 40n, BigInt], ["submittedAt", 40n, BigInt], ["epoch", 40n, BigInt], ["rosterLength", 24n, Number], ["version", 16n, Number],
];
const unpacked = (layout, word) => {
  let rest = word;
  return Object.fromEntries(layout.map(([name, bits, as]) => [name, [as(BigInt.asUintN(Number(bits), rest)), (rest >>= bits)][0]]));
};
const packed = (layout, fields) => layout.reduceRight((word, [name, bits]) => (word << bits) | BigInt(fields[name]), 0n);

/** A record by its numbers, with the two words in which calls carry them. */
export const recordOf = (fields) => ({ ...fields, terms: packed(TERMS, fields), course: packed(COURSE, fields) });
/** The numbers in the words of a record. */
export const numbersOf = ({ terms, course }) => ({ ...unpacked(TERMS, terms), ...unpacked(COURSE, course) });

/** The record of a job that was never opened. */
export const NO_RECORD = {
  client: ZERO, payer: ZERO, operator: ZERO, nodeKey: ZERO, witness: ZERO, terms: 0n, course: 0n, commitment: ZERO32, ...numbersOf({ terms: 0n, course: 0n }),
};

export const fee = (p, maxPrice) => (maxPrice * BigInt(p.floorPpm) + PPM - 1n) / PPM + p.keeperPart;
export const price = ({ units, unitPrice, maxPrice }) => least(units * unitPrice, maxPrice);
export const recordFee = (p, ratePpm, paid) => ((BigInt(ratePpm) - BigInt(p.floorPpm)) * paid) / PPM;

/** What a check of this price takes of the pool of checks, and of the insurance. */
export function fill([checkPool, insurancePool], wanted) {
  const fromChecks = least(wanted, checkPool);
  return [fromChecks, least(wanted - fromChecks, insurancePool)];
}

/** What a wrong result costs, as far as it is there. */
export const slashDown = (p, { maxPrice, exact }) => (exact ? (2n * maxPrice * PPM) / BigInt(p.floorPpm) : maxPrice);

/** @param amount What the seats have left of the lock. */
export function slash(p, { amount, maxPrice }) {
  let left = amount / 2n;
  const compensation = least(maxPrice, (amount * 400_000n) / PPM);
  left -= compensation;
  const keeper = least(p.keeperPart, left);
  left -= keeper;
  const accuserReward = least((amount * BigInt(p.accuserPpm)) / PPM, left);
  return { amount, compensation, keeper, accuserReward, insured: amount - compensation - keeper - accuserReward };
}

export function noShow(p, { bond, maxPrice }) {
  const penalty = least(bond, (maxPrice * BigInt(p.noShowPpm)) / PPM);
  const toClient = penalty / 2n;
  const keeper = least(p.keeperPart, penalty - toClient);
  return { penalty, toClient, keeper, insured: penalty - toClient - keeper };
}

export function rate(p, clean) {
  const byRecord = (BigInt(p.recordNumerator) * PPM) / (BigInt(clean) + BigInt(p.recordOffset));
  return least(PPM, byRecord > BigInt(p.floorPpm) ? byRecord : BigInt(p.floorPpm));
}

const SAMPLE = keccak256(toBytes("assay.sample"));
const DRAW = keccak256(toBytes("assay.draw"));

export const isSampled = (seed, job, ratePpm) => BigInt(encoded(["bytes32", "bytes32", "bytes32"], [SAMPLE, seed, job])) % PPM < BigInt(ratePpm);

/** Picks in order; `roster` holds { operator, cluster, retiredAt } and `excluded` the clusters that may not be drawn. */
export function picks({ seed, job, round, roster, rosterLength, lastBlock, client, payer = ZERO, excluded }, count) {
  const drawn = [];
  const clusters = new Set(excluded.map((cluster) => String(cluster)));
  for (let probe = 0n; probe < 64n && drawn.length < count && rosterLength > 0; probe++) {
    const hash = encoded(["bytes32", "bytes32", "bytes32", "uint8", "uint256"], [DRAW, seed, job, round, probe]);
    const place = roster[Number(BigInt(hash) % BigInt(rosterLength))];
    const [cluster, retiredAt] = [String(place.cluster), BigInt(place.retiredAt)];
    if ((retiredAt !== 0n && retiredAt <= lastBlock) || clusters.has(cluster)) continue;
    if ([client, payer].some((who) => place.operator.toLowerCase() === who.toLowerCase())) continue;
    clusters.add(cluster);
    drawn.push(place.operator);
  }
  return drawn;
}

const field = (list) => list.split(",").map((entry) => entry.split(" ")).map(([type, name]) => ({ type, name }));

export const types = {
  Order: field(
    "address client,address operator,bytes32 workload,bytes32 policy,uint8 comparison,uint96 unitPrice,uint96 maxPrice,uint96 maxFee,uint32 runWindow,uint256 nonce,uint64 expiry,address payer,uint32 pool,uint8 runtime,address witness",
  ),
  Acceptance: field("bytes32 order,address operator,address nodeKey,uint64 openBy"),
  Result: field("bytes32 job,bytes32 commitment,bytes32 manifest"),
  Attestation: field("bytes32 job,uint8 round,uint8 seat,uint8 finding,bytes32 value,bytes32 salt"),
  SeatCommitment: field("bytes32 job,uint8 round,uint8 seat,bytes32 commitment"),
  Stored: field("bytes32 job,bytes32 commitment"),
  Cancel: field("bytes32 job,uint64 expiry"),
  Spending: field("address payer,address spender,uint96 perJob,uint96 perDay,uint40 until,uint256 nonce,uint64 expiry"),
  Void: field("address account,uint256 spent,uint64 expiry"),
  Pledge: field("bytes32 job,address account,uint8 round"),
  Withdraw: field("address account,address to,uint256 amount,uint256 nonce,uint64 expiry"),
  Claim: field("address operator,address to,uint256 nonce,uint64 expiry"),
  // The token's own, in its own domain.
  Permit: field("address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"),
  ReceiveWithAuthorization: field("address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"),
  TransferWithAuthorization: field("address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"),
};

export const typedData = (domain, primaryType, message) => ({ domain, primaryType, types: { [primaryType]: types[primaryType] }, message });
export const digest = (domain, primaryType, message) => hashTypedData(typedData(domain, primaryType, message));
