#!/usr/bin/env node
// Creates an escrow on any EVM chain, and compares one that is there with these sources. `--help` says how.
import { createDecipheriv, createHash, pbkdf2Sync, scryptSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  BaseError, concat, createPublicClient, createWalletClient, decodeErrorResult, encodeAbiParameters, encodeDeployData, encodeFunctionData, getAddress, http,
  keccak256, parseAbiItem, slice, stringToHex, toFunctionSelector, zeroAddress,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

const HELP = `usage: node scripts/deployment.mjs deploy --rpc URL --plan FILE [--keystore FILE] [--out FILE]
       node scripts/deployment.mjs verify --rpc URL --escrow ADDRESS [--rewards ADDRESS] [--plan FILE] [--from BLOCK]

deploy   creates authority, beacon, court, bank, charter and escrow as the plan says, gives each role to whom the plan names, takes the deployer's own away,
         verifies the result and prints the addresses as JSON.
verify   compares what is at the address with these sources: the code of the escrow and of everything it names (immutables with what they have to be), the versions of
         the parameters with the protocol's bounds, who holds which role with which delay; with a plan, that too. Needs no key.

  --rpc URL        JSON-RPC node
  --plan FILE      JSON: token, governor, guardian (addresses), delay (seconds, longer than the unbonding delay), beacon (true: drand quicknet; the chain needs
                   EIP-2537), runtimes (names of the deterministic ones by their numbers), parameters, least, most (see contracts/interfaces/IVocabulary.sol; amounts
                   as strings). docs/examples/deployment.json is one.
                   With rewards: { submitter, guardian, delay } a pool for rewards is created beside the escrow, and verified with --rewards.
  --keystore FILE  the deployer's key, encrypted (Web3 Secret Storage); its password in ASSAY_DEPLOYER_PASSWORD. Else the key itself in ASSAY_DEPLOYER_KEY.
  --out FILE       writes the addresses there, too
  --from BLOCK     first block whose grants of roles are read (default 0)

The sources have to be compiled: node_modules/.bin/hardhat build. Exit codes: 0 done and right, 1 failed or not what it should be, 2 a bad call.`;

const ADMIN = 0n;
const [GOVERNOR, GUARDIAN] = [1n, 2n];
const ROLES = [["admin", ADMIN], ["governor", GOVERNOR], ["guardian", GUARDIAN]];
/** Whose each power over the escrow is. What nobody was given is the admin's. */
const POWERS = { addVersion: ["governor", GOVERNOR], pause: ["guardian", GUARDIAN], unpause: ["guardian", GUARDIAN], registerRuntime: ["admin", ADMIN] };
const MANAGER = "@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager.json";
const CONTRACTS = { Escrow: "Escrow", Court: "Court", Bank: "Bank", Registry: "Registry", Charter: "Charter", Quicknet: "Quicknet", Rewards: "Rewards" };

class BadCall extends Error {}
class Failure extends Error {}

const root = new URL("..", import.meta.url);
async function artifactOf(name) {
  const path = name === "AccessManager" ? MANAGER : `contracts/${CONTRACTS[name]}.sol/${name}.json`;
  try {
    return JSON.parse(await readFile(new URL(`artifacts/${path}`, root), "utf8"));
  } catch {
    throw new Failure(`artifacts/${path} cannot be read: compile first, node_modules/.bin/hardhat build`);
  }
}
const interfaceAbi = async () => JSON.parse(await readFile(new URL("contracts/abi/Escrow.json", root), "utf8")).abi;

async function readPlan(path) {
  let plan;
  try {
    plan = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new BadCall(`${path}: ${error.message}`);
  }
  for (const name of ["token", "governor", "guardian", "delay", "parameters", "least", "most"]) if (plan[name] === undefined) throw new BadCall(`${path} lacks ${name}`);
  for (const name of ["token", "governor", "guardian"]) {
    try {
      plan[name] = getAddress(plan[name]);
    } catch {
      throw new BadCall(`${path}: ${name} ${plan[name]} is no address`);
    }
  }
  for (const name of plan.rewards ? ["submitter", "guardian"] : []) {
    try {
      plan.rewards[name] = getAddress(plan.rewards[name]);
    } catch {
      throw new BadCall(`${path}: rewards.${name} ${plan.rewards[name]} is no address`);
    }
  }
  if (plan.rewards && !(Number.isInteger(plan.rewards.delay) && plan.rewards.delay > 0)) throw new BadCall(`${path}: rewards.delay ${plan.rewards.delay} is no number of seconds`);
  if (plan.delay <= plan.parameters.unbondingDelay) {
    throw new BadCall(`${path}: the governor's delay, ${plan.delay} s, is not longer than the unbonding delay, ${plan.parameters.unbondingDelay} s`);
  }
  return plan;
}

// ---------------------------------------------------------------- keys

/** Web3 Secret Storage, version 3. */
function decrypted({ crypto }, password) {
  const { kdfparams, ciphertext, cipherparams, mac, cipher } = crypto;
  const salt = Buffer.from(kdfparams.salt, "hex");
  const { dklen, n: N, r, p } = kdfparams;
  const derived = crypto.kdf === "scrypt"
    ? scryptSync(password, salt, dklen, { N, r, p, maxmem: 256 * N * r })
    : pbkdf2Sync(password, salt, kdfparams.c, dklen, "sha256");
  const sealed = Buffer.from(ciphertext, "hex");
  if (keccak256(Buffer.concat([derived.subarray(16, 32), sealed])) !== `0x${mac}`) throw new BadCall("the keystore does not open: wrong ASSAY_DEPLOYER_PASSWORD?");
  const decipher = createDecipheriv(cipher, derived.subarray(0, 16), Buffer.from(cipherparams.iv, "hex"));
  return `0x${Buffer.concat([decipher.update(sealed), decipher.final()]).toString("hex")}`;
}

async function deployerOf(keystore) {
  const { ASSAY_DEPLOYER_PASSWORD: password, ASSAY_DEPLOYER_KEY: key } = process.env;
  if (keystore) {
    if (password === undefined) throw new BadCall("ASSAY_DEPLOYER_PASSWORD is not set");
    return privateKeyToAccount(decrypted(JSON.parse(await readFile(keystore, "utf8")), password));
  }
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(key ?? "")) throw new BadCall("neither --keystore nor a key in ASSAY_DEPLOYER_KEY");
  return privateKeyToAccount(key.startsWith("0x") ? key : `0x${key}`);
}

