// Whoever reads an interface is told what everything in it does.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { before, describe, it } from "node:test";

const require = createRequire(import.meta.url);
const root = new URL("../../../", import.meta.url);
const DEPLOYABLE = ["Escrow", "Court", "Bank", "Charter", "Quicknet"];
const signature = ({ name, inputs }) => `${name}(${inputs.map(typeOf).join(",")})`;
const typeOf = ({ type, components }) => (components ? `(${components.map(typeOf).join(",")})${type.slice("tuple".length)}` : type);

describe("NatSpec", () => {
  let contracts;
  before(async () => {
    const files = (await readdir(new URL("contracts/interfaces", root))).map((name) => `contracts/interfaces/${name}`);
    const paths = [...files, ...DEPLOYABLE.map((name) => `contracts/${name}.sol`)];
    const sources = Object.fromEntries(await Promise.all(paths.map(async (path) => [path, { content: await readFile(new URL(path, root), "utf8") }])));
    const settings = { outputSelection: { "*": { "*": ["abi", "userdoc", "devdoc"] } } };
    const { readFileSync } = require("node:fs");
    const find = (path) => ({ contents: readFileSync(path.startsWith("@") ? require.resolve(path) : new URL(path, root), "utf8") });
    const output = JSON.parse(require("solc").compile(JSON.stringify({ language: "Solidity", sources, settings }), { import: find }));
    assert.deepEqual((output.errors ?? []).filter(({ severity }) => severity === "error"), []);
    contracts = Object.entries(output.contracts).filter(([path]) => paths.includes(path)).flatMap(([, byName]) => Object.entries(byName));
  });

  it("has a title or a notice for every interface and every contract", () => {
    assert.ok(contracts.length >= 10);
    for (const [name, { userdoc, devdoc }] of contracts) assert.ok(userdoc.notice ?? devdoc.title, name);
  });

  it("has a notice for every function, event and error", () => {
    for (const [name, { abi, userdoc }] of contracts) {
      const noticed = { function: userdoc.methods ?? {}, event: userdoc.events ?? {}, error: userdoc.errors ?? {} };
      // Errors of libraries stand in the ABI of whoever may throw them, and events and errors of the vocabulary in that of the interfaces.
      const own = abi.filter(({ type, name: what }) => Object.hasOwn(noticed, type) && !/^(SafeERC20|ReentrancyGuard|SafeCast|ECDSA|EIP712|InvalidShortString|StringTooLong|PayTooLarge|eip712)/.test(what));
      for (const entry of own) {
        const found = noticed[entry.type][signature(entry)];
        const text = Array.isArray(found) ? found[0]?.notice : found?.notice;
        assert.ok(text?.length > 0, `${name}: ${entry.type} ${signature(entry)}`);
      }
    }
  });
});
