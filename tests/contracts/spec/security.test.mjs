import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { describe, it } from "node:test";
import { rules } from "../../../bench/invariants.mjs";

const root = new URL("../../../", import.meta.url);
const read = (path) => readFile(new URL(path, root), "utf8");

describe("docs/security.md", () => {
  it("names tests that there are", async () => {
    const page = await read("docs/security.md");
    let named = 0;
    for (const [, file, text] of page.matchAll(/`(\w+\.test\.mjs)`([^`|\n]*)/g)) {
      const spec = await read(`tests/contracts/spec/${file}`);
      for (const [, quoted] of text.matchAll(/"([^"]+)"/g)) {
        named += 1;
        assert.ok(spec.includes(quoted.replace(/ \.\.\.$/, "")), `${file} has no test "${quoted}"`);
      }
    }
    assert.ok(named > 30);
  });

  it("names rules that the invariants hold", async () => {
    const page = await read("docs/security.md");
    const handler = await read("tests/contracts/fuzz/Handler.sol");
    const { held, never, refused } = await rules();
    const known = new Set([...held, ...never, ...refused]);
    for (const [, rule] of page.matchAll(/\*([a-z][^*|]+)\*/g)) assert.ok(known.has(rule) || handler.includes(rule), `no rule "${rule}"`);
    assert.ok(known.size > 80 && held.length >= 30);
  });

  it("names proofs that are asked", async () => {
    const folder = "tests/contracts/proofs/";
    const sources = (await Promise.all((await readdir(new URL(folder, root))).map((file) => read(folder + file)))).join("\n");
    for (const [, name] of (await read("docs/security.md")).matchAll(/`(\w+Proof)`/g)) assert.ok(sources.includes(`contract ${name} `), `no proof ${name}`);
  });
});
