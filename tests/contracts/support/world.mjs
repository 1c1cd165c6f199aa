// One deployed escrow with clients, operators and a stranger, and the verbs of the protocol.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { network } from "hardhat";
import { concat, decodeErrorResult, decodeFunctionResult, encodeDeployData, encodeFunctionData, getAddress, keccak256, numberToHex, parseEventLogs, parseSignature, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { checkBooks, reservedOf } from "./books.mjs";
import * as model from "./model.mjs";
import { traced } from "./trace.mjs";
import { Answer, Comparison, Finding } from "./words.mjs";

const MNEMONIC = "test test test test test test test test test test test junk";
const GAS = numberToHex(16_000_000);

export const USD = 1_000_000n;
export const parameters = {
  floorPpm: 100_000, recordNumerator: 1, recordOffset: 1, epochBlocks: 4, minRoster: 8, maxRunWindow: 300, reviewWindow: 60, checkWindow: 100,
  longReview: 600, openWindow: 120, commitWindow: 50, revealWindow: 50, verdictWindow: 500, appealVerdictWindow: 500, appealWindow: 100, unbondingDelay: 3000, noShowPpm: 200_000,
  noShowsToJail: 2, seatPenaltyPpm: 100_000, accuserPpm: 50_000, firstSeats: 3, secondSeats: 3, convictQuorum: 3, clearQuorum: 2, minBond: 1000n * USD, keeperPart: 10_000n,
  epochSeconds: 12, randomness: 0,
};

/** Everything but what must not change is free, and the floor does not fall. */
const FIXED = ["epochBlocks", "epochSeconds", "unbondingDelay"];
export const limitsAround = (parameters) => {
  const none = (value) => (typeof value === "bigint" ? 0n : 0);
  const least = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [...FIXED, "floorPpm"].includes(name) ? value : none(value)]));
  const most = { ...parameters };
  for (const name of Object.keys(most)) if (/Window|Review$/.test(name)) most[name] = 2 ** 32 - 1;
  return [least, {
    ...most, floorPpm: 1_000_000, recordNumerator: 0xffff, recordOffset: 0xffff, minRoster: 0xffff, noShowPpm: 1_000_000, noShowsToJail: 2 ** 32 - 1, firstSeats: 255, secondSeats: 255, convictQuorum: 255, clearQuorum: 255,
    seatPenaltyPpm: 1_000_000, accuserPpm: 100_000, minBond: 2n ** 96n - 1n, keeperPart: 2n ** 72n - 1n, randomness: 1,
  }];
};

/** Where bench/mutation.mjs has put what it compiled, with less of an optimizer. */
const mutant = process.env.ASSAY_MUTANT;
const read = new Map();

/** @param source Of ours below contracts/, or a package's. */
export async function artifact(name, source = `${name}.sol`) {
  const file = source.startsWith("@") ? source : `contracts/${source}`;
  const path = `${file}:${name}`;
  const folder = mutant && existsSync(join(mutant, file, `${name}.json`)) ? mutant : new URL("../../../artifacts", import.meta.url).pathname;
  if (!read.has(path)) read.set(path, JSON.parse(await readFile(join(folder, file, `${name}.json`), "utf8")));
  return read.get(path);
}

/** Which of the artifacts read so far this creation code begins with. */
function created(code) {
  for (const [path, { bytecode }] of read) if (bytecode !== "0x" && code.startsWith(bytecode)) return { path, bytecode };
  throw new Error("no artifact has this creation code");
}

/** What the libraries throw has no place in the interface. */
const foreignErrors = (...artifacts) => {
  const errors = artifacts.flatMap(({ abi }) => abi).filter(({ type, name }) => type === "error" && /^(SafeERC20|ReentrancyGuard|SafeCast|AccessManager|BadBeacon|NoPrecompile)/.test(name));
  return [...new Map(errors.map((error) => [error.name, error])).values()];
};

const key = (accountIndex, addressIndex) => mnemonicToAccount(MNEMONIC, { accountIndex, addressIndex });