// ---------------------------------------------------------------- deploy

async function deploy({ rpc, plan, keystore, out }) {
  const account = await deployerOf(keystore);
  const reader = createPublicClient({ transport: http(rpc) });
  const id = await reader.getChainId();
  const chain = { id, name: `chain ${id}`, nativeCurrency: { name: "coin", symbol: "coin", decimals: 18 }, rpcUrls: { default: { http: [rpc] } } };
  const wallet = createWalletClient({ account, chain, transport: http(rpc) });

  const sent = async (transaction) => {
    const hash = await wallet.sendTransaction(transaction);
    const receipt = await reader.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Failure(`transaction ${hash} reverted`);
    return receipt;
  };
  const create = async (name, ...args) => {
    const { abi, bytecode } = await artifactOf(name);
    try {
      const { contractAddress } = await sent({ data: encodeDeployData({ abi, bytecode, args }) });
      console.error(`${name.padEnd(13)} ${getAddress(contractAddress)}`);
      return getAddress(contractAddress);
    } catch (error) {
      throw new Failure(`${name} is refused: ${await reasonOf(error, abi)}`);
    }
  };

  const from = await reader.getBlockNumber();
  const authority = await create("AccessManager", account.address);
  const beacon = plan.beacon ? await create("Quicknet") : zeroAddress;
  const [court, registry] = [await create("Court"), await create("Registry", authority)];
  const [bank, charter] = [await create("Bank", plan.token, registry), await create("Charter", authority, beacon)];
  const escrow = await create("Escrow", court, bank, charter, plan.parameters, plan.least, plan.most);

  const rewards = plan.rewards ? await create("Rewards", plan.token, plan.rewards.submitter, plan.rewards.guardian, plan.rewards.delay) : undefined;

  const { abi } = await artifactOf("AccessManager");
  const manage = (functionName, ...args) => sent({ to: authority, data: encodeFunctionData({ abi, functionName, args }) });
  const selectors = await selectorsOf();
  await manage("setTargetFunctionRole", escrow, [selectors.addVersion], GOVERNOR);
  await manage("setTargetFunctionRole", escrow, [selectors.pause, selectors.unpause], GUARDIAN);
  // Later it takes the governor and its delay, and until then no order could be exact.
  for (const [number, name] of Object.entries(plan.runtimes ?? {})) {
    await sent({ to: escrow, data: encodeFunctionData({ abi: await interfaceAbi(), functionName: "registerRuntime", args: [Number(number), runtimeId(name), true] }) });
  }
  await manage("grantRole", GUARDIAN, plan.guardian, 0);
  await manage("grantRole", GOVERNOR, plan.governor, plan.delay);
  await manage("grantRole", ADMIN, plan.governor, plan.delay);
  await manage("renounceRole", ADMIN, account.address);

  const deployment = { chainId: id, escrow, court, bank, charter, authority, beacon, rewards, token: plan.token, deployer: account.address, block: Number(from) };
  const text = `${JSON.stringify(deployment, null, 1)}\n`;
  process.stdout.write(text);
  if (out) await writeFile(out, text);
  await verify({ rpc, escrow, rewards, plan, from });
}

