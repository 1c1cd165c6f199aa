import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

// Tables and views of the Indexer's schema as an auditor's role sees them; nothing can be changed.
export default {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ["indexer"] })],
  schema: { defaultBehavior: "-insert -update -delete" },
  grafserv: { host: process.env.HOST ?? "127.0.0.1", port: Number(process.env.PORT ?? 5678) },
};
