import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const solhint = createRequire(import.meta.url).resolve("solhint/solhint.js");
const lint = (args, input) => spawnSync(process.execPath, [solhint, "--config", ".solhintrc.yaml", "--disc", "--noPoster", ...args], { encoding: "utf8", input });

describe("solhint", () => {
  it("finds nothing in the deployed sources", () => {
    const { status, stdout, stderr } = lint(["--max-warnings", "0", "contracts/**/*.sol"]);
    assert.equal(status, 0, stdout + stderr);
  });

  it("does find what it should", () => {
    const { stdout } = lint(["stdin"], "pragma solidity 0.8.37;\ncontract Mine { function mine() public view returns (bool) { return tx.origin == msg.sender; } }\n");
    assert.match(stdout, /avoid-tx-origin/);
  });
});
