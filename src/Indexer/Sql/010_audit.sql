-- A state is asked for by its time, a ledger across books, and past states of jobs in the order of their openings.
create index blocks_time on blocks (time, number) where orphaned_by is null;
create index ledger_moved_place on ledger_moved (account, block_number desc, log_index desc);
create index job_opened_place on job_opened (block_number desc, log_index desc);
