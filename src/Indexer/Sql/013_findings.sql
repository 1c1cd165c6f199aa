-- What an auditor asks of many jobs: those not at their end, and those that ended in a period.
create index jobs_unsettled on jobs (opened_block, opened_log_index) where ended_block is null;
create index jobs_ended on jobs (ended_block, job) where ended_block is not null;