/** As job manifests name it. */
const runtimeId = (name) => `0x${createHash("sha256").update(name).digest("hex")}`;

async function selectorsOf() {
  const abi = await interfaceAbi();
  return Object.fromEntries(Object.keys(POWERS).map((name) => [name, toFunctionSelector(abi.find((entry) => entry.name === name))]));
}

async function reasonOf(error, abi) {
  const data = error instanceof BaseError ? error.walk((each) => typeof each.data === "string")?.data : undefined;
  if (!data) return error.shortMessage ?? error.message;
  try {
    const { errorName, args } = decodeErrorResult({ abi: [...abi, ...(await interfaceAbi())], data });
    return `${errorName}(${(args ?? []).join(", ")})`;
  } catch {
    return data;
  }
}

// ---------------------------------------------------------------- verify

/** The code without its immutables, and what stands in their places, each once. */
function taken(code, { immutableReferences }) {
  const values = [];
  let rest = code;
  for (const places of Object.values(immutableReferences)) {
    const found = new Set(places.map(({ start, length }) => slice(code, start, start + length)));
    values.push(...found);
    for (const { start, length } of places) rest = concat([slice(rest, 0, start), `0x${"00".repeat(length)}`, slice(rest, start + length)]);
  }
  return { rest, values };
}

const word = (value) => (typeof value === "string" && value.length === 66 ? value : `0x${BigInt(value).toString(16).padStart(64, "0")}`);
/** Text of less than 32 bytes as OpenZeppelin keeps it in an immutable: the bytes, and their number last. */
const shortString = (text) => `0x${stringToHex(text).slice(2).padEnd(62, "0")}${text.length.toString(16).padStart(2, "0")}`;

/** What OpenZeppelin's EIP712 remembers of the contract that it was built into. */
function domainOf(address, chainId, name) {
  const version = "1";
  const hashes = [keccak256(stringToHex(name)), keccak256(stringToHex(version))];
  const type = keccak256(stringToHex("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"));
  const types = ["bytes32", "bytes32", "bytes32", "uint256", "address"].map((each) => ({ type: each }));
  const separator = keccak256(encodeAbiParameters(types, [type, ...hashes, BigInt(chainId), address]));
  return [separator, BigInt(chainId), address, ...hashes, shortString(name), shortString(version)];
}

