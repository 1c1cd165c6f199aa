-- Sampling rate and roster length are frozen at the opening, and what a client has reserved has no movements: it follows from its jobs.
-- Openings of a contract that froze them at the result keep zeros; this release does not follow such a contract.

alter table job_opened add rate_ppm bigint not null default 0, add roster_length bigint not null default 0;
alter table job_opened alter rate_ppm drop default, alter roster_length drop default;
alter table result_submitted drop rate_ppm, drop roster_length;

update jobs set rate_ppm = coalesce(rate_ppm, 0), roster_length = coalesce(roster_length, 0);
alter table jobs alter rate_ppm set not null, alter roster_length set not null;

-- Finds a client's jobs in flight at a block, however many have ended before it.
create index jobs_reserved on jobs (client, ended_block);