export class World {
  static async create(overrides = {}, token = { name: "TestToken", source: "TestToken" }, connectionOverride = undefined) {
    const world = new World();
    // Draws hang on block hashes, these on the time: who sets the date wants a clock that goes by blocks alone, and the same draws every time.
    world.steady = connectionOverride?.initialDate !== undefined;
    world.connection = await network.create({ network: "default", override: mutant ? { ...connectionOverride, allowUnlimitedContractSize: true } : connectionOverride });
    const { provider } = world.connection;
    // The replay is on the newest fork.
    world.provider = connectionOverride?.hardfork ? provider : traced(provider, connectionOverride?.chainId ?? 31337, created);
    world.escrowArtifact = await artifact("Escrow");
    world.courtArtifact = await artifact("Court");
    world.bankArtifact = await artifact("Bank");
    world.charterArtifact = await artifact("Charter");
    world.registryArtifact = await artifact("Registry");
    world.managerArtifact = await artifact("AccessManager", "@openzeppelin/contracts/access/manager/AccessManager.sol");
    const beaconArtifact = await artifact("Quicknet");
    world.abi = [...(await artifact("IEscrow", "interfaces/IEscrow.sol")).abi, ...foreignErrors(world.escrowArtifact, world.bankArtifact, world.managerArtifact, beaconArtifact)];
    world.tokenArtifact = await artifact(token.name, `mocks/${token.source}.sol`);
    world.parameters = { ...parameters, ...overrides };
    world.chainId = Number(await world.rpc("eth_chainId"));
    world.deployer = key(0, 0);
    world.clients = [1, 2].map((i) => key(0, i));
    world.operators = Array.from({ length: 10 }, (_, i) => world.person(i));
    world.stranger = key(0, 13);
    [world.governor, world.guardian] = [17, 18].map((i) => key(0, i));
    world.token = await world.deploy(world.tokenArtifact, []);
    // Not by the deployer: the address of its second contract, the escrow, stands in the committed vectors.
    world.court = await world.deploy(world.courtArtifact, [], world.stranger);
    world.manager = await world.deploy(world.managerArtifact, [world.governor.address], world.stranger);
    world.registry = await world.deploy(world.registryArtifact, [world.manager], world.stranger);
    world.bank = await world.deploy(world.bankArtifact, [world.token, world.registry], world.stranger);
    world.beacon = await world.deploy(beaconArtifact, [], world.stranger);
    world.charter = await world.deploy(world.charterArtifact, [world.manager, world.beacon], world.stranger);
    world.escrow = await world.deployEscrow(world.parameters);
    await world.send(world.governor, "registerRuntime", 1, keccak256(toHex("runtime")), true);
    world.domain = { name: "Assay", version: "1", chainId: world.chainId, verifyingContract: world.escrow };
    world.nonce = 0n;
    return world;
  }

  person(i) {
    // Between the first ten and the rest stand the stranger and who the gas figures need.
    const account = key(0, i < 10 ? 3 + i : 7 + i);
    return { account, address: account.address, signer: key(1, i), nodeKey: key(2, i), payout: key(3, i).address, payoutKey: key(3, i) };
  }

  async rpc(method, ...params) {
    if (this.steady && ["eth_sendTransaction", "hardhat_mine"].includes(method)) await this.at((await this.now()) + 1n);
    return this.provider.request({ method, params });
  }

  // ---- chain

  async deploy({ abi, bytecode }, args, from = this.deployer) {
    const hash = await this.rpc("eth_sendTransaction", { from: from.address, data: encodeDeployData({ abi, bytecode, args }), gas: GAS });
    return getAddress((await this.rpc("eth_getTransactionReceipt", hash)).contractAddress);
  }

  /** An escrow of these parameters and modules. */
  deployEscrow(parameters, { court = this.court, bank = this.bank, charter = this.charter, limits = limitsAround(parameters) } = {}) {
    return this.deploy(this.escrowArtifact, [court, bank, charter, parameters, ...limits]);
  }

  transact(from, to, abi, functionName, args) {
    return this.sendRaw(from, encodeFunctionData({ abi, functionName, args }), to);
  }

