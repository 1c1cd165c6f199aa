import { writeFile } from "node:fs/promises";
import { generate, path } from "./vectors.mjs";

for (const [name, text] of Object.entries(await generate())) await writeFile(path(name), text);
