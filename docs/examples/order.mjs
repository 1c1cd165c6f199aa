// A client's whole way against a stack that `./demo --keep` left running: deposit, store the inputs, sign an order, post it, wait, read the labels.
//   node docs/examples/order.mjs [.run/stack.json]
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { zeroAddress } from "viem";
import { mnemonicToAccount } from "viem/accounts";

const stack = JSON.parse(await readFile(process.argv[2] ?? ".run/stack.json", "utf8"));
const { escrow, token } = stack.contracts;
const { indexer, verifier, settlement } = Object.fromEntries(Object.entries(stack.http).map(([name, url]) => [name, url.replace(/\/$/, "")]));
const account = mnemonicToAccount(stack.mnemonic, { addressIndex: 10 });
const verifyingContract = escrow;
const chainId = stack.chainId;

// 1. Money, without a coin for gas: the wallet signs for the token, Settlement carries it. A client of the demo has its tokens back when that has ended.
const amount = 5_000_000n;
const typed = (fields) => fields.map(([type, name]) => ({ type, name }));
const later = () => Math.floor(Date.now() / 1000) + 300;
const authorization = { from: account.address, to: escrow, value: amount, validAfter: 0n, validBefore: BigInt(later()), nonce: `0x${randomBytes(32).toString("hex")}` };
const authorized = await account.signTypedData({
  domain: { name: "Signed Dollar", version: "1", chainId, verifyingContract: token },
  primaryType: "ReceiveWithAuthorization",
  types: { ReceiveWithAuthorization: typed([["address", "from"], ["address", "to"], ["uint256", "value"], ["uint256", "validAfter"], ["uint256", "validBefore"], ["bytes32", "nonce"]]) },
  message: authorization,
});
const post = (url, body) => json(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const word = { ...authorization, value: String(amount), validAfter: 0, validBefore: Number(authorization.validBefore) };
const { id } = await post(`${settlement}/relays/deposits`, { word, signature: authorized });
await until(async () => (await json(`${settlement}/relays/${id}`)).state === "Final", "the deposit to be final");
const books = async () => (await json(`${settlement}/settlement/accounts/${account.address}`)).spendable;
await until(async () => BigInt(await books()) >= 1_200_000n, "the deposit to be read");
console.log("spendable", await books());

// 2. Content. Every document is a blob, named by its SHA-256; an upload is signed.
const file = (name) => readFile(new URL(`../../runtimes/onnx/${name}`, import.meta.url));
const [model, images, policy] = await Promise.all(["models/digits-int8.onnx", "samples/batch-00.safetensors", "policies/exact.json"].map(file));
const reference = (bytes) => ({ digest: sha256(bytes), size: bytes.length });
// Canonical JSON: keys sorted, no white space, integers only.
const manifest = Buffer.from(JSON.stringify({
  inputs: [{ digest: sha256(images), name: "images", size: images.length }],
  limits: { memoryMiB: 2048, seconds: 30 },
  model: reference(model),
  runtime: "onnx",
}));
for (const blob of [model, images, policy, manifest]) await put(blob);

// 3. The order. Its EIP-712 digest is the job id.
const order = {
  client: account.address,
  operator: zeroAddress, // any
  workload: `0x${sha256(manifest)}`,
  policy: `0x${sha256(policy)}`,
  comparison: 0, // Exact; 1 is Tolerance
  unitPrice: 50_000n,
  maxPrice: 1_000_000n,
  maxFee: 101_000n, // ceil(floor share * maxPrice) + keeper's part
  runWindow: 40,
  nonce: BigInt(`0x${randomBytes(32).toString("hex")}`), // any number that this client has not used
  expiry: BigInt(later()),
  payer: zeroAddress, // whose money: the client's own
  pool: 0, // everybody's
  runtime: 1, // the registered deterministic one, which Exact needs
  witness: zeroAddress, // nobody has to say that the outputs are stored
};
const signature = await account.signTypedData({
  domain: { name: "Assay", version: "1", chainId, verifyingContract },
  primaryType: "Order",
  types: {
    Order: typed([
      ["address", "client"], ["address", "operator"], ["bytes32", "workload"], ["bytes32", "policy"], ["uint8", "comparison"], ["uint96", "unitPrice"],
      ["uint96", "maxPrice"], ["uint96", "maxFee"], ["uint32", "runWindow"], ["uint256", "nonce"], ["uint64", "expiry"], ["address", "payer"],
      ["uint32", "pool"], ["uint8", "runtime"], ["address", "witness"],
    ]),
  },
  message: order,
});
const body = {
  order: {
    ...order, comparison: "Exact", nonce: `0x${order.nonce.toString(16).padStart(64, "0")}`, expiry: Number(order.expiry),
    unitPrice: String(order.unitPrice), maxPrice: String(order.maxPrice), maxFee: String(order.maxFee),
  },
  signature,
  domain: { chainId, verifyingContract },
};
const { job, state } = await post(`${settlement}/orders`, body);
console.log("job", job, state);

// 4. The end. Closed: read back from a final block.
const order_ = () => json(`${settlement}/orders/${job}`);
await until(async () => (await order_()).closed, "the job to end");
const end = await order_();
console.log(end.state, end.reason, "price", end.price ?? "0", "transactions", [...new Set(end.transactions.map((t) => t.transaction))].length);
if (end.outputsRoot) console.log("labels", labels(Buffer.from(await (await ok(`${verifier}/blobs/${end.outputsRoot.slice(2)}`)).arrayBuffer())).join(" "));
console.log("history", (await json(`${indexer}/jobs/${job}`)).history.map((e) => e.event).filter((e) => e !== "LedgerMoved").join(" "));

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

async function put(bytes) {
  const path = `/blobs/${sha256(bytes)}`;
  const request = { method: "PUT", path, body: `0x${sha256(bytes)}`, nonce: `0x${randomBytes(32).toString("hex")}`, deadline: BigInt(Math.floor(Date.now() / 1000) + 30) };
  const signed = await account.signTypedData({
    domain: { name: "Assay Node API", version: "1", chainId, verifyingContract },
    primaryType: "NodeRequest",
    types: { NodeRequest: typed([["string", "method"], ["string", "path"], ["bytes32", "body"], ["bytes32", "nonce"], ["uint64", "deadline"]]) },
    message: request,
  });
  await ok(`${verifier}${path}`, {
    method: "PUT", body: bytes,
    headers: { "Assay-Address": account.address, "Assay-Nonce": request.nonce, "Assay-Deadline": String(request.deadline), "Assay-Signature": signed },
  });
}

async function ok(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}

async function json(url, options) {
  return (await ok(url, options)).json();
}

async function until(condition, what) {
  for (let i = 0; !(await condition()); i++) {
    if (i === 600) throw new Error(`waited ten minutes for ${what}`);
    await sleep(1000);
  }
}

// The file is: length of the header, header (JSON), data.
function labels(file) {
  const length = Number(file.readBigUInt64LE(0));
  const [from, to] = JSON.parse(file.subarray(8, 8 + length).toString()).labels.data_offsets;
  return Array.from({ length: (to - from) / 4 }, (_, i) => file.readInt32LE(8 + length + from + 4 * i));
}