  async sendRaw(from, data, to = this.escrow) {
    const hash = await this.rpc("eth_sendTransaction", { from: from.address ?? from, to, data, gas: GAS });
    const receipt = await this.rpc("eth_getTransactionReceipt", hash);
    return { hash, receipt, gas: BigInt(receipt.gasUsed), events: parseEventLogs({ abi: this.abi, logs: receipt.logs }) };
  }

  /** Sends a call to the escrow; the events come decoded. */
  send(from, functionName, ...args) {
    return this.transact(from, this.escrow, this.abi, functionName, args);
  }

  toToken(from, functionName, ...args) {
    return this.transact(from, this.token, this.tokenArtifact.abi, functionName, args);
  }

  async read(functionName, ...args) {
    return this.readFrom(this.escrow, this.abi, functionName, args);
  }

  async readFrom(to, abi, functionName, args) {
    const data = await this.callRaw(encodeFunctionData({ abi, functionName, args }), to);
    return decodeFunctionResult({ abi, functionName, data });
  }

  callRaw(data, to = this.escrow) {
    return this.rpc("eth_call", { to, data, gas: GAS }, "latest");
  }

  /** What the client's jobs in flight hold. */
  async reserved(client) {
    return reservedOf(await this.history(), client.address);
  }

  balance(of) {
    return this.readFrom(this.token, this.tokenArtifact.abi, "balanceOf", [of]);
  }

  async now() {
    return BigInt((await this.rpc("eth_getBlockByNumber", "latest", false)).timestamp);
  }

  async blockNumber() {
    return BigInt(await this.rpc("eth_blockNumber"));
  }

  /** The next block has exactly this time. */
  at(time) {
    return this.rpc("evm_setNextBlockTimestamp", Number(time));
  }

  async pass(seconds) {
    await this.at((await this.now()) + BigInt(seconds));
    await this.rpc("evm_mine");
  }

  mine(blocks) {
    return this.rpc("hardhat_mine", numberToHex(blocks));
  }

  snapshot() {
    return this.rpc("evm_snapshot");
  }

  async restore(id) {
    assert.equal(await this.rpc("evm_revert", id), true);
  }

  /** The call must fail with this custom error and these arguments. */
  async refuses(call, errorName, ...expected) {
    let error;
    try {
      await call;
    } catch (caught) {
      error = caught;
    }
    assert.ok(error, `expected ${errorName}, but the call went through`);
    if (typeof error.data !== "string") throw error;
    const decoded = decodeErrorResult({ abi: [...this.abi, ...this.tokenArtifact.abi], data: error.data });
    assert.equal(decoded.errorName, errorName);
    if (expected.length > 0) assert.deepEqual(decoded.args ?? [], expected);
  }

  // ---- records

  /** All events of the escrow, oldest first. */
  async history(topics = []) {
    const logs = await this.rpc("eth_getLogs", { address: this.escrow, fromBlock: numberToHex(0), toBlock: "latest", topics });
    return parseEventLogs({ abi: this.abi, logs });
  }

  /** A job's record as calls carry it, put together from the events alone; zeros if it was never opened. */
  async recordOf(id) {
    return this.recordFrom(await this.history([null, id]));
  }

  /** The record that the events of one job tell of. */
  recordFrom(events) {
    const record = { ...model.NO_RECORD };
    for (const { eventName, args } of events) {
      if (!["JobBound", "JobOpened", "ResultSubmitted"].includes(eventName)) continue;
      for (const name of Object.keys(record)) if (name in args) record[name] = args[name];
    }
    return { ...record, ...model.numbersOf(record) };
  }

  /** The record and where the job is. */
  async jobOf(id) {
    const [state, outcome] = await this.read("stateOf", id);
    return { ...(await this.recordOf(id)), state, outcome };
  }

  async isSampled(id) {
    return this.read("isSampled", id, await this.recordOf(id));
  }

  async drawnFor(id, attempt) {
    return this.read("drawnFor", id, await this.recordOf(id), attempt);
  }

  /** Calls a function about one job: its id, its record, the rest. */
  async about(id, functionName, ...rest) {
    return this.send(this.stranger, functionName, id, await this.recordOf(id), ...rest);
  }