async function verify({ rpc, escrow, rewards, plan, from = 0n }) {
  const reader = createPublicClient({ transport: http(rpc) });
  const chainId = await reader.getChainId();
  const wrong = [];
  const check = (what, right, detail = "") => {
    console.error(`${right ? "ok    " : "WRONG "} ${what}${right || !detail ? "" : `: ${detail}`}`);
    if (!right) wrong.push(what);
  };

  const [own, ofBank, abi] = [(await artifactOf("Escrow")).abi, (await artifactOf("Bank")).abi, await interfaceAbi()];
  /** @param immutables What has to be among them; the compiler leaves out those of the domain that a contract does not use. */
  const compare = async (name, address, immutables) => {
    const artifact = await artifactOf(name);
    const code = await reader.getCode({ address });
    if (!code) return check(`code of the ${name} at ${address}`, false, "there is none");
    const same = code.length === artifact.deployedBytecode.length;
    const { rest, values } = same ? taken(code, artifact) : {};
    check(`code of the ${name} at ${address}`, same && rest === taken(artifact.deployedBytecode, artifact).rest, "it is not what these sources compile to");
    if (same) {
      const [needed, possible] = [immutables.map(word), domainOf(address, chainId, name === "Rewards" ? "Assay Rewards" : "Assay").map(word)];
      const right = needed.every((value) => values.includes(value)) && values.every((value) => needed.includes(value) || possible.includes(value));
      check(`immutables of the ${name}`, right, `${values.join(", ")}, expected ${needed.join(", ")} and of ${possible.join(", ")}`);
    }
  };
  const readFrom = (address, of, functionName, ...args) => reader.readContract({ address, abi: of, functionName, args });
  const ask = (functionName, ...args) => readFrom(escrow, abi, functionName, ...args);

  // The escrow's own code says where its modules are; only when they are right, too, is what they answer to be believed.
  const code = await reader.getCode({ address: escrow });
  if (!code) throw new Failure(`there is no contract at ${escrow}`);
  let named;
  try {
    const modules = await Promise.all(["court", "bank", "charter", "registry"].map((name) => readFrom(escrow, [...own, ...ofBank], name)));
    named = { modules, token: await ask("token"), authority: await ask("authority"), beacon: await ask("beacon"), parameters: await ask("parameters"), limits: await ask("limits") };
  } catch (error) {
    throw new Failure(`the contract at ${escrow} is no escrow of these sources: ${error.shortMessage ?? error.message}`);
  }
  const { modules: [court, bank, charter, registry], token, authority, beacon, parameters, limits: [least, most] } = named;
  await compare("Escrow", escrow, [token, court, bank, charter, parameters.epochBlocks, parameters.epochSeconds]);
  await compare("Court", court, []);
  await compare("Bank", bank, [token, registry]);
  await compare("Registry", registry, [authority]);
  await compare("Charter", charter, [authority, beacon]);
  if (beacon !== zeroAddress) await compare("Quicknet", beacon, []);
  if (rewards) await verifyRewards({ rewards, token, plan, compare, check, ask: async (name) => readFrom(rewards, (await artifactOf("Rewards")).abi, name) });

  const version = await ask("currentVersion");
  const added = await reader.getLogs({ address: escrow, event: parseAbiItem("event VersionAdded(uint32 indexed version)"), fromBlock: from });
  check(`version ${version} is the last of those that were added: ${added.map(({ args }) => args.version).join(", ")}`, added.at(-1)?.args.version === version);
  for (const [name, value] of Object.entries(parameters)) {
    const within = BigInt(least[name]) <= BigInt(value) && BigInt(value) <= BigInt(most[name]);
    check(`${name} ${value}, between ${least[name]} and ${most[name]}`, within);
  }
  console.error(`       deposits and openings are ${(await ask("paused")) ? "stopped" : "possible"}`);
  if (authority !== zeroAddress) await verifyRoles({ reader, escrow, authority, from, compare, check, unbonding: parameters.unbondingDelay, plan });

  if (plan) {
    const text = (value) => JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each));
    const ordered = (given) => Object.fromEntries(Object.keys(parameters).map((name) => [name, String(given[name])]));
    const same = (one, two) => text(ordered(one)) === text(ordered(two));
    const first = await ask("parametersOf", added[0]?.args.version ?? version);
    check("token as planned", token === plan.token, token);
    check("a beacon as planned", (beacon !== zeroAddress) === Boolean(plan.beacon), beacon);
    check("first parameters as planned", same(first, plan.parameters), text(first));
    for (const [number, name] of Object.entries(plan.runtimes ?? {})) {
      const [runtime, deterministic] = await ask("runtimeOf", Number(number));
      check(`runtime ${number} is ${name}, deterministic`, runtime === runtimeId(name) && deterministic, `${runtime}, ${deterministic}`);
    }
    check("limits as planned", same(least, plan.least) && same(most, plan.most), text([least, most]));
  }
  if (wrong.length > 0) throw new Failure(`${wrong.length} of these are wrong: ${wrong.join("; ")}`);
  console.error(`ok     ${escrow} is an escrow of these sources`);
}

