import { USD, World } from "./world.mjs";

let world;
let start;

/** Two clients with 10,000, ten operators with the minimum bond; operator 1 has a record of nine clean checks. Every call begins afresh. */
export async function fixture() {
  if (!world) {
    world = await World.create();
    for (const client of world.clients) await world.fund(client, 10_000n * USD);
    for (const operator of world.operators) await world.register(operator);
    await buildRecord(world.operators[1], 9);
  } else {
    await world.restore(start);
  }
  start = await world.snapshot();
  return world;
}

async function buildRecord(operator, checks) {
  const jobs = await Promise.all(Array.from({ length: checks }, () => world.agree({ operator })));
  await world.send(world.stranger, "open", jobs.map((job) => job.item));
  await world.send(world.stranger, "submit", await Promise.all(jobs.map((job) => world.resultItem(job))));
  await world.recordSeedAfter((await world.jobOf(jobs[0].id)).epoch);
  await world.passReview(jobs[0]);
  const items = [];
  for (const job of jobs) items.push(await world.releaseItem(job, await world.check(job)));
  await world.send(world.stranger, "release", items);
}