  async accuse({ check, checkSignature }, from = this.stranger) {
    return this.send(from, "accuse", await this.recordOf(check.job), check, checkSignature);
  }

  /** What `expire`, `slash` and `lapse` take. */
  jobItems(...ids) {
    return Promise.all(ids.map(async (id) => ({ id, job: await this.recordOf(id) })));
  }

  // ---- standing

  async fund(client, amount) {
    await this.toToken(client, "mint", client.address, amount);
    await this.toToken(client, "approve", this.escrow, 2n ** 256n - 1n);
    await this.send(client, "deposit", amount);
  }

  async register(operator, bond = this.parameters.minBond) {
    await this.toToken(operator, "mint", operator.address, bond);
    await this.toToken(operator, "approve", this.escrow, 2n ** 256n - 1n);
    return this.send(operator, "register", operator.signer.address, operator.payout, bond);
  }

  /** The owner, or who is paid, takes this operator into its cluster. */
  async adopt(owner, { address }) {
    return this.send(await this.unlocked(owner), "adopt", address);
  }

  operatorAt(address) {
    const found = this.operators.find((operator) => operator.address.toLowerCase() === address.toLowerCase());
    assert.ok(found, `no operator ${address}`);
    return found;
  }

  /** A contract wallet that signs as its owner does and answers in this way when it is asked. */
  async wallet(owner, answer = Answer.Faithful) {
    const { abi, bytecode } = await artifact("Wallet", "mocks/Wallets.sol");
    return { address: await this.deploy({ abi, bytecode }, [owner.address, answer]), abi, signTypedData: (data) => owner.signTypedData(data) };
  }

  /** An address that is nobody's among the chain's accounts may send, too. */
  async unlocked(account) {
    await this.rpc("hardhat_impersonateAccount", account.address);
    await this.rpc("hardhat_setBalance", account.address, numberToHex(10n ** 18n));
    return account;
  }

  // ---- signed words

  sign(account, primaryType, message, domain = this.domain) {
    return account.signTypedData(model.typedData(domain, primaryType, message));
  }

  /** A permit or an authorization of the token, as the last arguments of a call. */
  async signForToken(account, primaryType, message) {
    const name = await this.readFrom(this.token, this.tokenArtifact.abi, "name", []);
    const domain = { name, version: "1", chainId: this.chainId, verifyingContract: this.token };
    const { v, r, s } = parseSignature(await this.sign(account, primaryType, message, domain));
    return [Number(v), r, s];
  }

  digest(primaryType, message) {
    return model.digest(this.domain, primaryType, message);
  }

  /** A signed order with its acceptance and a result to come. */
  async agree({ client = this.clients[0], operator = this.operators[0], order: terms = {}, acceptance: promise = {}, units = 30n, label } = {}) {
    const later = (await this.now()) + 100_000n;
    const order = {
      client: client.address, operator: operator.address, workload: keccak256(toHex("workload")), policy: keccak256(toHex("policy")),
      comparison: Comparison.Exact, unitPrice: 1n * USD, maxPrice: 40n * USD, maxFee: 10n * USD, runWindow: 200, nonce: this.nonce++, expiry: later,
      payer: model.ZERO, pool: 0, runtime: 1, witness: model.ZERO, ...terms,
    };
    const job = this.digest("Order", order);
    const acceptance = { order: job, operator: operator.address, nodeKey: operator.nodeKey.address, openBy: later, ...promise };
    const opening = { outputsRoot: keccak256(toHex(`outputs ${label ?? order.nonce}`)), units, salt: keccak256(toHex(`salt ${label ?? order.nonce}`)) };
    const value = model.valueOf(opening);
    const result = { job, commitment: model.commitmentOf(opening.salt, value), manifest: keccak256(toHex("manifest")) };
    return {
      id: job, client, operator, order, acceptance, opening, value, result,
      item: {
        order, orderSignature: await this.sign(client, "Order", order), operator: acceptance.operator, nodeKey: acceptance.nodeKey, openBy: acceptance.openBy,
        acceptanceSignature: await this.sign(operator.signer, "Acceptance", acceptance),
      },
    };
  }

