// forge of npm on the compiler of npm: nothing is downloaded, nothing is installed into the system.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

export const root = new URL("..", import.meta.url).pathname;
const binary = join(dirname(createRequire(import.meta.url).resolve("@foundry-rs/forge-linux-amd64/package.json")), "bin/forge");

/** Runs forge in the checkout; its messages are shown, its output is returned. */
export function forge(args, settings = {}) {
  const env = { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1", NO_COLOR: "1", ...settings };
  const { status, stdout, error } = spawnSync(binary, args, { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 30 });
  if (error) throw error;
  return { status, stdout };
}

/** A script's options; asked for help, or called wrongly, it shows the comment that it begins with. */
export function options(script, known) {
  try {
    const { values } = parseArgs({ options: { ...known, help: { type: "boolean", short: "h" } } });
    if (!values.help) return values;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 2;
  }
  console.log(readFileSync(script.filename, "utf8").match(/^(\/\/.*\n)+/)[0].replaceAll(/^\/\/ ?/gm, ""));
  process.exit();
}