async function verifyRewards({ rewards, token, plan, compare, check, ask }) {
  const [paidIn, submitter, guardian, delay] = await Promise.all(["token", "submitter", "guardian", "delay"].map(ask));
  await compare("Rewards", rewards, [paidIn, submitter, guardian, delay]);
  check("rewards are paid in the escrow's token", paidIn === token, paidIn);
  console.error(`       roots are said by ${submitter}, disabled by ${guardian} within ${delay} s`);
  if (!plan?.rewards) return;
  const planned = plan.rewards;
  check("rewards as planned", submitter === planned.submitter && guardian === planned.guardian && Number(delay) === planned.delay, `${submitter}, ${guardian}, ${delay}`);
}

async function verifyRoles({ reader, escrow, authority, from, compare, check, unbonding, plan }) {
  await compare("AccessManager", authority, []);
  const { abi } = await artifactOf("AccessManager");
  const ask = (functionName, ...args) => reader.readContract({ address: authority, abi, functionName, args });
  for (const [name, selector] of Object.entries(await selectorsOf())) {
    const [holder, right] = POWERS[name];
    const role = await ask("getTargetFunctionRole", escrow, selector);
    check(`${name} is the ${holder}'s`, role === right, `role ${role}`);
  }
  // Whoever else could give a role could give it without a delay.
  for (const [name, role] of ROLES.slice(1)) {
    const giver = await ask("getRoleAdmin", role);
    check(`the ${name}'s role is the admin's to give`, giver === ADMIN, `role ${giver}`);
  }
  const granted = await reader.getLogs({
    address: authority, event: parseAbiItem("event RoleGranted(uint64 indexed roleId, address indexed account, uint32 delay, uint48 since, bool newMember)"), fromBlock: from,
  });
  for (const [name, role] of ROLES) {
    const holders = [];
    for (const account of new Set(granted.filter(({ args }) => args.roleId === role).map(({ args }) => args.account))) {
      const [since, delay, pending, effect] = await ask("getAccess", role, account);
      if (since === 0) continue;
      const shortest = effect === 0 ? delay : Math.min(delay, pending);
      holders.push(account);
      if (role === GUARDIAN) continue;
      check(`${name} ${account} waits ${shortest} s, longer than the unbonding delay of ${unbonding} s`, shortest > unbonding);
    }
    check(`the ${name} is one: ${holders.join(", ") || "nobody"}`, holders.length === 1);
    if (plan) check(`${name} as planned`, holders.length === 1 && holders[0] === (role === GUARDIAN ? plan.guardian : plan.governor), holders.join(", "));
  }
}

// ---------------------------------------------------------------- the call

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rpc: { type: "string" }, plan: { type: "string" }, keystore: { type: "string" }, out: { type: "string" }, escrow: { type: "string" }, rewards: { type: "string" }, from: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return console.log(HELP);
  const [command] = positionals;
  const needs = { deploy: ["rpc", "plan"], verify: ["rpc", "escrow"] }[command];
  if (!needs || positionals.length !== 1) throw new BadCall("say deploy or verify");
  for (const name of needs) if (!values[name]) throw new BadCall(`--${name} is missing`);
  const plan = values.plan ? await readPlan(values.plan) : undefined;
  if (command === "deploy") return deploy({ ...values, plan });
  const [escrow, rewards] = [values.escrow, values.rewards].map((address) => {
    try {
      return address && getAddress(address);
    } catch {
      throw new BadCall(`${address} is no address`);
    }
  });
  return verify({ rpc: values.rpc, escrow, rewards, plan, from: BigInt(values.from ?? 0) });
}

try {
  await main();
} catch (error) {
  const bad = error instanceof BadCall || error.code?.startsWith?.("ERR_PARSE_ARGS");
  console.error(bad ? `${error.message}\n\n${HELP}` : error instanceof Failure ? error.message : (error.shortMessage ?? error.stack));
  process.exitCode = bad ? 2 : 1;
}