  async opened(options) {
    const job = await this.agree(options);
    await this.send(this.stranger, "open", [job.item]);
    return job;
  }

  /** With the witness' word behind the node key's, if there is a witness. */
  async resultItem(job, result = job.result, nodeKey = job.operator.nodeKey, witness = undefined) {
    const stored = witness ? await this.sign(witness, "Stored", { job: result.job, commitment: result.commitment }) : "0x";
    return { job: await this.recordOf(job.id), result, signature: concat([await this.sign(nodeKey, "Result", result), stored]) };
  }

  /** Both sides' word that the job ends. */
  async cancelItem(job, { client = job.client, signer = job.operator.signer, expiry = job.order.expiry, domain = this.domain } = {}) {
    const word = { job: job.id, expiry };
    const [clientSignature, operatorSignature] = [await this.sign(client, "Cancel", word, domain), await this.sign(signer, "Cancel", word, domain)];
    return { id: job.id, job: await this.recordOf(job.id), expiry, clientSignature, operatorSignature };
  }

  async submitted(options) {
    const job = await this.opened(options);
    await this.send(this.stranger, "submit", [await this.resultItem(job)]);
    return job;
  }

  /** Ends the epoch after this one and records its seed, so that what was frozen in `epoch` is decided. */
  async recordSeedAfter(epoch) {
    const last = (BigInt(epoch) + 2n) * BigInt(this.parameters.epochBlocks) - 1n;
    const ahead = last - (await this.blockNumber());
    if (ahead > 0n) await this.mine(ahead);
    await this.send(this.stranger, "recordSeed", BigInt(epoch) + 1n);
  }

  /** A submitted job whose sampling went this way: its epoch is ended by other blocks until it does. */
  async decided(options = {}) {
    const job = await this.submitted(options);
    const { epoch } = await this.jobOf(job.id);
    const wanted = options.sampled ?? true;
    for (let attempt = 0; attempt < 400; attempt++) {
      const before = await this.snapshot();
      await this.pass(1 + attempt);
      await this.recordSeedAfter(epoch);
      const [known, sampled] = await this.isSampled(job.id);
      assert.equal(known, true);
      if (sampled === wanted) return job;
      await this.restore(before);
    }
    throw new Error("no seed of 400 decided the sampling as wanted");
  }

  async submittedAt(job) {
    return (await this.recordOf(job.id)).submittedAt;
  }

  /** Mines a block at `submittedAt + seconds`. */
  async passReview(job, seconds = this.parameters.reviewWindow) {
    const time = (await this.submittedAt(job)) + BigInt(seconds);
    if (time > (await this.now())) {
      await this.at(time);
      await this.rpc("evm_mine");
    }
  }

  async drawn(job, attempt = 0) {
    return this.operatorAt(await this.drawnFor(job.id, attempt));
  }

  async check(job, { attempt = 0, finding = Finding.Value, value = job.value, by, ...rest } = {}) {
    const check = { job: job.id, round: 0, seat: attempt, finding, value, salt: model.ZERO32, ...rest };
    const signer = by ?? (await this.drawn(job, attempt)).signer;
    return { check, checkSignature: await this.sign(signer, "Attestation", check) };
  }

  /** The attestation of a check is carried as its seat, its value and its signature. */
  async releaseItem(job, { check, checkSignature } = { check: { seat: 0, value: model.ZERO32 }, checkSignature: "0x" }) {
    return { id: job.id, job: await this.recordOf(job.id), opening: job.opening, seat: check.seat, value: check.value, checkSignature };
  }

  // ---- cases

  async accused(options = {}) {
    const job = await this.decided({ sampled: true, ...options });
    const tolerance = job.order.comparison === Comparison.Tolerance;
    job.accuser = await this.drawn(job);
    await this.accuse(await this.check(job, { finding: tolerance ? Finding.Mismatch : Finding.Value, value: keccak256(toHex(`accuser of ${job.id}`)) }));
    return job;
  }

  async seated(options) {
    const job = await this.accused(options);
    return this.seat(job);
  }

  /** The round that the case is in, as it was begun by the helpers here. */
  round(job) {
    return this.read("roundOf", job.id, job.round ?? 1);
  }

  /** Draws the seats of its round. */
  async seat(job) {
    await this.recordSeedAfter((await this.round(job)).epoch);
    await this.about(job.id, "drawSeats");
    job.seats = (await this.round(job)).seats.map((seat) => this.operatorAt(seat));
    return job;
  }

  /** Its round's seats commit to these values. */
  async commit(job, values) {
    job.values = values;
    return this.send(this.stranger, "commitSeats", await Promise.all(values.map((value, seat) => this.seatItem(job, seat, value))));
  }

  async seatItem(job, seat, value, by = job.seats[seat].signer, rest = {}) {
    const salt = keccak256(toHex(`seat ${seat}`));
    const at = { job: job.id, round: job.round ?? 1, seat };
    const commitment = { ...at, commitment: model.sealOf({ ...at, salt, value }), ...rest };
    return { commitment, signature: await this.sign(by, "SeatCommitment", commitment) };
  }

  /** Seats committed to these values; the claim still sealed. */
  async sealed(options = {}) {
    const job = await this.seated(options);
    await this.commit(job, options.values ? options.values(job) : job.seats.map(() => job.value));
    return job;
  }

  async openedClaim(options) {
    const job = await this.sealed(options);
    await this.about(job.id, "openClaim", job.opening);
    return job;
  }

  /** Arguments of `certify`; a seat in `silent` has no signature. */
  async certificate(job, { findings = job.values.map(() => Finding.Value), silent = [], change = () => ({}) } = {}) {
    const attestations = job.values.map((value, seat) => ({
      job: job.id, round: job.round ?? 1, seat, finding: findings[seat], value, salt: keccak256(toHex(`seat ${seat}`)), ...change(seat),
    }));
    const signatures = await Promise.all(
      attestations.map((attestation, seat) => (silent.includes(seat) ? "0x" : this.sign(job.seats[seat].signer, "Attestation", attestation))),
    );
    return [job.id, await this.recordOf(job.id), attestations, signatures, keccak256(toHex("evidence"))];
  }

  async convicted(options = {}) {
    const other = (job) => keccak256(toHex(`other than ${job.id}`));
    const job = await this.openedClaim({ values: (job) => job.seats.map(() => other(job)), ...options });
    await this.send(this.stranger, "certify", ...(await this.certificate(job, options.certificate)));
    return job;
  }

  /** Two of the first round's seats against the third: the second round begins. */
  async split(options = {}) {
    const other = (job) => keccak256(toHex(`other than ${job.id}`));
    const job = await this.openedClaim({ values: (job) => job.seats.map((_, seat) => (seat === 0 ? other(job) : job.value)), ...options });
    await this.send(this.stranger, "certify", ...(await this.certificate(job, options.certificate)));
    return Object.assign(job, { round: 2, first: { seats: job.seats, values: job.values } });
  }

  /** The arguments of `challenge` (round 1) and `appeal` (round 2), signed. */
  async pledge(job, round, account, by = account) {
    const pledge = { job: job.id, account: account.address, round };
    return [await this.recordOf(job.id), pledge, await this.sign(by, "Pledge", pledge)];
  }

  /** A conviction that its operator has appealed. */
  async appealed(options = {}) {
    const job = await this.convicted(options);
    await this.bond(job.operator, BigInt(this.parameters.secondSeats) * job.order.maxPrice);
    await this.send(this.stranger, "appeal", ...(await this.pledge(job, 2, job.operator, job.operator.signer)));
    return Object.assign(job, { round: 2, first: { seats: job.seats, values: job.values } });
  }

  async bond(operator, amount) {
    await this.toToken(operator, "mint", operator.address, amount);
    await this.send(operator, "addBond", amount);
  }

  /** The second round up to where its seats may open. */
  async judgedAgain(job, values) {
    await this.seat(job);
    await this.commit(job, values(job));
    if (!(await this.read("caseOf", job.id)).claimOpened && job.keepsClosed !== true) await this.about(job.id, "openClaim", job.opening);
    return job;
  }

  /** Rebuilds every balance from the events and compares with views and tokens. */
  checkBooks(options) {
    return checkBooks(this, options);
  }
}
